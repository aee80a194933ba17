package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/claviger/claviger/enforce"
)

// askedToProve is what a foreign client is told that proves a key of its own.
type askedToProve struct {
	Issuer       string        `json:"issuer"`
	ClientID     string        `json:"client_id"`
	ClientSecret string        `json:"client_secret"`
	Calls        []foreignCall `json:"calls"`
}

// foreignCall is one that it makes with its token; with Form, which holds the
// token.
type foreignCall struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	URL    string `json:"url"`
	Form   bool   `json:"form"`
}

// toldByProver is what came of it: for each call the answers with a proof, with
// another proof, with one by another key, and as Bearer.
type toldByProver struct {
	Program     string           `json:"program"`
	Way         string           `json:"way"`
	AccessToken string           `json:"access_token"`
	TokenType   string           `json:"token_type"`
	Answers     map[string][]any `json:"answers"`
}

// TestForeignClients_ProveTheirKey lets an OAuth client, as it is published, do
// DPoP from end to end, in every algorithm of the metadata, at every door.
func TestForeignClients_ProveTheirKey(t *testing.T) {
	p := startGateway(t)
	open := strings.Replace(ordersCatalogue, "hosts: ["+ordersHost+"]", "upstream: http://"+p.upstream.address, 1)
	if out, talk, code := run(t, p.cmd.Dir, "catalogue", "apply", write(t, filepath.Join(t.TempDir(), "catalogue.yaml"), open)); code != 0 {
		t.Fatal(out, talk)
	}
	managing := []string{"claviger:credentials:read", "claviger:introspect"}
	service := serveOrders(t, p.installation)
	for name, x := range map[string]struct {
		scopes []string
		calls  []foreignCall
	}{
		"an API": {[]string{"orders:read"}, []foreignCall{
			{"gateway", "GET", "http://" + p.listen + "/orders/42?page=2", false},
			{"enforce", "GET", service + "/orders/42", false},
		}},
		"management": {managing, []foreignCall{
			{"REST", "GET", p.address + "/api/v1/credentials?level=user", false},
			{"introspection", "POST", p.address + "/oauth2/introspect", true},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := p.create(t, x.scopes, nil)
			nodeModules(t)
			asked := askedToProve{Issuer: p.address, ClientID: c.id, ClientSecret: c.secret, Calls: x.calls}
			var ways []string
			for _, told := range foreign[toldByProver](t, asked, "node", needed(t, "node", "nodejs"), "provers.mjs") {
				t.Logf("%s: %s, %s: %v", told.Program, told.TokenType, told.Way, told.Answers)
				ways = append(ways, told.Way)
				for _, call := range x.calls {
					if got, want := told.Answers[call.Name], []any{200., 200., 401., 401.}; !slices.Equal(got, want) || !strings.EqualFold(told.TokenType, "DPoP") {
						t.Errorf("%s at %s: %v, want %v", told.Way, call.Name, got, want)
					}
				}
			}
			if want := []string{"ES256", "ES384", "ES512", "PS256", "RS256", "EdDSA"}; !slices.Equal(ways, want) {
				t.Errorf("tried %v, want %v", ways, want)
			}
		})
	}
}

// serveOrders is the orders API as a service that checks tokens by itself.
func serveOrders(t *testing.T, in *installation) string {
	t.Helper()
	v, err := enforce.New(enforce.Config{Issuer: in.address, Audience: "urn:example:orders"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); v.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	server := httptest.NewServer(v.Require("orders:read")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	t.Cleanup(server.Close)
	return server.URL
}
