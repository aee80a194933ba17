package lifecycle_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func (i *installation) tryApply(actor apicred.Actor, text string, version int64) (changed bool, err error) {
	i.t.Helper()
	document, err := lifecycle.DecodeCatalogue([]byte(text))
	must(i.t, err)
	_, changed, err = i.service.ApplyCatalogue(i.t.Context(), actor, document, version)
	return changed, err
}

func TestCatalogue_BelongsToTheOperatorAccountsAdmins(t *testing.T) {
	i := install(t)
	for what, c := range map[string]struct {
		actor apicred.Actor
		kind  apicred.Kind
	}{
		"the operator":         {operator(), ""},
		"an admin":             {i.as("ada"), ""},
		"an admin by token":    {i.with("ada", apicred.ScopeCatalogueRead, apicred.ScopeCatalogueWrite), ""},
		"without the scope":    {i.with("ada", apicred.ScopeCredentialsRead), apicred.KindForbidden},
		"a supervisor":         {i.as("sue"), apicred.KindNotFound},
		"an agent":             {i.as("abe"), apicred.KindNotFound},
		"another account":      {i.as("olga"), apicred.KindNotFound},
		"another, with scopes": {i.with("olga", apicred.ScopeCatalogueRead, apicred.ScopeCatalogueWrite), apicred.KindNotFound},
	} {
		_, _, err := i.service.Catalogue(t.Context(), c.actor)
		wantKind(t, what+" reads", err, c.kind)
		_, err = i.tryApply(c.actor, testCatalogue, -1)
		wantKind(t, what+" applies", err, c.kind)
		wantKind(t, what+" may apply", i.service.MayApplyCatalogue(t.Context(), c.actor), c.kind)
	}
}

func TestDiffCatalogue_SaysWhatApplyingWouldDo(t *testing.T) {
	i := install(t)
	i.create(i.as("ada"), "orders:write")
	i.create(i.as("ada"), "orders:write", "stats")
	diff := func(actor apicred.Actor, text string) (lifecycle.CatalogueReport, error) {
		document, err := lifecycle.DecodeCatalogue([]byte(text))
		must(t, err)
		return i.service.DiffCatalogue(t.Context(), actor, document)
	}
	for what, c := range map[string]struct {
		old, new string
		want     []lifecycle.CatalogueConsequence
		refused  bool
	}{
		"nothing":            {"", "", []lifecycle.CatalogueConsequence{}, false},
		"drop what is held":  {`  - {value: stats, description: View stats, api: stats, roles: [admin, supervisor]}`, "", []lifecycle.CatalogueConsequence{{Scope: "stats", Effect: lifecycle.EffectRefused, Credentials: 1}}, true},
		"retire a scope":     {"Write orders, api: orders", "Write orders, api: orders, retired: true", []lifecycle.CatalogueConsequence{{Scope: "orders:write", Effect: lifecycle.EffectLost, Credentials: 2}}, false},
		"retire an API":      {`audience: "urn:stats"`, `audience: "urn:stats", retired: true`, []lifecycle.CatalogueConsequence{{Scope: "stats", Effect: lifecycle.EffectLost, Credentials: 1}}, false},
		"narrow the roles":   {"api: stats, roles: [admin, supervisor]", "api: stats, roles: [admin]", []lifecycle.CatalogueConsequence{{Scope: "stats", Effect: lifecycle.EffectLimited, Credentials: 1}}, false},
		"what nobody holds":  {"Read orders, api: orders", "Read orders, api: orders, retired: true", []lifecycle.CatalogueConsequence{}, false},
		"a description only": {"View stats", "See stats", []lifecycle.CatalogueConsequence{}, false},
	} {
		text := strings.Replace(testCatalogue, c.old, c.new, 1)
		if c.refused {
			text = strings.Replace(text, "scopes: [stats]", `scopes: ["orders:read"]`, 1)
		}
		report, err := diff(operator(), text)
		must(t, err)
		if d := cmp.Diff(c.want, report.Consequences); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
		if report.Same != (c.old == "") || report.Difference.Empty() != report.Same || (report.Refused() != nil) != c.refused {
			t.Errorf("%s: %+v", what, report)
		}
	}
	_, err := i.tryApply(operator(), strings.Replace(testCatalogue, "View stats, api: stats", "View stats, api: stats, retired: true", 1), -1)
	must(t, err)
	report, err := diff(operator(), testCatalogue)
	must(t, err)
	if d := cmp.Diff([]lifecycle.CatalogueConsequence{{Scope: "stats", Effect: lifecycle.EffectBack, Credentials: 1}}, report.Consequences); d != "" {
		t.Errorf("bring a scope back (-want +got):\n%s", d)
	}
	_, err = i.tryApply(operator(), testCatalogue, -1)
	must(t, err)
	for who, kind := range map[string]apicred.Kind{"ada": "", "sue": apicred.KindNotFound, "olga": apicred.KindNotFound} {
		_, err := diff(i.as(who), testCatalogue)
		wantKind(t, who, err, kind)
	}
	_, err = diff(operator(), strings.Replace(testCatalogue, "id: stats, audience", "id: stats, accounts: [absent], audience", 1))
	wantKind(t, "an account that is not there", err, apicred.KindInvalid)
	if changed, err := i.tryApply(operator(), testCatalogue, -1); changed || err != nil {
		t.Errorf("comparing changed the catalogue: %v", err)
	}
}

func TestCatalogue_KeepsWhatSomebodyHolds(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id := i.create(ada, "orders:write").ClientID
	dropped := strings.ReplaceAll(testCatalogue, `  - {value: "orders:write", description: Write orders, api: orders}`+"\n", "")
	dropped = strings.ReplaceAll(dropped, `"orders:read", "orders:write"`, `"orders:read"`)
	_, err := i.tryApply(ada, dropped, -1)
	wantKind(t, "drop a held scope", err, apicred.KindConflict)
	if err == nil || !strings.Contains(err.Error(), "orders:write") {
		t.Errorf("the refusal names no scope: %v", err)
	}
	retired := strings.ReplaceAll(testCatalogue, "Write orders, api: orders", "Write orders, api: orders, retired: true")
	changed, err := i.tryApply(ada, retired, -1)
	if err != nil || !changed {
		t.Fatalf("retire it: %t %v", changed, err)
	}
	if c := i.stored(id); c.Suspension != apicred.SuspensionScopes || c.Generation != 2 {
		t.Errorf("held and retired: %q, generation %d", c.Suspension, c.Generation)
	}
	name := "renamed"
	_, err = i.service.EditCredential(t.Context(), ada, id, lifecycle.CredentialChange{Name: &name})
	wantKind(t, "edit something else", err, "")
	_, err = i.service.CreateCredential(t.Context(), ada, lifecycle.NewCredential{Name: "x", Scopes: []string{"orders:write"}})
	wantKind(t, "give it anew", err, apicred.KindInvalid)
	must(t, i.service.DeleteCredential(t.Context(), ada, id))
	_, err = i.tryApply(ada, dropped, -1)
	wantKind(t, "drop it when nobody holds it", err, "")
}

func TestCatalogue_IsComparedByVersion(t *testing.T) {
	i := install(t)
	_, version, err := i.service.Catalogue(t.Context(), i.as("ada"))
	must(t, err)
	changed, err := i.tryApply(i.as("ada"), testCatalogue, version)
	if err != nil || changed {
		t.Errorf("what stands: changed %t, %v", changed, err)
	}
	other := strings.ReplaceAll(testCatalogue, "View stats", "See stats")
	_, err = i.tryApply(i.as("ada"), other, version-1)
	wantKind(t, "stale", err, apicred.KindPrecondition)
	changed, err = i.tryApply(i.as("ada"), other, version)
	if err != nil || !changed {
		t.Errorf("current: changed %t, %v", changed, err)
	}
}

func TestCatalogue_ThatLimitsAnAPITakesItsScopesFromOtherAccounts(t *testing.T) {
	i := install(t)
	id := i.create(i.as("ada"), "stats").ClientID
	limited := strings.ReplaceAll(testCatalogue, `audience: "urn:stats"`, `audience: "urn:stats", accounts: ["`+i.second.ID+`"]`)
	_, err := i.tryApply(operator(), limited, -1)
	must(t, err)
	if c := i.stored(id); c.Suspension != apicred.SuspensionScopes {
		t.Errorf("suspension %q", c.Suspension)
	}
	_, err = i.service.CreateCredential(t.Context(), i.as("ada"), lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}})
	wantKind(t, "first", err, apicred.KindInvalid)
	_, err = i.service.CreateCredential(t.Context(), i.as("olga"), lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}})
	wantKind(t, "second", err, "")
	_, err = i.tryApply(operator(), strings.ReplaceAll(limited, i.second.ID, "nobody"), -1)
	wantKind(t, "an account that is none", err, apicred.KindInvalid)
}

// A token for such an API would open the management API, too, and no
// enforcement point would take it.
func TestCatalogue_LeavesTheManagementAudienceAlone(t *testing.T) {
	i := install(t)
	text := "apis:\n  - {id: mine, audience: \"https://claviger.example/api/v1\", routes: [{path: /x, scopes: [\"mine:x\"]}]}\n" +
		"scopes:\n  - {value: \"mine:x\", description: X, api: mine}\n"
	_, err := i.tryApply(operator(), text, -1)
	wantKind(t, "the management audience", err, apicred.KindInvalid)
	if fields := apicred.AsError(err).Fields; len(fields) != 1 || fields[0].Location != "apis[0].audience" {
		t.Errorf("%+v", fields)
	}
}

func TestDecodeCatalogue_TellsSyntaxFromMembers(t *testing.T) {
	code := func(text string) string {
		_, err := lifecycle.DecodeCatalogue([]byte(text))
		return apicred.AsError(err).WireCode()
	}
	got := []string{code("apis: ["), code("apis: []\nroutes: []\nmore: 1\n"), code("apis: 7")}
	if diff := cmp.Diff([]string{"malformed", "invalid", "invalid"}, got); diff != "" {
		t.Error(diff)
	}
	_, err := lifecycle.DecodeCatalogue([]byte("apis: []\nroutes: []\nmore: 1\n"))
	if fields := apicred.AsError(err).Fields; len(fields) != 2 || fields[0].Location != "line 2" || fields[1].Location != "line 3" {
		t.Errorf("fields: %+v", fields)
	}
}

func FuzzDecodeCatalogue(f *testing.F) {
	f.Add([]byte(testCatalogue))
	f.Add([]byte(`{"apis":[],"scopes":[]}`))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("apis: 7\nscopes: x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		document, err := lifecycle.DecodeCatalogue(text)
		if err != nil {
			if !apicred.IsKind(err, apicred.KindInvalid) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		normal, err := document.Normalize()
		if err != nil {
			return
		}
		again, err := normal.Normalize()
		if diff := cmp.Diff(normal, again); err != nil || diff != "" {
			t.Errorf("normal is not normal: %v %s", err, diff)
		}
	})
}

// What follows from a change of the catalogue is shown to the admins of each
// account; from which address it was made is its own account's affair.
func TestCatalogue_ShowsNoOtherAccountFromWhichAddressItWasChanged(t *testing.T) {
	i := install(t)
	i.create(i.as("ada"), "stats")
	i.create(i.as("olga"), "stats")
	third, err := i.service.CreateAccount(t.Context(), operator(), "third")
	must(t, err)
	_, err = i.tryApply(i.as("ada"), strings.ReplaceAll(testCatalogue, `audience: "urn:stats"`, `audience: "urn:stats", accounts: ["`+third.ID+`"]`), -1)
	must(t, err)
	for account, address := range map[string]string{i.first.ID: "192.0.2.1", i.second.ID: ""} {
		events := i.events(account)
		at := slices.IndexFunc(events, func(e apicred.AuditEvent) bool { return e.Action == "credential.suspend" })
		if at < 0 || events[at].Address != address || events[at].RequestID != "request-of-ada" {
			t.Errorf("account %s: %+v, want the suspension from %q", account, events, address)
		}
	}
}
