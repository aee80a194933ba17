package accesstoken_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

// manyStore hands out any number of credentials that differ in IDs, owner and
// secret, without a database: for measuring memory and speed alone.
type manyStore struct {
	accesstoken.Store
	hasher *keyring.Hasher
	count  int
}

func (s *manyStore) Head(context.Context) (accesstoken.Head, error) {
	return accesstoken.Head{Epoch: "many"}, nil
}

func (s *manyStore) Load(_ context.Context, into accesstoken.Loader) (accesstoken.Head, error) {
	into.LoadCatalogue(benchCatalogue(), 1)
	into.LoadAccount(apicred.Account{ID: numbered(1, 0), Operator: true})
	for i := range max(1, s.count/10) {
		into.LoadUser(apicred.User{
			Person: apicred.Person{ID: numbered(2, i)}, AccountID: numbered(1, 0), Role: apicred.RoleAdmin,
			Status: apicred.UserActive, Generation: 1,
		})
	}
	for i := range s.count {
		hash, pepper := s.hasher.HashSecret(benchSecret(i))
		into.LoadCredential(accesstoken.CredentialRecord{
			Credential: apicred.Credential{
				ClientID: numbered(3, i), AccountID: numbered(1, 0), Level: apicred.LevelUser, OwnerID: numbered(2, i/10),
				Scopes: []string{"users:read", "users:write"}, AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: 1,
			},
			Secrets: []apicred.Secret{{ID: numbered(4, i), ClientID: numbered(3, i), Hash: hash, PepperID: pepper}},
		})
	}
	return s.Head(context.Background())
}

// AddUsage drops what the benchmarks counted.
func (s *manyStore) AddUsage(context.Context, apicred.BatchID, accesstoken.UsageBatch) error {
	return nil
}

// numbered makes IDs that look as random as UUIDs do.
func numbered(kind byte, i int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte{kind}, uint64(i)))
	return uuid.UUID(sum[:16]).String()
}

func benchSecret(i int) string {
	return apicred.NewSecretText(sha256.Sum256([]byte(numbered(5, i)))).Reveal()
}

func benchCatalogue() apicred.Catalogue {
	return apicred.Catalogue{
		APIs: []apicred.API{{ID: "user-admin", Name: "User Admin", Audience: "urn:vcc:user-admin", Routes: []apicred.Route{
			{Path: "/users", Scopes: []string{"users:read", "users:write"}},
		}}},
		Scopes: []apicred.Scope{
			{Value: "users:read", Description: "Read", API: "user-admin", Roles: []apicred.Role{apicred.RoleAdmin}},
			{Value: "users:write", Description: "Write", API: "user-admin", Roles: []apicred.Role{apicred.RoleAdmin}},
		},
	}
}

// benchRig is everything of the hot path, without HTTP and without a database.
type benchRig struct {
	directory *accesstoken.Directory
	issuer    *accesstoken.Issuer
	verifier  *accesstoken.Verifier
	auth      accesstoken.ClientAuth
}

func newBenchRig(tb testing.TB, count int) *benchRig {
	tb.Helper()
	master := keyring.NewMaster([32]byte{1})
	ring, err := keyring.Open(tb.Context(), keyring.Options{Store: newKeyStore(), Master: master, Clock: time.Now})
	if err != nil {
		tb.Fatal(err)
	}
	hasher := master.Hasher()
	d := accesstoken.NewDirectory(&manyStore{hasher: hasher, count: count}, hasher, accesstoken.Options{
		Issuer: "http://127.0.0.1:8420", MaxOffline: time.Hour,
	})
	if err := d.Load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	if d.Size() != count {
		tb.Fatalf("loaded %d credentials of %d", d.Size(), count)
	}
	return &benchRig{
		directory: d, issuer: accesstoken.NewIssuer(d, ring), verifier: accesstoken.NewVerifier(d, ring),
		auth: accesstoken.ClientAuth{ClientID: numbered(3, count/2), Secret: benchSecret(count / 2), Address: netip.MustParseAddr("127.0.0.1")},
	}
}

// running polls as a server does, so that the view stays young.
func (r *benchRig) running(b *testing.B) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.directory.Run(ctx)
	}()
	b.Cleanup(func() { cancel(); <-done })
}

func BenchmarkAuthenticate(b *testing.B) {
	r := newBenchRig(b, 1000)
	r.running(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.directory.Authenticate(b.Context(), r.auth); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAuthenticateAndIssue(b *testing.B) {
	for _, count := range []int{1000, 1000000} {
		b.Run(fmt.Sprintf("credentials=%d", count), func(b *testing.B) {
			r := newBenchRig(b, count)
			r.running(b)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				client, err := r.directory.Authenticate(b.Context(), r.auth)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := r.issuer.Issue(b.Context(), client, accesstoken.IssueRequest{Scope: "users:read", ScopePresent: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSign is the bare signature that issuing cannot do without.
func BenchmarkSign(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("payload"))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ecdsa.Sign(rand.Reader, key, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifySignature is the bare check that a first sight cannot do without.
func BenchmarkVerifySignature(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("payload"))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !ecdsa.Verify(&key.PublicKey, digest[:], r, s) {
			b.Fatal("does not verify")
		}
	}
}

func (r *benchRig) token(tb testing.TB) string {
	tb.Helper()
	client, err := r.directory.Authenticate(tb.Context(), r.auth)
	if err != nil {
		tb.Fatal(err)
	}
	token, err := r.issuer.Issue(tb.Context(), client, accesstoken.IssueRequest{})
	if err != nil {
		tb.Fatal(err)
	}
	return token.Raw
}

func BenchmarkVerify_Seen(b *testing.B) {
	r := newBenchRig(b, 1000)
	r.running(b)
	raw := r.token(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.verifier.Verify(b.Context(), raw, "urn:vcc:user-admin", time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify_First(b *testing.B) {
	r := newBenchRig(b, 1000)
	r.running(b)
	tokens := make([]string, 20000) // more than are remembered
	for i := range tokens {
		tokens[i] = r.token(b)
	}
	b.ReportAllocs()
	b.ResetTimer()
	i := 0
	for b.Loop() {
		if _, err := r.verifier.Verify(b.Context(), tokens[i%len(tokens)], "urn:vcc:user-admin", time.Time{}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkLoad reports what a loaded credential takes in memory.
func BenchmarkLoad(b *testing.B) {
	for _, count := range []int{100000, 1000000} {
		b.Run(fmt.Sprintf("credentials=%d", count), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				r := newBenchRig(b, count)
				b.ReportMetric(float64(heap()-before)/float64(count), "B/credential")
				runtime.KeepAlive(r)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// RecentChanges: nothing happened to the credentials of a benchmark.
func (s *manyStore) RecentChanges(context.Context, time.Time, int64) ([]accesstoken.Change, int64, error) {
	return nil, 0, nil
}
