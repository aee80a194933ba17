package sqlstore

import (
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/storetest"
)

// Whichever way is the densest of a large installation, and wherever the count
// stops, it is what the rules alone find.
func TestCountCredentials_EveryWayOfCountingAgreesWithTheRules(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		p := storetest.Populate(t, s, 80)
		err := s.view(t.Context(), func(r *reader) error {
			for k, q := range p.Queries() {
				most := []int{1, 6, 1000}[k%3]
				want := len(p.Expect(q))
				ways, err := waysOf(t, r, q)
				if err != nil {
					return err
				}
				for i, way := range ways {
					n, err := r.countAmong(t.Context(), q, way, most)
					if err != nil {
						return err
					}
					if n != min(want, most+1) {
						t.Errorf("query %+v in way %d up to %d: counted %d of %d", q, i, most, n, want)
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

// The first names that a word finds lack what is asked for besides: those at its
// end are counted; and where they lack it too, those that hold the scope.
func TestCountCredentials_GoesWhereMostOfTheFirstPass(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		const n = 24_000
		fill(t, s, n) // of four beginnings by turns, "internal" the first in the order of names
		sqlOn(t, s, "INSERT INTO credential_scopes (client_id, scope, account_id) SELECT client_id, 'last', account_id FROM credentials WHERE name_folded LIKE 'weekly %'")
		sqlOn(t, s, "INSERT INTO credential_scopes (client_id, scope, account_id) SELECT client_id, 'inner', account_id FROM credentials WHERE name_folded LIKE 'nightly %'")
		sqlOn(t, s, "ANALYZE")
		for scope, way := range map[string]int{"users:read": 0, "last": 1, "inner": 2} {
			q := lifecycle.CredentialQuery{AccountID: "a", Level: apicred.LevelUser, Scope: scope, Search: "billing", Now: time.UnixMicro(5)}
			err := s.view(t.Context(), func(r *reader) error {
				all, err := r.countAmong(t.Context(), q, nil, n)
				if err != nil {
					return err
				}
				densest, err := r.densest(t.Context(), q)
				if err != nil {
					return err
				}
				// Which hundred are the first is for PostgreSQL to say, by the statistics that it drew: it counts right from anywhere.
				if got, want := composeTrial(q, densest).text.String(), composeTrial(q, countWays(q)[way]).text.String(); got != want && s.engine.migrations == "sqlite" {
					t.Errorf("%s is counted by\n%s\nwant\n%s", scope, got, want)
				}
				for _, most := range []int{100, 1000, n} {
					if got, err := r.CountCredentials(t.Context(), q, most); got != min(all, most+1) || err != nil {
						t.Errorf("%s up to %d: %d of %d, %v", scope, most, got, all, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestCountCredentials_TheEndOfAWordIsReadBackwards(t *testing.T) {
	s := openSQLiteFile(t)
	q := lifecycle.CredentialQuery{AccountID: "a", Scope: "s", Search: "w"}
	got := plan(t, s, composeDistinctCount(q, fromTheEnd("a", "w"), 5))
	if !strings.Contains(got, "credential_words_begin") || strings.Contains(got, "TEMP B-TREE FOR ORDER BY") || strings.Contains(got, "MATERIALIZE") {
		t.Errorf("the end of a word is read as\n%s", got)
	}
}
