package sqlstore

import (
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/storetest"
)

// openSQLiteFile opens a fresh, migrated SQLite database.
func openSQLiteFile(t testing.TB) *Store {
	t.Helper()
	return openMigrated(t, "sqlite:"+filepath.Join(t.TempDir(), "claviger.db"))
}

func openMigrated(t testing.TB, databaseURL string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{URL: databaseURL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// fill makes an account with n credentials by SQL alone: one in 100 of the
// account, one in 1,000 disabled, expired or suspended, 2,000 owners.
func fill(t testing.TB, s *Store, n int) {
	t.Helper()
	id := func(x string) string {
		return "'00000000-0000-7000-8000-' || substr(CAST(1000000000000 + " + x + " AS TEXT), 2)"
	}
	series := func(most int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", most)
	}
	const now = 1800000000000000
	verb := "(CASE i % 4 WHEN 0 THEN 'nightly' WHEN 1 THEN 'weekly' WHEN 2 THEN 'partner' ELSE 'internal' END)"
	noun := "(CASE i / 4 % 9 WHEN 0 THEN 'export' WHEN 1 THEN 'import' WHEN 2 THEN 'report' WHEN 3 THEN 'sync' ELSE 'billing' END)"
	number := "CAST((i * 7919) % 1000003 AS TEXT)"
	name := verb + " || ' ' || " + noun + " || ' ' || " + number
	wordsOf := func(word string) string {
		return series(n) + "INSERT INTO credential_words (client_id, word, account_id, name_folded) SELECT " + id("i") + ", " + word + ", 'a', " + name + " FROM n"
	}
	statements := []string{
		`INSERT INTO accounts (account_id, name, name_folded, operator, api_credentials_enabled, account_level_credentials, max_token_lifetime,
			max_secret_age, unused_warn_after, unused_disable_after, created_at, updated_at, version)
			VALUES ('a', 'a', 'a', 1, 1, 'open', 0, 0, 0, 0, 1, 1, 1)`,
		series(2000) + "INSERT INTO persons (user_id, email, email_folded, name, created_at) SELECT 'u' || CAST(i AS TEXT), 'u' || CAST(i AS TEXT) || '@example.com', 'u' || CAST(i AS TEXT) || '@example.com', '', 1 FROM n",
		series(2000) + "INSERT INTO users (account_id, user_id, role, status, generation, joined_at, last_seen_at, version) SELECT 'a', 'u' || CAST(i AS TEXT), 'admin', 'active', 1, 1, 0, 1 FROM n",
		series(n) + fmt.Sprintf(`INSERT INTO credentials (client_id, account_id, name, name_folded, level, owner_id, scopes, api,
			authentication_method, allowed_cidrs, token_lifetime, requests_per_second, disabled_at, disabled_by, expires_at, suspension, generation,
			version, created_at, created_by, updated_at, last_used_at, last_used_address, secret_added_at)
			SELECT %s, 'a', %s, %s,
			CASE WHEN i %% 100 = 0 THEN 'account' ELSE 'user' END, CASE WHEN i %% 100 = 0 THEN NULL ELSE 'u' || CAST(1 + i %% 2000 AS TEXT) END,
			'stats users:read', '', 'client_secret', '', 0, 0, CASE WHEN i %% 1000 = 1 THEN 5 ELSE 0 END, '',
			CASE WHEN i %% 1000 = 2 THEN %d ELSE 0 END, CASE WHEN i %% 1000 = 3 THEN 'owner' ELSE '' END, 1, 1, %d + i, 'u1', 1,
			CASE WHEN i %% 3 = 0 THEN 0 ELSE %d + (i * 31) %% 1000003 END, '', CASE WHEN i %% 50 = 0 THEN 1 ELSE %d END FROM n`, id("i"), name, name, now-5, now-1_000_000_000, now-1_000_000_000, now-1_000_000_000),
		"INSERT INTO credential_scopes (client_id, scope, account_id) SELECT client_id, 'stats', account_id FROM credentials WHERE created_at % 2 = 0",
		"INSERT INTO credential_scopes (client_id, scope, account_id) SELECT client_id, 'users:read', account_id FROM credentials",
		"INSERT INTO credential_scopes (client_id, scope, account_id) SELECT client_id, 'rare', account_id FROM credentials WHERE disabled_at <> 0",
		wordsOf(verb), wordsOf(noun), wordsOf(number),
		`INSERT INTO secrets (client_id, secret_id, label, hint, hash, pepper_id, created_at, expires_at, last_used_at, last_used_address, account_id)
			SELECT client_id, client_id, '', 'abcd', CAST('0123456789abcdef0123456789abcdef' AS ` + s.bytesType() + `), 'p', secret_added_at, CASE WHEN length(name) % 7 = 3 THEN ` + fmt.Sprint(now+5) + ` ELSE 0 END, 0, '', account_id FROM credentials`,
	}
	for _, text := range statements {
		if _, err := s.writer.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err, text)
		}
	}
}

func (s *Store) bytesType() string {
	if s.engine.migrations == "sqlite" {
		return "BLOB"
	}
	return "BYTEA"
}

func BenchmarkCredentials_AtSize(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint("sqlite/", n), func(b *testing.B) {
			s := openSQLiteFile(b)
			fill(b, s, n)
			benchmarkLists(b, s)
		})
		b.Run(fmt.Sprint("postgres/", n), func(b *testing.B) {
			s := openMigrated(b, storetest.Postgres(b))
			fill(b, s, n)
			if _, err := s.writer.ExecContext(b.Context(), "ANALYZE"); err != nil {
				b.Fatal(err)
			}
			benchmarkLists(b, s)
		})
	}
}

func benchmarkLists(b *testing.B, s *Store) {
	now := time.UnixMicro(1800000000000000)
	queries := map[string]lifecycle.CredentialQuery{
		"all": {}, "owner": {OwnerID: "u7"}, "account": {Level: apicred.LevelAccount}, "user": {Level: apicred.LevelUser},
		"active": {Status: apicred.StatusActive}, "disabled": {Status: apicred.StatusDisabled}, "expired": {Status: apicred.StatusExpired},
		"suspended": {Status: apicred.StatusSuspended}, "scope": {Scope: "stats"}, "rare": {Scope: "rare"}, "none": {Scope: "nobody"},
		"word": {Search: "weekly"}, "words": {Search: "week rep"}, "number": {Search: "12345"}, "digit": {Search: "1"}, "email": {Search: "u77@"}, "miss": {Search: "zzz"},
		"expiring":  {Attention: lifecycle.Attention{Kind: lifecycle.AttentionExpiring, EndsBefore: now.Add(time.Hour)}},
		"aging":     {Attention: lifecycle.Attention{Kind: lifecycle.AttentionExpiring, EndsBefore: now.Add(time.Hour), MaxSecretAge: 1100 * time.Second}},
		"unused":    {Attention: lifecycle.Attention{Kind: lifecycle.AttentionUnused, UnusedSince: now.Add(-time.Hour)}},
		"used":      {Attention: lifecycle.Attention{Kind: lifecycle.AttentionUnused, UnusedSince: now.Add(-999950 * time.Millisecond)}}, // some
		"unrotated": {Attention: lifecycle.Attention{Kind: lifecycle.AttentionUnrotated, RotatedBefore: time.UnixMicro(5)}},
		"lost":      {Attention: lifecycle.Attention{Kind: lifecycle.AttentionSuspended}},
		"id":        {Search: "00000000-0000-7000-8000-000000000123"}, "mixed": {Scope: "stats", Level: apicred.LevelUser, Status: apicred.StatusActive, Search: "export"},
	}
	for name, q := range queries {
		for _, sort := range []lifecycle.CredentialSort{lifecycle.SortName, lifecycle.SortLastUsedAtDesc} {
			q.AccountID, q.Sort, q.Limit, q.Now = "a", sort, 50, now
			b.Run(name+"/"+string(sort), func(b *testing.B) {
				q := q
				var took []time.Duration
				before := cpu()
				for b.Loop() {
					start := time.Now()
					err := s.view(b.Context(), func(r *reader) error {
						page, err := r.Credentials(b.Context(), q)
						if err == nil && len(page) == q.Limit {
							q.After = lifecycle.PositionOf(&page[len(page)-1], sort)
						}
						if err != nil {
							return err
						}
						_, err = r.CountCredentials(b.Context(), q, 1000)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
				}
				b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(len(took)), "cpu-ms")
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			})
		}
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.AccessToken().Load(b.Context(), discard{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

type discard struct{}

func (discard) LoadCatalogue(apicred.Catalogue, int64)      {}
func (discard) LoadAccount(apicred.Account)                 {}
func (discard) LoadUser(apicred.User)                       {}
func (discard) LoadRevokedToken(accesstoken.RevokedToken)   {}
func (discard) LoadCredential(accesstoken.CredentialRecord) {}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
