package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claviger/claviger/client"
)

const emptyList = `{"credentials":[],"next_page_token":null,"total":0,"total_capped":false}`

func TestRequests_AreRepeatedOnlyWhereNothingIsDoneTwice(t *testing.T) {
	away := errors.New("connection reset")
	create := func(ctx context.Context, c *client.Client, key string) error {
		_, err := c.CreateCredential(ctx, client.NewCredential{Name: "x", Scopes: []string{"y"}}, client.CreateCredentialParams{IdempotencyKey: key})
		return err
	}
	list := func(ctx context.Context, c *client.Client) error {
		_, err := c.ListCredentials(ctx, client.ListCredentialsParams{})
		return err
	}
	for name, test := range map[string]struct {
		answers []reply
		call    func(context.Context, *client.Client) error
		sent    int
		good    bool
		least   time.Duration
	}{
		"a read that broke":                  {[]reply{breaks(away), says(200, emptyList)}, list, 2, true, 100 * time.Millisecond},
		"a read refused for now":             {[]reply{refuses(503, "unavailable", "Retry-After", "3"), says(200, emptyList)}, list, 2, true, 3 * time.Second},
		"a read refused for long":            {[]reply{refuses(429, "rate_limited", "Retry-After", "60")}, list, 1, false, 0},
		"a read refused for good":            {[]reply{refuses(404, "not_found")}, list, 1, false, 0},
		"a read that keeps breaking":         {[]reply{breaks(away), breaks(away), breaks(away)}, list, 3, false, 300 * time.Millisecond},
		"a create with a key":                {[]reply{breaks(away), says(201, `{"client_id":"1"}`)}, func(ctx context.Context, c *client.Client) error { return create(ctx, c, "k") }, 2, true, 0},
		"a create without one":               {[]reply{breaks(away)}, func(ctx context.Context, c *client.Client) error { return create(ctx, c, "") }, 1, false, 0},
		"a delete":                           {[]reply{refuses(503, "unavailable")}, func(ctx context.Context, c *client.Client) error { return c.DeleteCredential(ctx, "1") }, 1, false, 0},
		"a rotation":                         {[]reply{breaks(away)}, func(ctx context.Context, c *client.Client) error { _, err := c.RotateSecret(ctx, "1", 0); return err }, 1, false, 0},
		"a read whose caller stopped before": {[]reply{breaks(context.Canceled)}, list, 1, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: test.answers}
				begin := time.Now()
				err := test.call(t.Context(), s.client(t))
				if (err == nil) != test.good {
					t.Errorf("error: %v", err)
				}
				if len(s.requests) != test.sent {
					t.Errorf("sent %d times, want %d", len(s.requests), test.sent)
				}
				if took := time.Since(begin); took < test.least {
					t.Errorf("it waited %s, want at least %s", took, test.least)
				}
				for i, body := range s.bodies {
					if body != s.bodies[0] {
						t.Errorf("try %d sent another body: %s", i, body)
					}
				}
			})
		})
	}
}

func TestRequests_StopWaitingWhenTheirContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := &script{answers: []reply{refuses(503, "unavailable", "Retry-After", "9")}}
		begin := time.Now()
		_, err := s.client(t).GetMe(ctx)
		if !client.IsProblem(err, client.CodeUnavailable) || time.Since(begin) != time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

func TestRequests_SayWhoAsksAndEscapeWhatTheyName(t *testing.T) {
	s := &script{answers: []reply{says(200, `{}`), says(200, `{}`), says(200, emptyList)}}
	c := s.client(t, client.WithUserAgent("nightly/1"))
	_, err := c.GetCredential(t.Context(), "a/../{b}?c=d#e")
	must(t, err)
	_, err = c.EditCredential(t.Context(), "1", client.CredentialChange{Scopes: []string{"a"}, ExpiresAt: client.Null[time.Time]()}, client.EditCredentialParams{IfMatch: `"3"`})
	must(t, err)
	_, err = c.ListCredentials(t.Context(), client.ListCredentialsParams{Q: "a&b=c", PageSize: 7})
	must(t, err)
	if got, want := s.requests[0].URL.String(), issuer+"/api/v1/credentials/a%2F..%2F%7Bb%7D%3Fc=d%23e"; got != want {
		t.Errorf("address %s, want %s", got, want)
	}
	if got, want := s.requests[2].URL.RawQuery, "page_size=7&q=a%26b%3Dc"; got != want {
		t.Errorf("query %s, want %s", got, want)
	}
	if got, want := s.bodies[1], `{"expires_at":null,"scopes":["a"]}`; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	h := s.requests[1].Header
	if h.Get("Authorization") != "Bearer a.b.c" || h.Get("User-Agent") != "nightly/1" || h.Get("If-Match") != `"3"` || h.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", h)
	}
	for _, id := range []string{"", ".", ".."} {
		if c.DeleteCredential(t.Context(), id) == nil {
			t.Errorf("the ID %q was sent", id)
		}
	}
	if len(s.requests) != 3 {
		t.Errorf("%d requests", len(s.requests))
	}
}

func TestAnswers_OfSomethingElseAreNotTakenForTheServers(t *testing.T) {
	for name, test := range map[string]struct {
		answer reply
		want   string
	}{
		"a proxy's page":       {says(403, "<html>clav_secret", "Content-Type", "text/html"), "is not Claviger's"},
		"another's JSON":       {says(404, `{"message":"clav_secret"}`), "is not Claviger's"},
		"a page with 200":      {says(200, "<html>clav_secret"), "is not Claviger's"},
		"a way to elsewhere":   {says(301, "", "Location", "https://other.example/"), `"https://other.example/"`},
		"a secret of a number": {says(201, `{"client_secret":12345}`), "is not Claviger's"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{answers: []reply{test.answer}}
			_, err := s.client(t, client.WithTries(1)).CreateCredential(t.Context(), client.NewCredential{}, client.CreateCredentialParams{})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "clav_secret") || strings.Contains(err.Error(), "12345") {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if len(s.requests) != 1 {
				t.Errorf("%d requests: the token followed", len(s.requests))
			}
		})
	}
}

func TestNew_RefusesWhatWouldLoseTheToken(t *testing.T) {
	for _, server := range []string{"", "claviger.example", "ftp://claviger.example", "https://", "https://u:p@claviger.example", "https://claviger.example/console", "https://claviger.example?x=1", "http://claviger.example"} {
		if _, err := client.New(server, "a.b.c"); err == nil {
			t.Errorf("took the server %q", server)
		}
	}
	for _, server := range []string{"https://claviger.example", "https://claviger.example/", "http://127.0.0.1:8420", "http://[::1]:8420", "http://localhost:8420"} {
		if _, err := client.New(server, "a.b.c"); err != nil {
			t.Errorf("refused the server %q: %v", server, err)
		}
	}
	if _, err := client.New("http://claviger.example", "a.b.c", client.WithPlainHTTP()); err != nil {
		t.Error(err)
	}
	for _, token := range []string{"", "secret\nX-Other: 1", "secret b", "secret\u00e9"} {
		if _, err := client.New(issuer, token); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestSecrets_AreShownByRevealAlone(t *testing.T) {
	const text = "clav_visible"
	s := &script{answers: []reply{says(201, `{"client_id":"1","client_secret":"`+text+`"}`)}}
	c := s.client(t)
	created, err := c.CreateCredential(t.Context(), client.NewCredential{}, client.CreateCredentialParams{})
	must(t, err)
	if created.ClientSecret.Reveal() != text || (client.SecretText{}).Reveal() != "" {
		t.Fatal("Reveal does not")
	}
	hidden := struct{ inside client.SecretText }{created.ClientSecret}
	var out bytes.Buffer
	for _, value := range []any{created, *created, created.ClientSecret, &created.ClientSecret, hidden, c, *c} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
	}
	for _, value := range []any{created, created.ClientSecret} {
		encoded, err := json.Marshal(value)
		must(t, err)
		out.Write(encoded)
		slog.New(slog.NewTextHandler(&out, nil)).Info("made", "value", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("made", "value", value)
	}
	fmt.Fprintf(&out, "%x", created.ClientSecret)
	for _, leak := range []string{text, fmt.Sprintf("%x", text), "a.b.c"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q is in\n%s", leak, &out)
		}
	}
}

func TestPasswords_ReachTheServerAndNoPrint(t *testing.T) {
	s := &script{answers: []reply{says(204, "")}}
	change := client.PasswordChange{NewPassword: "correct horse battery"}
	must(t, s.client(t).SetPassword(t.Context(), change))
	if !strings.Contains(s.bodies[0], `"correct horse battery"`) {
		t.Errorf("sent %s", s.bodies[0])
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s %x", change, change, change, change.NewPassword, change.NewPassword)
	slog.New(slog.NewTextHandler(&out, nil)).Info("set", "change", change)
	if strings.Contains(out.String(), "horse") || strings.Contains(out.String(), fmt.Sprintf("%x", "horse")) {
		t.Error(out.String())
	}
}
