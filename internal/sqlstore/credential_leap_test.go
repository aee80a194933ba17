package sqlstore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// Names of few words in any number and order: words meet, alternate and repeat,
// and some begin as others do. Some rows stand in no order, as an older program
// writes them. Every page by leaping is the one that reading along the order finds.
func TestCredentials_LeapingBetweenWordsFindsWhatTryingEveryRowFinds(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		random := rand.New(rand.NewPCG(7, 11))
		fillRandomNames(t, s, random, 600)
		for _, search := range []string{"a b", "b a", "ab c", "a ab", "é a", "c b a", "a a", "zz a", "a zz", "b c é ab"} {
			for _, sort := range []lifecycle.CredentialSort{lifecycle.SortName, lifecycle.SortNameDesc, lifecycle.SortCreatedAtDesc} {
				q := lifecycle.CredentialQuery{AccountID: "a", Search: search, Sort: sort, Limit: 1 + random.IntN(20), Now: time.UnixMicro(5)}
				if random.IntN(2) == 0 {
					q.Level = apicred.LevelUser
				}
				pages := leapPages(t, s, q)
				if sort != lifecycle.SortCreatedAtDesc && len(searchWords(search)) > 1 && pages == 0 {
					t.Errorf("%q by %s was never leapt", search, sort)
				}
			}
		}
	})
}

// leapPages turns all pages of q, compares each with the plain way, and returns
// how many were leapt.
func leapPages(t *testing.T, s *Store, q lifecycle.CredentialQuery) (leapt int) {
	t.Helper()
	for {
		got, want := readBothWays(t, s, q)
		if !slices.Equal(got, want) {
			t.Fatalf("%+v\n got %v\nwant %v", q, got, want)
		}
		err := s.view(t.Context(), func(r *reader) error {
			position, err := positionOf(q)
			if err != nil {
				return err
			}
			words, err := r.alongWords(t.Context(), q, position)
			if words == nil || err != nil {
				return err
			}
			leapt++
			page, err := r.queryCredentials(t.Context(), composeList(q, words, stretch{after: position}))
			for i := range page {
				if at := lifecycle.PositionOf(&page[i], q.Sort); i >= len(want) || at != want[i] {
					t.Fatalf("%+v leapt to %v as row %d of\n%v", q, at, i, want)
				}
			}
			if len(page) != len(want) {
				t.Fatalf("%+v leapt to %d rows, want %d", q, len(page), len(want))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(want) < q.Limit {
			return leapt
		}
		q.After = want[len(want)-1]
	}
}

// What a leap finds up to a bound is what the words' sets have in common.
func TestCredentials_LeapingCountsAsIntersectingDoes(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		fillRandomNames(t, s, rand.New(rand.NewPCG(3, 5)), 600)
		for _, search := range []string{"a b", "ab c", "c b a", "zz a", "b é"} {
			q := lifecycle.CredentialQuery{AccountID: "a", Search: search, Level: apicred.LevelUser, Limit: 1000, Now: time.UnixMicro(5)}
			err := s.view(t.Context(), func(r *reader) error {
				all, err := r.queryCredentials(t.Context(), composeList(q, nil, stretch{}))
				if err != nil {
					return err
				}
				for _, most := range []int{1, 7, 1000} {
					n, err := r.CountCredentials(t.Context(), q, most)
					if err != nil {
						return err
					}
					some, found, err := r.together(t.Context(), q, most)
					if err != nil {
						return err
					}
					if n != min(len(all), most+1) || some == nil || found > most {
						t.Errorf("%q up to %d: counted %d of %d, leapt to %d", search, most, n, len(all), found)
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

func TestCredentials_LeapingSeeksInTheIndex(t *testing.T) {
	s := openSQLiteFile(t)
	const index = "USING COVERING INDEX credential_words_begin (account_id=? AND word=? AND "
	for _, descending := range []bool{false, true} {
		bound := "(name_folded,client_id)>"
		if descending {
			bound = "name_folded>? AND (name_folded,client_id)<"
		}
		for _, past := range []bool{false, true} {
			l := &leap{accountID: "a", descending: descending, at: &named{"n", "c"}, past: past}
			if got := plan(t, s, l.composeEntries(&wordEntries{word: "w", size: 5})); !strings.Contains(got, index+bound) || strings.Contains(got, "TEMP B-TREE") {
				t.Errorf("a word's entries are read as\n%s", got)
			}
		}
	}
}

// fillRandomNames fills an account with names of few words, some of which stand
// in no order.
func fillRandomNames(t *testing.T, s *Store, random *rand.Rand, n int) {
	t.Helper()
	fill(t, s, n)
	sqlOn(t, s, "DELETE FROM credential_words")
	vocabulary := []string{"a", "ab", "abc", "b", "bc", "c", "é", "éa", "x"}
	for i := 1; i <= n; i++ {
		var words []string
		for range 1 + random.IntN(5) {
			words = append(words, vocabulary[random.IntN(len(vocabulary))])
		}
		name, id := strings.Join(words, " "), fmt.Sprintf("00000000-0000-7000-8000-%012d", i)
		sqlOn(t, s, "UPDATE credentials SET name = $1, name_folded = $1 WHERE client_id = $2", name, id)
		beside := name
		if random.IntN(10) == 0 {
			beside = ""
		}
		for _, word := range nameWords(name) {
			sqlOn(t, s, "INSERT INTO credential_words (client_id, word, account_id, name_folded) VALUES ($1, $2, 'a', $3)", id, word, beside)
		}
	}
}
