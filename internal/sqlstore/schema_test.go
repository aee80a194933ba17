package sqlstore

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/storetest"
)

func TestSchema_HasTheSameTablesAndColumnsOnBothEngines(t *testing.T) {
	lite := textsFrom(t, openSQLiteFile(t), `SELECT m.name || '.' || c.name || ' ' || c.type || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' not null' ELSE '' END
		FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`)
	post := textsFrom(t, newPostgresDatabases(t).open(t), `SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`)
	types := strings.NewReplacer(" INTEGER", " bigint", " TEXT", " text", " BLOB", " bytea")
	for i := range lite {
		lite[i] = types.Replace(lite[i])
	}
	slices.Sort(lite)
	slices.Sort(post)
	if d := cmp.Diff(post, lite); d != "" {
		t.Errorf("the schemas differ (-postgres +sqlite):\n%s", d)
	}
	if len(lite) < 100 {
		t.Errorf("only %d columns were compared", len(lite))
	}
}

func TestSchema_HasTheSameIndexesOnBothEngines(t *testing.T) {
	// Indexes of constraints have names of the engine's own.
	lite := textsFrom(t, openSQLiteFile(t), "SELECT name || ' on ' || tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1")
	post := textsFrom(t, newPostgresDatabases(t).open(t), `SELECT indexname || ' on ' || tablename FROM pg_indexes WHERE schemaname = 'public'
		AND indexname NOT LIKE '%\_pkey' AND indexname NOT LIKE '%\_key' AND tablename <> 'goose_db_version' ORDER BY indexname COLLATE "C"`)
	if d := cmp.Diff(post, lite); d != "" {
		t.Errorf("the indexes differ (-postgres +sqlite):\n%s", d)
	}
}

func TestSchema_ComparesEveryTextByBytesOnPostgreSQL(t *testing.T) {
	other := textsFrom(t, newPostgresDatabases(t).open(t), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`)
	if len(other) > 0 {
		t.Errorf("without COLLATE \"C\", so in another order than on SQLite: %v", other)
	}
}

// generatedStatements reads the constants that sqlc wrote.
func generatedStatements(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("statement/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(literal.Value, "`-- name: ") {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[strings.Fields(text)[2]] = text
			}
			return true
		})
	}
	if len(found) < 40 {
		t.Fatalf("found only %d statements", len(found))
	}
	return found
}

// everyQuery returns a query for each way in which a list can be composed.
func everyQuery() []lifecycle.CredentialQuery {
	var queries []lifecycle.CredentialQuery
	for _, sort := range storetest.Sorts() {
		full := lifecycle.CredentialQuery{
			AccountID: "a", Level: apicred.LevelAccount, OwnerID: "u", Scope: "s", Search: "two words", Sort: sort,
			Limit: 5, Now: time.UnixMicro(5), After: lifecycle.CredentialPosition{Key: "5", ClientID: "c"},
		}
		queries = append(queries, lifecycle.CredentialQuery{AccountID: "a", Sort: sort, Limit: 5})
		for _, status := range []apicred.Status{apicred.StatusActive, apicred.StatusDisabled, apicred.StatusExpired, apicred.StatusSuspended} {
			full.Status = status
			queries = append(queries, full)
		}
		full.Status = ""
		for _, kind := range []lifecycle.AttentionKind{lifecycle.AttentionExpiring, lifecycle.AttentionUnused, lifecycle.AttentionUnrotated, lifecycle.AttentionSuspended} {
			full.Attention = lifecycle.Attention{Kind: kind, MaxSecretAge: time.Hour}
			first := full
			first.After = lifecycle.CredentialPosition{}
			queries = append(queries, full, first)
		}
	}
	return queries
}

// composedStatements returns every statement that is composed rather than
// generated, each filter alone and all together.
func composedStatements(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for i, q := range everyQuery() {
		position, err := positionOf(q)
		if err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprint("stretch end ", i)] = composeStretchEnd(q, position, 20).text.String()
		found[fmt.Sprint("stretch ", i)] = composeList(q, nil, stretch{position, &place{"5", "c"}}).text.String()
		found[fmt.Sprint("costly ", i)] = composeCostly(q, &candidates{ids: func(c *composed) { searchCandidates(c, "a", "two words") }}, 5).text.String()
		if column, _ := orderOf(q.Sort); column == "name_folded" {
			found[fmt.Sprint("walk ", i)] = composeList(q, walkOf(q, "w", []string{"word", "words"}, position), stretch{after: position}).text.String()
		}
		for j, way := range countWays(q) {
			found[fmt.Sprint("trial ", i, j)] = composeTrial(q, way).text.String()
		}
		for j, narrow := range append(countWays(q), nil) {
			found[fmt.Sprint("list ", i, j)] = composeList(q, narrow, stretch{after: position}).text.String()
			found[fmt.Sprint("count ", i, j)] = composeCount(q, narrow, 10).text.String()
			if narrow != nil && narrow.ids != nil {
				found[fmt.Sprint("distinct count ", i, j)] = composeDistinctCount(q, narrow, 10).text.String()
			}
		}
	}
	for i, l := range []*leap{{}, {at: &named{"n", "c"}}, {at: &named{"n", "c"}, past: true, descending: true}} {
		found[fmt.Sprint("leap ", i)] = l.composeEntries(&wordEntries{word: "w", size: 5}).text.String()
	}
	found["words"] = composeWords("a", "w").text.String()
	for i, q := range []lifecycle.AuditQuery{
		{Limit: 1},
		{AccountID: "a", Actor: "u", ActorType: apicred.ActorOperator, Action: "x", Target: "c", From: time.UnixMicro(1), To: time.UnixMicro(2), Before: 3, Limit: 1},
	} {
		found[fmt.Sprint("audit ", i)] = composeAuditList(q).text.String()
	}
	return found
}

func TestStatements_EveryOneIsUnderstoodByBothEngines(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		for _, statements := range []map[string]string{generatedStatements(t), composedStatements(t)} {
			for name, text := range statements {
				prepared, err := s.writer.PrepareContext(t.Context(), text)
				if err != nil {
					t.Errorf("%s: %v\n%s", name, err, text)
					continue
				}
				if err := prepared.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestComposedColumns_AreTheTablesOwn(t *testing.T) {
	columns := textsFrom(t, openSQLiteFile(t), "SELECT 'c.' || name FROM pragma_table_info('credentials') ORDER BY cid")
	if got := strings.Join(strings.Fields(credentialColumns), " "); got != strings.Join(columns, ", ") {
		t.Errorf("credentialColumns has\n%s\nthe table\n%s", got, strings.Join(columns, ", "))
	}
}
