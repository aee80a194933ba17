package sqlstore

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/storetest"
)

// The way a list is read is chosen by how many rows a filter selects, which a
// small database never shows: here each way is taken for each query.
func TestCredentials_EveryWayOfReadingFindsTheSame(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		p := storetest.Populate(t, s, 80)
		err := s.view(t.Context(), func(r *reader) error {
			for i, q := range p.Queries() {
				q.Sort = storetest.Sorts()[i%6]
				want := p.Expect(q)
				ways, err := waysOf(t, r, q)
				if err != nil {
					return err
				}
				for j, narrow := range ways {
					page, err := r.queryCredentials(t.Context(), composeList(q, narrow, stretch{}))
					if err != nil {
						return err
					}
					var got []string
					for _, c := range page {
						got = append(got, c.ClientID)
					}
					if !slices.Equal(got, want) {
						t.Errorf("query %+v read in way %d\n got %v\nwant %v", q, j, got, want)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// waysOf returns all candidates that a list may be read from, and nil for none.
func waysOf(t *testing.T, r *reader, q lifecycle.CredentialQuery) ([]*candidates, error) {
	t.Helper()
	ways := append(countWays(q), nil)
	for _, filter := range ways {
		if filter == nil || !filter.costly {
			continue
		}
		read, _, err := r.counted(t.Context(), q, filter, fewCandidates)
		if err != nil {
			return nil, err
		}
		ways = append(ways, read)
	}
	word, err := r.alongWord(t.Context(), q, nil)
	if word != nil {
		ways = append(ways, word)
	}
	return ways, err
}

// What a search finds stands at the far end of the order by name and is more
// than a few: the page after a stretch that is not full comes from the
// candidates, and is the one that reading on would have found.
func TestCredentials_AtTheFarEndOfAnOrderAreTheSame(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		fill(t, s, 24_000)
		sqlOn(t, s, "INSERT INTO credential_scopes (client_id, scope, account_id) SELECT client_id, 'fifth', account_id FROM credentials WHERE created_at % 5 = 0")
		if _, err := s.writer.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		for _, q := range []lifecycle.CredentialQuery{
			{Search: "9"}, {Search: "9", Scope: "stats"}, {Search: "weekly"}, {Search: "partner", Scope: "stats"}, {Search: "week"},
			{Search: "week rep"}, {Search: "part exp", Scope: "stats", Level: apicred.LevelUser}, {Search: "u7"},
			{Search: "weekly", Scope: "fifth"}, // as many as a stretch has: some pages take another one
		} {
			for _, sort := range []lifecycle.CredentialSort{lifecycle.SortName, lifecycle.SortNameDesc, lifecycle.SortLastUsedAtDesc} {
				q.AccountID, q.Sort, q.Limit, q.Now, q.After = "a", sort, 7, time.UnixMicro(1800000000000000), lifecycle.CredentialPosition{}
				for range 2 {
					got, want := readBothWays(t, s, q)
					if len(want) != q.Limit || !slices.Equal(got, want) {
						t.Fatalf("%+v\n got %v\nwant %v", q, got, want)
					}
					q.After = want[len(want)-1]
				}
			}
		}
	})
}

// A program of the version before wrote words without the name beside them: what
// it made is found all the same.
func TestCredentials_WhatAnOlderProgramWroteIsFoundInTheOrderOfNames(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		fill(t, s, 2_000)
		sqlOn(t, s, "UPDATE credential_words SET name_folded = '' WHERE client_id LIKE '%7'")
		for _, sort := range []lifecycle.CredentialSort{lifecycle.SortName, lifecycle.SortNameDesc} {
			q := lifecycle.CredentialQuery{AccountID: "a", Search: "weekly", Sort: sort, Limit: 9, Now: time.UnixMicro(5)}
			err := s.view(t.Context(), func(r *reader) error {
				word, err := r.alongWord(t.Context(), q, nil)
				if err != nil {
					return err
				}
				page, err := r.queryCredentials(t.Context(), composeList(q, word, stretch{}))
				if err != nil {
					return err
				}
				want, err := r.queryCredentials(t.Context(), composeList(q, nil, stretch{}))
				if diff := cmp.Diff(want, page); diff != "" || len(page) != q.Limit {
					t.Errorf("%d rows by %s (-want +got):\n%s", len(page), sort, diff)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// readBothWays returns the places of a page as it is read, and as it would be
// read along its order to the end.
func readBothWays(t *testing.T, s *Store, q lifecycle.CredentialQuery) (got, want []lifecycle.CredentialPosition) {
	t.Helper()
	places := func(page []apicred.Credential) (out []lifecycle.CredentialPosition) {
		for i := range page {
			out = append(out, lifecycle.PositionOf(&page[i], q.Sort))
		}
		return out
	}
	err := s.view(t.Context(), func(r *reader) error {
		page, err := r.Credentials(t.Context(), q)
		if err != nil {
			return err
		}
		position, err := positionOf(q)
		if err != nil {
			return err
		}
		along, err := r.queryCredentials(t.Context(), composeList(q, nil, stretch{after: position}))
		got, want = places(page), places(along)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, want
}

// plan returns SQLite's plan of a statement, a step a line.
func plan(t *testing.T, s *Store, c *composed) string {
	t.Helper()
	rows, err := s.readers.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+c.text.String(), c.args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

func TestCredentials_AlongTheOrderNeverSorts(t *testing.T) {
	s := openSQLiteFile(t)
	indexes := map[string]string{
		"name_folded": "credentials_by_name", "created_at": "credentials_by_creation", "last_used_at": "credentials_by_use",
	}
	for _, q := range everyQuery() {
		position, err := positionOf(q)
		if err != nil {
			t.Fatal(err)
		}
		column, _ := orderOf(q.Sort)
		along := stretch{after: position, end: position}
		got := plan(t, s, composeList(q, nil, along))
		if !strings.Contains(got, "USING INDEX "+indexes[column]+" (account_id=?") || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "SCAN") {
			t.Errorf("sort %s of %+v is read as\n%s", q.Sort, q, got)
		}
	}
}

func TestCredentials_FromAFewNeverScansATable(t *testing.T) {
	s := openSQLiteFile(t)
	for _, test := range []struct {
		query lifecycle.CredentialQuery
		index string
	}{
		{lifecycle.CredentialQuery{OwnerID: "u"}, "credentials_owned"},
		{lifecycle.CredentialQuery{Level: apicred.LevelAccount}, "credentials_of_account"},
		{lifecycle.CredentialQuery{Status: apicred.StatusDisabled}, "credentials_disabled"},
		{lifecycle.CredentialQuery{Status: apicred.StatusExpired}, "credentials_expiring"},
		{lifecycle.CredentialQuery{Status: apicred.StatusSuspended}, "credentials_suspended"},
		{lifecycle.CredentialQuery{Attention: lifecycle.Attention{Kind: lifecycle.AttentionUnused}}, "credentials_idle"},
		{lifecycle.CredentialQuery{Attention: lifecycle.Attention{Kind: lifecycle.AttentionUnrotated}}, "credentials_unrotated"},
		{lifecycle.CredentialQuery{Attention: lifecycle.Attention{Kind: lifecycle.AttentionSuspended}}, "credentials_suspended"},
		{lifecycle.CredentialQuery{Attention: lifecycle.Attention{Kind: lifecycle.AttentionExpiring}}, "secrets_ending"},
		{lifecycle.CredentialQuery{Attention: lifecycle.Attention{Kind: lifecycle.AttentionExpiring, MaxSecretAge: 1e9}}, "secrets_by_age"},
		{lifecycle.CredentialQuery{Scope: "s"}, "credential_scopes_held"},
		{lifecycle.CredentialQuery{Search: "w"}, "credential_words_begin"},
	} {
		q := test.query
		q.AccountID, q.Limit = "a", 5
		filters := indexed(q)
		if len(filters) != 1 {
			t.Fatalf("%+v has %d indexed filters, want 1", test.query, len(filters))
		}
		got := plan(t, s, composeList(q, filters[0], stretch{}))
		// What was selected is scanned, tables are not.
		for _, selected := range []string{"SCAN few", "SCAN x", "SCAN page"} {
			got = strings.ReplaceAll(got, selected, "")
		}
		if !strings.Contains(got, test.index) || strings.Contains(got, "SCAN") {
			t.Errorf("%+v is read as\n%s\nwant by %s", test.query, got, test.index)
		}
	}
}

func TestCredentials_AlongAWordNeverSortsWhatItFinds(t *testing.T) {
	s := openSQLiteFile(t)
	for _, sort := range []lifecycle.CredentialSort{lifecycle.SortName, lifecycle.SortNameDesc} {
		c := &composed{}
		composeWalk(c, lifecycle.CredentialQuery{AccountID: "a", Sort: sort, Limit: 5}, "w", &place{"n", "c"})
		got := strings.ReplaceAll(plan(t, s, c), "SCAN walked", "")
		bound := "(name_folded,client_id)>"
		if sort == lifecycle.SortNameDesc {
			bound = "name_folded>? AND (name_folded,client_id)<"
		}
		if !strings.Contains(got, "USING COVERING INDEX credential_words_begin (account_id=? AND word=? AND "+bound) || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "SCAN") {
			t.Errorf("a word's are read as\n%s", got)
		}
		if got := plan(t, s, composeWords("a", "w")); strings.Contains(got, "SCAN w") || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("words are read as\n%s", got)
		}
	}
}

func TestCredentialsIdle_AreReadInTheOrderOfTheirIndex(t *testing.T) {
	got := plan(t, openSQLiteFile(t), composeIdle(lifecycle.IdleQuery{AccountID: "a", Limit: 5}))
	if !strings.Contains(got, "USING INDEX credentials_idle") || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "SCAN") {
		t.Errorf("idle ones are read as\n%s", got)
	}
}

func TestAuditEvents_AreReadByAnIndex(t *testing.T) {
	s := openSQLiteFile(t)
	for _, test := range []struct {
		query lifecycle.AuditQuery
		index string
	}{
		{lifecycle.AuditQuery{AccountID: "a"}, "audit_events_of_account"},
		{lifecycle.AuditQuery{AccountID: "a", Actor: "u"}, "audit_events_by_actor"},
		{lifecycle.AuditQuery{AccountID: "a", ActorType: apicred.ActorSystem}, "audit_events_by_actor"},
		{lifecycle.AuditQuery{AccountID: "a", Action: "x"}, "audit_events_by_action"},
		{lifecycle.AuditQuery{AccountID: "a", Target: "c"}, "audit_events_by_target"},
	} {
		q, index := test.query, test.index
		q.Limit, q.Before = 5, 100
		if got := plan(t, s, composeAuditList(q)); !strings.Contains(got, "USING INDEX "+index) || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%+v is read as\n%s\nwant by %s", q, got, index)
		}
	}
}

func TestNameWords_AreWhereASearchMayBegin(t *testing.T) {
	for name, want := range map[string][]string{
		"nightly export": {"export", "nightly"},
		"foo-bar baz":    {"bar", "baz", "foo-bar"},
		"(eu-west)":      {"(eu-west)", "eu-west)", "west)"},
		"c++":            {"c++"},
		"— ++":           {"++", "—"},
		"a a a-a":        {"a", "a-a"},
		"v1.2":           {"2", "v1.2"},
		"":               nil,
	} {
		if got := nameWords(name); !slices.Equal(got, want) {
			t.Errorf("nameWords(%q) = %q, want %q", name, got, want)
		}
	}
}
