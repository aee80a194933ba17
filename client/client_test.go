package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/api"
	"github.com/claviger/claviger/client"
	"github.com/claviger/claviger/internal/apicred"
)

func TestClient_HasAMethodForEveryOperation(t *testing.T) {
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	must(t, json.Unmarshal(api.OpenAPI, &document))
	if len(document.Paths) == 0 {
		t.Fatal("the document has no paths")
	}
	of := reflect.TypeFor[*client.Client]()
	for path, item := range document.Paths {
		for method, operation := range item {
			name := strings.ReplaceAll(strings.ToUpper(operation.OperationID[:1])+operation.OperationID[1:], "Apis", "APIs")
			if _, ok := of.MethodByName(name); !ok {
				t.Errorf("no method %s for %s %s: run make generate", name, method, path)
			}
		}
	}
}

func TestClient_TakesACredentialThroughItsLife(t *testing.T) {
	ctx := t.Context()
	c := install(t).as("ada", apicred.RoleAdmin)
	created, err := c.CreateCredential(ctx, client.NewCredential{Name: "Nightly", Scopes: []string{"users:read"}}, client.CreateCredentialParams{IdempotencyKey: "once"})
	must(t, err)
	if !strings.HasPrefix(created.ClientSecret.Reveal(), "clav_") || created.ETag != `"1"` {
		t.Fatalf("created: secret of %d characters, ETag %s", len(created.ClientSecret.Reveal()), created.ETag)
	}
	id := created.ClientID

	var problem *client.Problem
	_, err = c.CreateCredential(ctx, client.NewCredential{Name: "Nightly", Scopes: []string{"users:read"}}, client.CreateCredentialParams{IdempotencyKey: "once"})
	if !errors.As(err, &problem) || problem.Status != http.StatusConflict || problem.ClientID != id {
		t.Fatalf("the same key again: %v", err)
	}

	edited, err := c.EditCredential(ctx, id, client.CredentialChange{
		Name: new("Weekly"), RequestsPerSecond: client.Set(int64(5)), AllowedCIDRs: client.Set([]string{"192.0.2.0/24"}),
	}, client.EditCredentialParams{IfMatch: created.ETag})
	must(t, err)
	if edited.Name != "Weekly" || *edited.RequestsPerSecond != 5 || edited.ExpiresAt != nil || edited.ETag == created.ETag {
		t.Fatalf("edited: %+v", edited)
	}
	if _, err = c.EditCredential(ctx, id, client.CredentialChange{Name: new("Lost")}, client.EditCredentialParams{IfMatch: created.ETag}); !client.IsProblem(err, client.CodePrecondition) {
		t.Fatalf("a stale edit: %v", err)
	}
	edited, err = c.EditCredential(ctx, id, client.CredentialChange{RequestsPerSecond: client.Null[int64]()}, client.EditCredentialParams{})
	must(t, err)
	if edited.RequestsPerSecond != nil || len(edited.AllowedCIDRs) != 1 {
		t.Fatalf("removing one limit left %v and %v", edited.RequestsPerSecond, edited.AllowedCIDRs)
	}

	rotated, err := c.RotateSecret(ctx, id, 0)
	must(t, err)
	if rotated.ClientSecret.Reveal() == created.ClientSecret.Reveal() || rotated.ClientSecret.Reveal() == "" {
		t.Fatal("the rotated secret is not a new one")
	}
	secrets, err := c.ListSecrets(ctx, id)
	must(t, err)
	if len(secrets.Secrets) != 2 || secrets.Secrets[0].ExpiresAt == nil || secrets.Secrets[1].ExpiresAt != nil {
		t.Fatalf("secrets after rotation: %+v", secrets.Secrets)
	}
	must(t, c.DeleteSecret(ctx, id, secrets.Secrets[0].SecretID, client.DeleteSecretParams{Compromised: true}))

	disabled, err := c.DisableCredential(ctx, id)
	must(t, err)
	enabled, err := c.EnableCredential(ctx, id)
	must(t, err)
	if disabled.Status != client.StatusDisabled || enabled.Status != client.StatusActive {
		t.Fatalf("switched: %s, %s", disabled.Status, enabled.Status)
	}
	must(t, c.DeleteCredential(ctx, id))
	if _, err = c.GetCredential(ctx, id); !client.IsProblem(err, client.CodeNotFound) {
		t.Fatalf("after deletion: %v", err)
	}
}

func TestClient_ReadsAndChangesTheOtherNouns(t *testing.T) {
	ctx := t.Context()
	c := install(t).as("ada", apicred.RoleAdmin)
	me, err := c.GetMe(ctx)
	must(t, err)
	account, err := c.GetAccount(ctx)
	must(t, err)
	if me.Role != "admin" || account.AccountID != me.AccountID {
		t.Fatalf("me %+v, account %+v", me, account)
	}
	apis, err := c.ListAPIs(ctx)
	must(t, err)
	scopes, err := c.ListScopes(ctx, client.ListScopesParams{All: true})
	must(t, err)
	if !slices.ContainsFunc(apis.APIs, func(a client.API) bool { return a.ID == "user-admin" }) ||
		!slices.ContainsFunc(scopes.Scopes, func(s client.Scope) bool { return s.Value == "users:read" }) {
		t.Fatal("the catalogue's APIs and scopes are not listed")
	}

	catalogue, err := c.GetCatalogue(ctx)
	must(t, err)
	catalogue.APIs[0].Name = "Another name"
	applied, err := c.ApplyCatalogue(ctx, *catalogue, client.ApplyCatalogueParams{IfMatch: catalogue.ETag})
	must(t, err)
	if applied.ETag == catalogue.ETag || catalogue.ETag == "" {
		t.Fatalf("ETag %s became %s", catalogue.ETag, applied.ETag)
	}
	if _, err = c.ApplyCatalogue(ctx, *catalogue, client.ApplyCatalogueParams{IfMatch: catalogue.ETag}); !client.IsProblem(err, client.CodePrecondition) {
		t.Fatalf("a stale catalogue: %v", err)
	}

	user, err := c.CreateUser(ctx, client.NewUser{Email: "grace@example.com", Role: "supervisor"})
	must(t, err)
	user, err = c.EditUser(ctx, user.UserID, client.UserChange{Role: new("agent")})
	must(t, err)
	link, err := c.CreateSetUpLink(ctx, user.UserID)
	must(t, err)
	if user.Role != "agent" || !strings.HasPrefix(link.URL.Reveal(), issuer) {
		t.Fatalf("user %+v, link of %d characters", user, len(link.URL.Reveal()))
	}
	must(t, c.DeleteUser(ctx, user.UserID))
	users, err := c.ListUsers(ctx)
	must(t, err)
	if len(users.Users) != 1 {
		t.Fatalf("%d users are left", len(users.Users))
	}
	var actions []string
	for event, err := range c.AuditEvents(ctx, client.ListAuditEventsParams{PageSize: 2, Actor: me.UserID}) {
		must(t, err)
		actions = append(actions, event.Action)
	}
	want := []string{"user.delete", "user.set_up_link", "user.edit", "user.create", "catalogue.apply"}
	if diff := cmp.Diff(want, actions); diff != "" {
		t.Errorf("audit log, newest first (-want +got):\n%s", diff)
	}
}

func TestCredentials_GoesThroughEveryPageOnce(t *testing.T) {
	ctx := t.Context()
	c := install(t).as("ada", apicred.RoleAdmin)
	var want []string
	for i := range 5 {
		created, err := c.CreateCredential(ctx, client.NewCredential{Name: fmt.Sprint("Credential ", i), Scopes: []string{"users:read"}}, client.CreateCredentialParams{})
		must(t, err)
		want = append(want, created.ClientID)
	}
	var got []string
	for credential, err := range c.Credentials(ctx, client.ListCredentialsParams{PageSize: 2, Sort: "name"}) {
		must(t, err)
		got = append(got, credential.ClientID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, err := range c.Credentials(ctx, client.ListCredentialsParams{PageSize: 2}) {
		must(t, err)
		break // a caller may stop
	}
	for _, err := range c.Credentials(ctx, client.ListCredentialsParams{PageToken: "nonsense"}) {
		if err == nil {
			t.Error("a bad page token gave a row")
		}
	}
}

func TestProblem_TellsWhatToDo(t *testing.T) {
	ctx := t.Context()
	i := install(t)
	c := i.as("sue", apicred.RoleSupervisor)
	_, err := c.CreateCredential(ctx, client.NewCredential{Name: "", Scopes: []string{"absent"}}, client.CreateCredentialParams{})
	var problem *client.Problem
	if !errors.As(err, &problem) || problem.Status != 422 || problem.RequestID == "" || len(problem.Errors) != 2 {
		t.Fatalf("members: %+v", err)
	}
	if text := err.Error(); !strings.Contains(text, problem.RequestID) || !strings.Contains(text, "body.name") {
		t.Errorf("the error does not name member and request: %s", text)
	}
	_, err = c.CreateCredential(ctx, client.NewCredential{Name: "Too much", Scopes: []string{"users:write"}}, client.CreateCredentialParams{})
	if !client.IsProblem(err, client.CodeScopeNotGrantable) {
		t.Errorf("above the ceiling: %v", err)
	}
	if _, err = c.GetCatalogue(ctx); !client.IsProblem(err, client.CodeNotFound) {
		t.Errorf("a supervisor and the catalogue: %v", err)
	}
}
