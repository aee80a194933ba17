package lifecycle_test

import (
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
	for name, text := range map[string]string{
		"empty":           "",
		"unknown member":  "apis: []\nscopes: []\nroutes: []\n",
		"repeated member": "apis: []\napis: []\n",
		"two documents":   "apis: []\n---\napis: []\n",
		"wrong type":      "apis: 7\n",
		"not YAML":        "apis: [\n",
	} {
		_, err := lifecycle.DecodeCatalogue([]byte(text))
		if !apicred.IsKind(err, apicred.KindInvalid) || len(err.Error()) < 20 {
			t.Errorf("%s: got %v, want an invalid error with a remedy", name, err)
		} else {
			t.Log(name+":", err)
		}
	}
}
