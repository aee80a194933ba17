package lifecycle_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/examples"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func vcc(t *testing.T) *apicred.CompiledCatalogue {
	t.Helper()
	document, err := lifecycle.DecodeCatalogue(examples.VCC)
	if err != nil {
		t.Fatal(err)
	}
	normal, err := document.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	return apicred.Compile(normal, "http://127.0.0.1:8420/api/v1", 1)
}

func TestVCCCatalogue_OffersSupervisorsExactlyTwoScopes(t *testing.T) {
	var got []string
	for _, s := range vcc(t).Offered(apicred.RoleSupervisor, &apicred.Account{ID: "a"}) {
		if !apicred.IsManagement(s.Value) {
			got = append(got, s.Value)
		}
	}
	want := []string{"users:read", "interaction-content:read"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestVCCCatalogue_RoutesOpenToTheDocumentedScopes(t *testing.T) {
	cases := []struct{ method, path, api, scope string }{
		{"GET", "/useradmin/users", "user-admin", "users:read"},
		{"HEAD", "/useradmin/users", "user-admin", "users:read"},
		{"PATCH", "/useradmin/users/7", "user-admin", "users:write"},
		{"GET", "/insights/stats/agents", "insights-stats", "stats"},
		{"GET", "/agents/7/presence", "agents", "users:read"},
		{"PATCH", "/agents/7/presence", "agents", "users:write"},
		{"POST", "/payment/sessions", "payment", "globalpci"},
		{"POST", "/webhooks-api/webhooks/subscriptions", "webhooks", "admin:write"},
		{"OPTIONS", "/payment/sessions", "", ""},
		{"POST", "/useradmin/users", "", ""},
		{"GET", "/USERADMIN/users", "", ""},
		{"GET", "/nowhere", "", ""},
	}
	catalogue := vcc(t)
	for _, c := range cases {
		segments, ok := apicred.PathSegments(c.path)
		if !ok {
			t.Fatalf("%s refused", c.path)
		}
		api, scope := "", ""
		if r := catalogue.Match(c.method, "any.example", segments); r != nil {
			api, scope = r.API.ID, r.Scopes[0]
		}
		if api != c.api || scope != c.scope {
			t.Errorf("%s %s: got %q %q, want %q %q", c.method, c.path, api, scope, c.api, c.scope)
		}
	}
}

func TestEncodeCatalogue_ReadsBackTheSame(t *testing.T) {
	want := vcc(t).Document()
	text, err := lifecycle.EncodeCatalogue(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lifecycle.DecodeCatalogue(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeCatalogue_NamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "The catalogue is empty.",
		"apis: []\nscopes: []\nroutes: []\n": "line 3: There is no field routes here. Correct",
		"apis: []\napis: []\n":               "line 2: It is there twice:",
		"apis: []\n---\napis: []\n":          "more than one document. Keep one.",
		"apis: 7\n":                          "line 1: The number `7` is of the wrong type here. See",
		"apis: {}\n":                         "line 1: A mapping is of the wrong type here. See",
		"apis: [\n":                          "line 1: did not find expected node content. It must be YAML",
		"apis:\n\t- id: orders\n":            "Indent with spaces, not tabs",
	} {
		_, err := lifecycle.DecodeCatalogue([]byte(text))
		if !apicred.IsKind(err, apicred.KindInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an invalid error with %q", text, err, want)
		}
	}
}
