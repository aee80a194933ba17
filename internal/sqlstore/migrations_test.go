package sqlstore

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// takings are statements after which a program that knew the schema before may
// fail, or write what the next one cannot bear. They are compared with a
// statement in upper case, without comments, with single spaces.
func takings() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"drops a table":               regexp.MustCompile(`^DROP (TABLE|VIEW|SCHEMA|SEQUENCE)\b`),
		"drops a column or rule":      regexp.MustCompile(`^ALTER TABLE .*\bDROP (COLUMN|CONSTRAINT|DEFAULT)\b`),
		"renames":                     regexp.MustCompile(`^ALTER .*\bRENAME\b`),
		"changes a column":            regexp.MustCompile(`^ALTER TABLE .*\bALTER (COLUMN )?\w+ (SET|TYPE|ADD)\b`),
		"binds what others write":     regexp.MustCompile(`^ALTER TABLE .*\bADD (CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)\b|^CREATE (OR REPLACE )?(CONSTRAINT )?TRIGGER\b|^ALTER TABLE .*\bADD COLUMN .*\b(UNIQUE|CHECK|REFERENCES)\b`),
		"adds a column without value": regexp.MustCompile(`^ALTER TABLE .*\bADD COLUMN .*\bNOT NULL\b`),
		"removes rows":                regexp.MustCompile(`^(DELETE|TRUNCATE)\b`),
	}
}

var (
	comments   = regexp.MustCompile(`(?m)--.*$`)
	uniqueness = regexp.MustCompile(`^CREATE UNIQUE INDEX .* ON (\w+)`)
	newTable   = regexp.MustCompile(`^CREATE TABLE (\w+)`)
	raised     = regexp.MustCompile(`^UPDATE SCHEMA_COMPATIBILITY SET SINCE = (\d+)$`)
)

// statementsOf are those of a migration.
func statementsOf(text string) (all []string) {
	for _, s := range strings.Split(comments.ReplaceAllString(text, ""), ";") {
		if s = strings.ToUpper(strings.Join(strings.Fields(s), " ")); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// takenBy tells what a migration takes away, and which programs can work with the
// schema after it by what it says itself; 0: it says nothing.
func takenBy(text string) (why string, since int) {
	var tables []string
	for _, s := range statementsOf(text) {
		if m := newTable.FindStringSubmatch(s); m != nil {
			tables = append(tables, m[1])
		}
		if m := uniqueness.FindStringSubmatch(s); m != nil && !slices.Contains(tables, m[1]) {
			why = "binds what others write: " + s
		}
		for kind, pattern := range takings() {
			if pattern.MatchString(s) && (kind != "adds a column without value" || !strings.Contains(s, " DEFAULT ")) {
				why = kind + ": " + s
			}
		}
		if m := raised.FindStringSubmatch(s); m != nil {
			since, _ = strconv.Atoi(m[1]) // digits
		}
	}
	return why, since
}

// TestMigrations_TakeNothingFromAProgramUnsaid is the rule of expand and
// contract: a migration that takes something away says from which schema version
// on programs do without it, so that an older one refuses to start.
func TestMigrations_TakeNothingFromAProgramUnsaid(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		files, err := fs.Glob(migrations, path.Join("migrations", engine, "*.sql"))
		if err != nil || len(files) < 11 {
			t.Fatalf("%d migrations: %v", len(files), err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(migrations, file)
			if err != nil {
				t.Fatal(err)
			}
			number, _, _ := strings.Cut(path.Base(file), "_")
			version, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			switch why, since := takenBy(string(text)); {
			case why != "" && since == 0:
				t.Errorf("%s %s\nAn older program beside it would fail. Leave it until no release that is still run uses it, and then say: UPDATE schema_compatibility SET since = N (CONTRIBUTING.md, SQL).", file, why)
			case since > version:
				t.Errorf("%s: not even a program that knows version %d could work with it", file, version)
			}
		}
	}
}

func TestMigrations_WhatTakesSomethingAwayIsSeen(t *testing.T) {
	for text, takes := range map[string]bool{
		"ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT '';":                     false,
		"ALTER TABLE a ADD COLUMN b TEXT;":                                         false,
		"CREATE TABLE a (b TEXT CHECK (b <> '')); CREATE UNIQUE INDEX c ON a (b);": false,
		"CREATE INDEX c ON a (b); DROP INDEX d;":                                   false,
		"UPDATE a SET b = 1; -- DROP TABLE a":                                      false,
		"CREATE UNIQUE INDEX c ON a (b);":                                          true,
		"alter table a\n  drop column b;":                                          true,
		"ALTER TABLE a ADD COLUMN b TEXT NOT NULL;":                                true,
		"ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT '' CHECK (b <> 'x');":    true,
		"ALTER TABLE a ALTER COLUMN b SET NOT NULL;":                               true,
		"ALTER TABLE a ALTER b TYPE BIGINT;":                                       true,
		"ALTER TABLE a ADD CONSTRAINT c UNIQUE (b);":                               true,
		"ALTER TABLE a RENAME COLUMN b TO c;":                                      true,
		"DROP TABLE a;":                                                            true,
		"DELETE FROM a;":                                                           true,
		"CREATE TRIGGER a BEFORE INSERT ON b BEGIN SELECT 1; END;":                 true,
	} {
		if why, _ := takenBy(text); (why != "") != takes {
			t.Errorf("%s: %q", text, why)
		}
	}
	if _, since := takenBy("DROP TABLE a; UPDATE schema_compatibility SET since = 17;"); since != 17 {
		t.Errorf("since is %d", since)
	}
}
