package oauth_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

type feed struct {
	Cursor  string           `json:"cursor"`
	Entries []map[string]any `json:"entries"`
}

// follower is a client that may follow.
type follower struct {
	*installation
	id, secret string
}

func (i *installation) follower(t testing.TB) *follower {
	t.Helper()
	id, secret := i.credential(t, nil, apicred.ScopeFeed)
	return &follower{i, id, secret}
}

func (f *follower) ask(t testing.TB, query string) *httptest.ResponseRecorder {
	t.Helper()
	return f.get(t, "GET", "/revocations?"+query, basic(f.id, f.secret))
}

// read asks without waiting.
func (f *follower) read(t testing.TB, cursor string) feed {
	t.Helper()
	w := f.ask(t, "wait=0&after="+cursor)
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var page feed
	must(t, json.Unmarshal(w.Body.Bytes(), &page))
	return page
}

// wantNews reads behind cursor, compares, and returns where it got to.
func (f *follower) wantNews(t *testing.T, what, cursor string, want ...map[string]any) string {
	t.Helper()
	page := f.read(t, cursor)
	if len(want) == 0 {
		want = []map[string]any{}
	}
	if diff := cmp.Diff(want, page.Entries); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	return page.Cursor
}

func credentialEntry(id string, gen int64, scopes ...any) map[string]any {
	if scopes == nil {
		scopes = []any{}
	}
	return map[string]any{"type": "credential", "client_id": id, "gen": float64(gen), "scopes": scopes}
}

func TestFeed_TellsWhatEndsTokens(t *testing.T) {
	i := install(t)
	f := i.follower(t)
	id, secret := i.credential(t, nil, "orders:read", "stats")
	at := f.wantNews(t, "before anything changed", "")

	_, err := i.Lifecycle.AddSecret(t.Context(), i.admin, id, lifecycle.NewSecret{})
	must(t, err)
	other, _ := i.credential(t, nil, "stats")
	at = f.wantNews(t, "a new secret and a new credential, which end no token", at)

	token := i.token(t, id, secret, "stats")
	i.revoke(t, token, id, secret)
	claims := decodedClaims(t, token)
	at = f.wantNews(t, "a revoked token", at, map[string]any{"type": "token", "jti": claims["jti"], "exp": claims["exp"]})

	i.Apply(t, []byte(strings.Replace(catalogueFile, "description: View stats, api: stats", "description: View stats, api: stats, retired: true", 1)))
	page := f.read(t, at)
	if len(page.Entries) != 2 || page.Entries[0]["client_id"] == page.Entries[1]["client_id"] {
		t.Errorf("a retired scope told %v", page.Entries)
	}
	for _, e := range page.Entries {
		switch e["client_id"] {
		case id:
			if diff := cmp.Diff([]any{"orders:read"}, e["scopes"]); diff != "" {
				t.Error(diff)
			}
		case other:
			if diff := cmp.Diff([]any{}, e["scopes"]); diff != "" {
				t.Error(diff)
			}
		default:
			t.Errorf("told of %v", e)
		}
	}

	_, err = i.Lifecycle.DisableCredential(t.Context(), i.admin, id)
	must(t, err)
	at = f.wantNews(t, "a disabled credential", page.Cursor, credentialEntry(id, 2))
	must(t, i.Lifecycle.DeleteCredential(t.Context(), i.admin, id))
	at = f.wantNews(t, "a deleted credential", at, credentialEntry(id, accesstoken.GoneGeneration))
	if again := f.wantNews(t, "nothing", at); again != at {
		t.Errorf("the cursor moved from %s to %s", at, again)
	}
}

// R10: what befalls the owner befalls the credentials.
func TestFeed_TellsOfADemotedOwner(t *testing.T) {
	i := install(t)
	i.Apply(t, []byte(strings.Replace(catalogueFile, `value: "orders:read", description: Read orders, api: orders`, `value: "orders:read", description: Read orders, api: orders, roles: [admin, supervisor]`, 1)))
	f := i.follower(t)
	bob := i.AddUser(t, "bob", i.Account.ID, apicred.RoleAdmin)
	made, err := i.Lifecycle.CreateCredential(t.Context(), testserver.SignedIn(&bob), lifecycle.NewCredential{Name: "x", Scopes: []string{"orders:read", "stats"}})
	must(t, err)
	at := f.read(t, "").Cursor
	role := apicred.RoleSupervisor
	_, err = i.Lifecycle.EditUser(t.Context(), i.admin, i.Account.ID, bob.ID, lifecycle.UserChange{Role: &role})
	must(t, err)
	page := f.read(t, at)
	if len(page.Entries) != 1 || page.Entries[0]["client_id"] != made.ClientID || !cmp.Equal(page.Entries[0]["scopes"], any([]any{"orders:read"})) {
		t.Errorf("told %v", page.Entries)
	}
}

// A node that was started anew tells the same as one that saw it happen.
func TestFeed_SurvivesARestart(t *testing.T) {
	i := install(t)
	f := i.follower(t)
	id, secret := i.credential(t, nil, "orders:read", "stats")
	deleted, _ := i.credential(t, nil, "stats")
	begin := f.read(t, "").Cursor
	token := i.token(t, id, secret, "stats")
	i.revoke(t, token, id, secret)
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, id)
	must(t, err)
	must(t, i.Lifecycle.DeleteCredential(t.Context(), i.admin, deleted))

	directory := accesstoken.NewDirectory(i.Store.AccessToken(), keyring.NewMaster([keyring.MasterKeySize]byte{1}).Hasher(), accesstoken.Options{Issuer: issuerURL})
	must(t, directory.Load(t.Context()))
	again := accesstoken.NewVerifier(directory, i.Ring)
	asker := accesstoken.Introspector{AccountID: i.Account.ID}
	for name, cursor := range map[string]string{"the snapshot": "", "behind a cursor": begin} {
		want, err := i.Verifier.Feed(t.Context(), asker, cursor, time.Now())
		must(t, err)
		got, err := again.Feed(t.Context(), asker, cursor, time.Now())
		must(t, err)
		if diff := cmp.Diff(byName(want.Entries), byName(got.Entries)); diff != "" || len(got.Entries) != 3 || want.Cursor != got.Cursor {
			t.Errorf("%s differs (-before +after):\n%s", name, diff)
		}
	}
}

func byName(entries []accesstoken.FeedEntry) map[string]accesstoken.FeedEntry {
	out := map[string]accesstoken.FeedEntry{}
	for _, e := range entries {
		out[e.ClientID+e.JTI+e.KID] = e
	}
	return out
}

func TestFeed_IsForThoseWhoHoldItsScopeAndOfTheirAccountAlone(t *testing.T) {
	i := install(t)
	f := i.follower(t)
	other, err := i.Lifecycle.CreateAccount(t.Context(), testserver.Operator(), "other")
	must(t, err)
	bob := i.AddUser(t, "bob", other.ID, apicred.RoleAdmin)
	actor := testserver.SignedIn(&bob)
	made, err := i.Lifecycle.CreateCredential(t.Context(), actor, lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}})
	must(t, err)
	foreign, err := i.Lifecycle.CreateCredential(t.Context(), actor, lifecycle.NewCredential{Name: "f", Scopes: []string{apicred.ScopeFeed}})
	must(t, err)
	at := f.read(t, "").Cursor
	must(t, i.Lifecycle.DeleteCredential(t.Context(), actor, made.ClientID))
	f.wantNews(t, "another account's credential", at)
	theirs := &follower{i, foreign.ClientID, foreign.Secret.Reveal()}
	theirs.wantNews(t, "one's own", at, credentialEntry(made.ClientID, accesstoken.GoneGeneration))

	without, secret := i.credential(t, nil, apicred.ScopeIntrospect)
	if w := i.get(t, "GET", "/revocations", basic(without, secret)); w.Code != 403 || !strings.Contains(w.Header().Get("WWW-Authenticate"), apicred.ScopeFeed) {
		t.Errorf("without the scope: %d %s", w.Code, w.Body)
	}
	if w := i.get(t, "GET", "/revocations"); w.Code != 401 {
		t.Errorf("nobody: %d %s", w.Code, w.Body)
	}
	token := i.token(t, f.id, f.secret, apicred.ScopeFeed)
	if w := i.get(t, "GET", "/revocations", bearer(token)); w.Code != 200 {
		t.Errorf("by a token: %d %s", w.Code, w.Body)
	}
}

func TestFeed_RefusesACursorThatLeadsNowhere(t *testing.T) {
	i := install(t)
	f := i.follower(t)
	cursor := f.read(t, "").Cursor
	epoch, _, _ := strings.Cut(cursor, ".")
	for _, bad := range []string{"x", "0", epoch, epoch + ".", epoch + ".01", epoch + ".-1", epoch + ".999999", "other" + cursor[len(epoch):], epoch + ".1.1"} {
		if w := f.ask(t, "wait=0&after="+bad); w.Code != 410 || members(t, w)["error"] != "cursor_gone" {
			t.Errorf("after=%s: %d %s", bad, w.Code, w.Body)
		}
	}
	for _, bad := range []string{"wait=-1", "wait=51", "wait=x", "after=a&after=b", "after=%zz"} {
		if w := f.ask(t, bad); w.Code != 400 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}

// Silence would pass for good news.
func TestFeed_WithoutTheDatabaseSaysSo(t *testing.T) {
	i := install(t)
	f := i.follower(t)
	cursor := f.read(t, "").Cursor
	i.Away.Store(true)
	deadline := time.Now().Add(10 * time.Second)
	for {
		w := f.ask(t, "wait=1&after="+cursor)
		if w.Code == 503 && w.Header().Get("Retry-After") != "" {
			return
		}
		if w.Code != 200 || time.Now().After(deadline) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

// served is the surface on a real listener.
func (f *follower) served(t *testing.T, closing <-chan struct{}) *httptest.Server {
	t.Helper()
	router := web.NewRouter()
	router.Add(oauth.Routes(oauth.Config{
		IssuerURL: issuerURL, Clients: f.Directory, Issuer: f.Tokens, Keys: f.Ring.JWKSet, Verifier: f.Verifier, Closing: closing,
	})...)
	s := httptest.NewServer(web.NewShell(f.ShellConfig(), router))
	t.Cleanup(s.Close)
	return s
}

// open asks and returns the answer's type and its body, which may go on.
func (f *follower) open(t *testing.T, s *httptest.Server, query, accept string) (string, io.Reader) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/revocations"+query, http.NoBody)
	must(t, err)
	r.SetBasicAuth(f.id, f.secret)
	r.Header.Set("Accept", accept)
	response, err := s.Client().Do(r)
	must(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response.Header.Get("Content-Type"), response.Body
}

func TestFeed_WakesALongPollAndAStreamAtOnce(t *testing.T) {
	i := install(t)
	f := i.follower(t)
	closing := make(chan struct{})
	server := f.served(t, closing)
	id, _ := i.credential(t, nil, "stats")
	cursor := f.read(t, "").Cursor

	mediaType, stream := f.open(t, server, "?after="+cursor, "text/event-stream")
	lines := bufio.NewScanner(stream)
	event := func() (page feed) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				must(t, json.Unmarshal([]byte(data), &page))
				return page
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return page
	}
	if first := event(); first.Cursor != cursor || len(first.Entries) != 0 || mediaType != "text/event-stream" {
		t.Fatalf("the stream begins with %+v", first)
	}

	polled := make(chan feed)
	go func() {
		var page feed
		_, body := f.open(t, server, "?after="+cursor, "application/json")
		_ = json.NewDecoder(body).Decode(&page)
		polled <- page
	}()
	begun := time.Now()
	must(t, i.Lifecycle.DeleteCredential(t.Context(), i.admin, id))
	want := []map[string]any{credentialEntry(id, accesstoken.GoneGeneration)}
	if diff := cmp.Diff(want, event().Entries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, (<-polled).Entries); diff != "" {
		t.Error(diff)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the news took %v", took)
	}
	// S38: a stopping server does not wait for those who wait.
	close(closing)
	for lines.Scan() {
	}
	if lines.Err() != nil {
		t.Errorf("the stream was cut: %v", lines.Err())
	}
}

// A follower who loses the right hears nothing more.
func TestFeed_EndsWithTheRightToFollow(t *testing.T) {
	i := install(t)
	f := i.follower(t)
	server := f.served(t, nil)
	_, stream := f.open(t, server, "", "text/event-stream")
	lines := bufio.NewScanner(stream)
	if !lines.Scan() {
		t.Fatal("no stream")
	}
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, f.id)
	must(t, err)
	for lines.Scan() {
	}
	if lines.Err() != nil {
		t.Error(lines.Err())
	}
	if w := f.ask(t, "wait=0"); w.Code != 401 {
		t.Errorf("then %d %s", w.Code, w.Body)
	}
}
