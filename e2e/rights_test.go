package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// TestRights_FollowThePersonIntoTokensAlreadyOut demotes an admin whose
// credential holds users:write: the next token and the one that is out both
// lose it, at once (R10, R11).
func TestRights_FollowThePersonIntoTokensAlreadyOut(t *testing.T) {
	d := startDemo(t)
	dataDir := dataDirOf(t, d)
	admin := d.Users[0]
	if admin.Role != "admin" || admin.AccountID != d.AccountID {
		t.Fatalf("expected an admin first: %+v", admin)
	}
	made := call(t, "POST", d.Issuer+"/api/v1/credentials", `{"name":"sync","scopes":["users:read","users:write"]}`,
		"Authorization", "Bearer "+admin.ManagementToken, "Content-Type", "application/json").json(t)
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	issue := func() map[string]any {
		return call(t, "POST", d.Issuer+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}.Encode(),
			"Content-Type", formType).json(t)
	}
	before := issue()
	out := before["access_token"].(string)
	patch := func(token string) answer {
		return call(t, "PATCH", d.GatewayURL+"/useradmin/users/7", "{}", "Authorization", "Bearer "+token)
	}
	if before["scope"] != "users:read users:write" || patch(out).status != 200 {
		t.Fatalf("before the demotion: %v, PATCH %d", before["scope"], patch(out).status)
	}

	if talk, stderr, code := run(t, t.TempDir(), "user", "edit", admin.Email, "--role", "supervisor", "--data-dir", dataDir); code != 0 {
		t.Fatal(talk, stderr)
	}

	denied := patch(out)
	if denied.status != 403 || !strings.Contains(denied.header.Get("WWW-Authenticate"), `scope="users:write"`) {
		t.Errorf("the token that was out: %d %s", denied.status, denied.header.Get("WWW-Authenticate"))
	}
	if read := call(t, "GET", d.GatewayURL+"/useradmin/users", "", "Authorization", "Bearer "+out); read.status != 200 {
		t.Errorf("what the role still allows: %d", read.status)
	}
	if after := issue(); after["scope"] != "users:read" {
		t.Errorf("the next token: %v", after)
	}
	if a := call(t, "GET", d.Issuer+"/api/v1/credentials?owner="+d.Users[1].UserID, "", "Authorization", "Bearer "+admin.ManagementToken); a.json(t)["total"] != 0.0 {
		t.Errorf("a former admin still lists others': %s", a.body)
	}
}

// dataDirOf reads from the demo's own process where it keeps its data.
func dataDirOf(t *testing.T, d *demo) string {
	t.Helper()
	return d.stderr.await(t, `data directory (\S+)`)[1]
}
