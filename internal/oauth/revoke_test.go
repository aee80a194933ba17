package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
)

const revocationPath = "/oauth2/revoke"

func (i *installation) revoke(t testing.TB, token, id, secret string) *httptest.ResponseRecorder {
	t.Helper()
	return i.post(t, revocationPath, "token="+url.QueryEscape(token), basic(id, secret))
}

// RFC 7009 sections 2.1 and 2.2, S12.
func TestRevocation_EndsTheClientsOwnTokenAndNoOther(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "stats", apicred.ScopeIntrospect)
	one, two := i.token(t, id, secret, "stats"), i.token(t, id, secret, "stats")

	w := i.post(t, revocationPath, "token_type_hint=refresh_token&token="+one, basic(id, secret))
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %q %v", w.Code, w.Body, w.Header())
	}
	if w := i.introspect(t, one, basic(id, secret)); w.Body.String() != inactive {
		t.Errorf("the revoked token is %s", w.Body)
	}
	if m := members(t, i.introspect(t, two, basic(id, secret))); m["active"] != true {
		t.Errorf("the other token is %v", m)
	}
	// What is done is done, once.
	if w := i.revoke(t, one, id, secret); w.Code != 200 {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	events := i.events(t, "token.revoke")
	if len(events) != 1 || events[0].ActorID != id || events[0].TargetID != decodedClaims(t, one)["jti"] || events[0].Address != "198.51.100.9" || events[0].RequestID == "" {
		t.Errorf("audited %+v", events)
	}

	// It holds after a restart, when everything is read anew.
	directory := accesstoken.NewDirectory(i.Store.AccessToken(), keyring.NewMaster([keyring.MasterKeySize]byte{1}).Hasher(), accesstoken.Options{Issuer: issuerURL})
	must(t, directory.Load(t.Context()))
	again := accesstoken.NewVerifier(directory, i.Ring)
	if _, err := again.VerifyAnyAudience(t.Context(), one, time.Time{}); !apicred.IsKind(err, apicred.KindUnauthenticated) {
		t.Errorf("after a restart the revoked token gives %v", err)
	}
	if _, err := again.VerifyAnyAudience(t.Context(), two, time.Time{}); err != nil {
		t.Errorf("after a restart the other token gives %v", err)
	}
}

func TestRevocation_OfWhatIsNotTheClients(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "stats", apicred.ScopeIntrospect)
	other, otherSecret := i.credential(t, nil, "stats")
	token := i.token(t, id, secret, "stats")
	for name, tt := range map[string]struct {
		token, id, secret string
		status            int
		code              string
	}{
		"another client's":  {token, other, otherSecret, 400, "unauthorized_client"},
		"unknown":           {"x.y.z", other, otherSecret, 200, ""},
		"shortened":         {token[:len(token)-1], other, otherSecret, 200, ""},
		"nothing":           {"", id, secret, 400, "invalid_request"},
		"by a wrong secret": {token, id, "wrong", 401, "invalid_client"},
		"by nobody":         {token, "", "", 401, "invalid_client"},
	} {
		w := i.revoke(t, tt.token, tt.id, tt.secret)
		if w.Code != tt.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if tt.code != "" && members(t, w)["error"] != tt.code {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	w := i.post(t, revocationPath, "token="+token, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
	if w.Code != 401 {
		t.Errorf("by the token itself: %d %s", w.Code, w.Body)
	}
	if m := members(t, i.introspect(t, token, basic(id, secret))); m["active"] != true {
		t.Errorf("after all that the token is %v", m)
	}
}

// events are the audited acts of a kind.
func (i *installation) events(t testing.TB, action string) []apicred.AuditEvent {
	t.Helper()
	var found []apicred.AuditEvent
	must(t, i.Store.Lifecycle().View(t.Context(), func(r lifecycle.Reader) (err error) {
		found, err = r.AuditEvents(t.Context(), lifecycle.AuditQuery{Action: action, Limit: 10})
		return err
	}))
	return found
}
