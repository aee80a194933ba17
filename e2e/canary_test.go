package e2e

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// canaries are the secrets a test has made, by what they are. Each must be
// found nowhere but in the one answer that showed it (S18).
type canaries map[string]string

// leaks names every canary, or a telling part of it, that text holds.
func (c canaries) leaks(text string) []string {
	var out []string
	for what, secret := range c {
		for _, form := range []string{
			secret, secret[len(secret)/4 : len(secret)*3/4],
			url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
		} {
			if len(form) > 12 && strings.Contains(text, form) {
				out = append(out, what)
				break
			}
		}
	}
	return out
}

// TestCanary_NoSecretIsFoundInLogsDatabaseAuditPagesOrErrors makes every kind of
// secret, presents each in right and wrong places, and looks for them in all
// that the server keeps, prints and answers.
func TestCanary_NoSecretIsFoundInLogsDatabaseAuditPagesOrErrors(t *testing.T) {
	dir := t.TempDir()
	spans := newCollector(t)
	server := startIn(t, spans.traced(), dir, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0")
	address := server.stderr.await(t, `listens on (http://127\.0\.0\.1:\d+)`)[1]
	ops := server.stderr.await(t, `profiles are on (http://\S+:\d+)`)[1]
	link := server.stderr.await(t, `Set up the first admin within 1 hour: (\S+)`)[1]
	people := signInByPassword(t, address, link, goodPassword)
	if out, talk, code := run(t, dir, "catalogue", "apply", "--example", "vcc"); code != 0 {
		t.Fatal(out, talk)
	}
	token, talk, code := run(t, dir, "token", "--user", "ada@example.com")
	if code != 0 {
		t.Fatal(talk)
	}
	token = strings.TrimSpace(token)
	bearer := []string{"Authorization", "Bearer " + token, "Content-Type", "application/json"}

	made := call(t, "POST", address+"/api/v1/credentials", `{"name":"canary","scopes":["users:read"]}`, bearer...).json(t)
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	rotated := call(t, "POST", address+"/api/v1/credentials/"+id+"/secrets", `{"label":"second","retire_others_after_seconds":60}`, bearer...).json(t)
	second := rotated["client_secret"].(string)
	form := []string{"Content-Type", formType}
	access := call(t, "POST", address+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}.Encode(), form...).json(t)["access_token"].(string)
	secrets := canaries{
		"client secret": secret, "rotated secret": second, "management token": token, "access token": access,
		"set-up link": link[strings.LastIndex(link, "/")+1:], "password": goodPassword,
	}
	for _, cookie := range people {
		secrets["cookie "+cookie.Name] = cookie.Value
	}

	var answers strings.Builder
	note := func(a answer) {
		answers.WriteString(a.body)
		for name, values := range a.header {
			answers.WriteString(name + ": " + strings.Join(values, "\n") + "\n")
		}
	}
	for what, value := range secrets {
		for _, a := range misuse(t, address, id, what, value) {
			note(a)
		}
	}
	for _, path := range []string{
		"/api/v1/credentials", "/api/v1/credentials/" + id, "/api/v1/credentials/" + id + "/secrets", "/api/v1/me", "/api/v1/apis",
		"/api/v1/scopes?all=true", "/api/v1/openapi.json", "/api/v1/docs", "/", "/settings/api-credentials", "/sign-in",
		"/.well-known/jwks.json", "/.well-known/oauth-authorization-server",
	} {
		note(call(t, "GET", address+path, "", bearer...))
	}
	note(call(t, "GET", ops+"/metrics", ""))
	for _, args := range [][]string{{"audit", "verify"}, {"user", "list", "--output", "json"}, {"config", "show"}, {"account", "list"}} {
		out, talk, _ := run(t, dir, args...)
		answers.WriteString(out + talk)
	}
	server.stop(t)

	if found := secrets.leaks(answers.String()); len(found) > 0 {
		t.Errorf("an answer shows %v", found)
	}
	log := strings.Replace(server.stderr.String()+server.stdout.String(), link, "", 1) // the one exception of S18
	if !strings.Contains(log, "/oauth2/token") {
		t.Fatal("the log was not captured, so looking in it proves nothing")
	}
	if found := secrets.leaks(log); len(found) > 0 {
		t.Errorf("the log shows %v", found)
	}
	if traced := spans.texts.String(); !strings.Contains(traced, "/oauth2/token") {
		t.Error("no span was sent, so looking in them proves nothing")
	} else if found := secrets.leaks(traced); len(found) > 0 {
		t.Errorf("the spans show %v", found)
	}
	searchFiles(t, filepath.Join(dir, "claviger-data"), secrets)
}

// signInByPassword makes the first admin, with a password, signs in by it and
// returns the cookies.
func signInByPassword(t *testing.T, address, link, password string) []*http.Cookie {
	t.Helper()
	headers := []string{"Content-Type", formType, "Origin", address, "Sec-Fetch-Site", "same-origin"}
	form := url.Values{"email": {"ada@example.com"}, "name": {"Ada Lovelace"}, "password": {password}}
	if made := call(t, "POST", link, form.Encode(), headers...); made.status != http.StatusSeeOther {
		t.Fatalf("the first admin: %d\n%s", made.status, made.body)
	}
	done := call(t, "POST", address+"/sign-in", form.Encode(), headers...)
	cookies := (&http.Response{Header: done.header}).Cookies()
	if done.status != http.StatusSeeOther || len(cookies) != 2 {
		t.Fatalf("signing in: %d, %d cookies\n%s", done.status, len(cookies), done.body)
	}
	return cookies
}

// misuse presents a secret where it belongs with something wrong beside it, and
// where it does not belong at all.
func misuse(t *testing.T, address, id, what, value string) []answer {
	t.Helper()
	form := []string{"Content-Type", formType}
	return []answer{
		call(t, "POST", address+"/oauth2/token", "grant_type=client_credentials&client_id="+id+"&client_secret="+value+"x", form...),
		call(t, "POST", address+"/oauth2/token", "grant_type="+value+"&client_id="+id, form...),
		call(t, "POST", address+"/oauth2/token?client_secret="+value, "client_secret="+value+"&client_secret="+value, form...),
		call(t, "POST", address+"/Auth/connect/token", "grant_type=client_credentials&scope=x&client_id="+value+"&client_secret="+value, form...),
		call(t, "GET", address+"/api/v1/credentials/"+value, "", "Authorization", "Bearer "+value+"x"),
		call(t, "POST", address+"/api/v1/credentials", `{"name":"x","scopes":["users:read"],"client_secret":"`+value+`"}`, "Authorization", "Basic "+value, "Content-Type", "application/json"),
		call(t, "POST", address+"/api/v1/credentials", `{"client_secret":"`+value+`"`, "Authorization", "Bearer "+value, "Content-Type", "application/json"),
		call(t, "GET", address+"/forward-auth", "", "Authorization", "Bearer "+value+"x", "X-Forwarded-Method", "GET", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "h", "X-Forwarded-Uri", "/useradmin/users?access_token="+value),
		call(t, "GET", address+"/sign-in/link/"+value+"x", ""),
		call(t, "POST", address+"/sign-in", url.Values{"email": {value}, "password": {value}}.Encode(), form...),
		call(t, "POST", address+"/sign-in", url.Values{"email": {"ada@example.com"}, "password": {value + "x"}}.Encode(), form...),
		call(t, "PUT", address+"/api/v1/me/password", `{"new_password":"`+value+`"}`, "Cookie", "claviger_session="+value, "Content-Type", "application/json"),
		call(t, "GET", address+"/nothing/"+what, "", "Cookie", "claviger_session="+value),
	}
}

// searchFiles looks through the data directory: database, WAL and all.
func searchFiles(t *testing.T, dir string, secrets canaries) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // our own temporary directory
		if err != nil {
			return err
		}
		files++
		if found := secrets.leaks(string(data)); len(found) > 0 {
			t.Errorf("%s holds %v", filepath.Base(path), found)
		}
		return nil
	})
	if err != nil || files < 2 {
		t.Fatalf("searched %d files: %v", files, err)
	}
}
