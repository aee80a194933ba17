package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// soakSite is an installation under the steady load of a soak: programs, an API
// behind the gateway, people, and those who are refused.
type soakSite struct {
	*fleet
	engine   engine
	programs []credential // with orders:read and orders:write
	asker    credential   // introspects, and follows the feed
	signer   *signer
	tokens   []string // live ones
	ended    string   // of a credential that is disabled
	limited  string   // a supervisor's token for the management API
	books    *books

	stop    chan struct{}
	running sync.WaitGroup

	mu    sync.Mutex
	took  map[string]latencies
	wrong []string
	later []string // who was told to come back
	turns int
}

// habit is something that somebody does at a fixed rate, one after the other.
// Where the site is slower than that, turns are left out.
type habit struct {
	name    string
	workers int
	every   time.Duration // of each worker
	do      func(n *node) error
}

// habits are some 110 requests a second.
func (s *soakSite) habits() []habit {
	return []habit{
		{"token", 4, 200 * time.Millisecond, s.askToken},
		{"token, VCC path", 1, 200 * time.Millisecond, s.askVCC},
		{"token, assertion", 1, 2 * time.Second, s.askSigned},
		{"forward-auth", 4, 160 * time.Millisecond, s.check},
		{"first sight", 2, 250 * time.Millisecond, s.checkNew},
		{"introspection", 2, 250 * time.Millisecond, s.introspect},
		{"gateway", 2, 200 * time.Millisecond, s.callGateway},
		{"life of a credential", 1, 2 * time.Second, s.live},
		{"made-up client ID", 2, 100 * time.Millisecond, s.askUnknown},
		{"wrong secret", 1, 500 * time.Millisecond, s.askWrong},
		{"ended token", 1, 500 * time.Millisecond, s.checkEnded},
		{"revocation", 1, 5 * time.Second, s.revoke},
		{"list page", 1, 500 * time.Millisecond, s.list},
		{"refused change", 1, 5 * time.Second, s.refuse},
		{"person", 1, 7 * time.Second, s.signIn},
		{"follower, poll", 3, time.Second, s.poll},
		{"follower, stream", 2, time.Second, s.stream},
	}
}

// begin lets everybody do what they do until end.
func (s *soakSite) begin() {
	s.stop = make(chan struct{})
	for _, h := range s.habits() {
		for range h.workers {
			s.running.Go(func() { s.keep(h) })
		}
	}
}

func (s *soakSite) end() {
	close(s.stop)
	s.running.Wait()
	for _, n := range s.nodes {
		n.client.CloseIdleConnections()
	}
}

func (s *soakSite) keep(h habit) {
	turn := time.NewTicker(h.every)
	defer turn.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-turn.C:
			began := time.Now()
			err := h.do(s.next())
			s.note(h.name, time.Since(began), err)
		}
	}
}

// next is whose turn it is.
func (s *soakSite) next() *node {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns++
	return s.nodes[s.turns%len(s.nodes)]
}

func (s *soakSite) note(name string, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took[name] = append(s.took[name], took)
	if errors.Is(err, errLater) {
		s.later = append(s.later, name)
	} else if err != nil {
		s.wrong = append(s.wrong, name+": "+err.Error())
	}
}

// oneOf returns any of a list.
func oneOf[T any](all []T) T { return all[rand.IntN(len(all))] }

// errLater is the answer of a server that cannot say at this moment, and says
// when to ask again.
var errLater = errors.New("503 with Retry-After")

// want turns an answer of another status into an error.
func want(status int, a answer, err error) (answer, error) {
	if err == nil && a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "" {
		return a, errLater
	}
	if err == nil && a.status != status {
		err = fmt.Errorf("%d %s, want %d", a.status, a.body, status)
	}
	return a, err
}

func (s *soakSite) token(n *node) (string, error) {
	return tokenOf(n, oneOf(s.programs))
}

func tokenOf(n *node, c credential) (string, error) {
	a, err := n.tokenFor(c)
	if _, err = want(http.StatusOK, a, err); err != nil {
		return "", err
	}
	var got struct {
		Token string `json:"access_token"`
	}
	return got.Token, json.Unmarshal([]byte(a.body), &got)
}

func (s *soakSite) askToken(n *node) error {
	_, err := s.token(n)
	return err
}

func (s *soakSite) askVCC(n *node) error {
	c := oneOf(s.programs)
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"orders:read"}, "client_id": {c.id}, "client_secret": {c.secret}}
	a, err := n.ask("POST", "/Auth/connect/token", form.Encode(), "Content-Type", formType)
	_, err = want(http.StatusOK, a, err)
	return err
}

func (s *soakSite) askSigned(n *node) error {
	form, err := s.signer.tryForm(s.issuer)
	if err != nil {
		return err
	}
	a, err := n.ask("POST", "/oauth2/token", form, "Content-Type", formType)
	s.books.count(&s.books.proofs) // at most one is remembered for each
	_, err = want(http.StatusOK, a, err)
	return err
}

func (s *soakSite) check(n *node) error { return s.checkToken(n, s.liveToken()) }

func (s *soakSite) liveToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return oneOf(s.tokens)
}

func (s *soakSite) checkToken(n *node, token string) error {
	a, err := n.allows("GET", token)
	_, err = want(http.StatusOK, a, err)
	return err
}

func (s *soakSite) checkNew(n *node) error {
	token, err := s.token(n)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.tokens[rand.IntN(len(s.tokens))] = token // before the older ones expire
	s.mu.Unlock()
	return s.checkToken(n, token)
}

func (s *soakSite) checkEnded(n *node) error {
	a, err := n.allows("GET", s.ended)
	_, err = want(http.StatusUnauthorized, a, err)
	return err
}

func (s *soakSite) introspect(n *node) error {
	form := url.Values{"token": {s.liveToken()}, "client_id": {s.asker.id}, "client_secret": {s.asker.secret}}
	a, err := n.ask("POST", "/oauth2/introspect", form.Encode(), "Content-Type", formType)
	_, err = want(http.StatusOK, a, err)
	return err
}

func (s *soakSite) callGateway(n *node) error {
	a, err := n.send("8430", "GET", "/orders/7", "", "Host", "orders.example.com", "Authorization", "Bearer "+s.liveToken())
	_, err = want(http.StatusOK, a, err)
	return err
}

func (s *soakSite) askUnknown(n *node) error {
	id := fmt.Sprintf("%08x-0000-4000-8000-%012x", rand.Uint32(), rand.Uint32()) //nolint:gosec // nobody's
	a, err := n.tokenFor(credential{id, "clav_nobody"})
	_, err = want(http.StatusUnauthorized, a, err)
	return err
}

func (s *soakSite) askWrong(n *node) error {
	a, err := n.tokenFor(credential{oneOf(s.programs).id, "clav_wrong"})
	_, err = want(http.StatusUnauthorized, a, err)
	return err
}

func (s *soakSite) revoke(n *node) error {
	c := s.programs[0]
	token, err := tokenOf(n, c)
	if err != nil {
		return err
	}
	a, err := n.revoke(c, token)
	if _, err = want(http.StatusOK, a, err); err == nil {
		s.books.change(entry{"revoked_tokens": 1})
	} else if errors.Is(err, errLater) {
		s.books.count(&s.books.doubt)
	}
	return err
}

// administer asks the management API as Ada.
func (s *soakSite) administer(n *node, status int, method, path, body string, header ...string) (map[string]any, error) {
	header = slices.Concat([]string{"Authorization", "Bearer " + s.fleet.token, "Content-Type", "application/json"}, header)
	a, err := n.ask(method, "/api/v1"+path, body, header...)
	if _, err = want(status, a, err); errors.Is(err, errLater) && method != http.MethodGet {
		s.books.count(&s.books.doubt) // it may have been made all the same
	}
	if err != nil || a.body == "" {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal([]byte(a.body), &out)
}

// live makes a credential, changes it in every way, and deletes it; one in ten
// stays.
func (s *soakSite) live(n *node) error {
	key := fmt.Sprintf("%x", rand.Uint64()) //nolint:gosec // no secret
	made, err := s.administer(n, http.StatusCreated, "POST", "/credentials", `{"name":"passing","scopes":["orders:read"]}`, "Idempotency-Key", key)
	if err != nil {
		return err
	}
	s.books.change(credentialMade)
	s.books.beside(entry{"idempotency_keys": 1})
	path := "/credentials/" + made["client_id"].(string)
	for _, step := range []struct {
		status       int
		method, path string
		body         string
		rows         entry
	}{
		{http.StatusOK, "PATCH", "", `{"name":"changed","scopes":["orders:write"]}`, nil},
		{http.StatusCreated, "POST", "/secrets", `{"retire_others_after_seconds":86400}`, entry{"secrets": 1}},
		{http.StatusOK, "POST", "/disable", "", nil},
		{http.StatusOK, "POST", "/enable", "", nil},
	} {
		if _, err := s.administer(n, step.status, step.method, path+step.path, step.body); err != nil {
			return fmt.Errorf("%s %s: %w", step.method, step.path, err)
		}
		s.books.change(step.rows)
	}
	if rand.IntN(10) == 0 { //nolint:gosec // chance enough
		return nil
	}
	if _, err := s.administer(n, http.StatusNoContent, "DELETE", path, ""); err != nil {
		return err
	}
	s.books.change(credentialDeleted)
	s.books.beside(entry{"secrets": -2})
	return nil
}

func (s *soakSite) list(n *node) error {
	query := oneOf([]string{"", "?q=pass", "?sort=name&page_size=200", "?status=active&scope=orders:read", "?attention=unused"})
	_, err := s.administer(n, http.StatusOK, "GET", "/credentials"+query, "")
	return err
}

// refuse is a supervisor who tries what only admins may.
func (s *soakSite) refuse(n *node) error {
	a, err := n.ask("POST", "/api/v1/users", `{"email":"eve@example.com","role":"admin"}`, "Authorization", "Bearer "+s.limited, "Content-Type", "application/json")
	if _, err = want(http.StatusNotFound, a, err); err == nil { // people are none of a supervisor's business
		s.books.count(&s.books.refused)
	}
	return err
}

// signIn is a person who signs in by password, looks around as the console does,
// and signs out.
func (s *soakSite) signIn(n *node) error {
	form := url.Values{"email": {"ada@example.com"}, "password": {goodPassword}}
	a, err := n.ask("POST", "/sign-in", form.Encode(), "Content-Type", formType, "Origin", s.issuer)
	if _, err = want(http.StatusSeeOther, a, err); err != nil {
		if errors.Is(err, errLater) {
			s.books.count(&s.books.doubt)
		}
		return err
	}
	s.books.change(entry{"sessions": 1})
	cookie := ""
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		cookie += c.Name + "=" + c.Value + "; "
	}
	a, err = n.ask("GET", "/api/v1/me", "", "Cookie", cookie)
	if _, err = want(http.StatusOK, a, err); err != nil {
		return err
	}
	var me struct {
		Account string `json:"account_id"`
	}
	if err := json.Unmarshal([]byte(a.body), &me); err != nil {
		return err
	}
	for _, path := range []string{
		"/", "/settings/api-credentials", "/api/v1/credentials?page_size=50", "/api/v1/scopes?all=true", "/api/v1/apis",
		"/api/v1/credentials/" + s.programs[0].id, "/api/v1/credentials/" + s.programs[0].id + "/usage", "/api/v1/audit-events",
	} {
		a, err = n.ask("GET", path, "", "Cookie", cookie, "Claviger-Account", me.Account)
		if _, err = want(http.StatusOK, a, err); err != nil {
			return fmt.Errorf("GET %s: %w", path, err)
		}
	}
	a, err = n.ask("POST", "/sign-out", "", "Cookie", cookie, "Content-Type", formType, "Origin", s.issuer)
	if _, err = want(http.StatusSeeOther, a, err); err == nil {
		s.books.change(entry{"sessions": -1})
	} else if errors.Is(err, errLater) {
		s.books.count(&s.books.doubt)
	}
	return err
}

// poll is a follower who asks for a snapshot, waits for news, and goes.
func (s *soakSite) poll(n *node) error {
	token, err := tokenOf(n, s.asker)
	if err != nil {
		return err
	}
	a, err := n.ask("GET", "/revocations", "", "Authorization", "Bearer "+token)
	if _, err = want(http.StatusOK, a, err); err != nil {
		return err
	}
	var page struct{ Cursor string }
	if err := json.Unmarshal([]byte(a.body), &page); err != nil {
		return err
	}
	a, err = n.ask("GET", "/revocations?wait=2&after="+url.QueryEscape(page.Cursor), "", "Authorization", "Bearer "+token)
	_, err = want(http.StatusOK, a, err)
	return err
}

// stream is a follower of events who hangs up without a word, on a connection of
// their own.
func (s *soakSite) stream(n *node) error {
	token, err := tokenOf(n, s.asker)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(500+rand.IntN(3000))*time.Millisecond) //nolint:gosec // chance enough
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+":8420/revocations", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "text/event-stream")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil // a slow machine: gone before the answer came
		}
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream: %d", res.StatusCode)
	}
	_, err = io.Copy(io.Discard, res.Body)
	if ctx.Err() == nil {
		return fmt.Errorf("the stream ended by itself (%w)", cmp.Or(err, io.EOF))
	}
	return nil
}

// fill makes each node see as many tokens as it remembers, so that what is
// bounded is full before it is watched.
func (s *soakSite) fill(t *testing.T, tokens int) {
	t.Helper()
	const programs = 8
	var crowd sync.WaitGroup
	for _, n := range s.nodes {
		for range programs {
			crowd.Go(func() {
				for range tokens / programs {
					if err := s.checkNew(n); err != nil {
						s.note("filling", 0, err)
						return
					}
				}
			})
		}
	}
	crowd.Wait()
}
