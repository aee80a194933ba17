package lifecycle_test

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func TestCreate_StoresAHashAndAuditsWithoutTheSecret(t *testing.T) {
	i := install(t)
	made := i.create(i.as("ada"), "stats", "orders:write", "stats")
	if diff := cmp.Diff([]string{"orders:write", "stats"}, made.Scopes); diff != "" {
		t.Error(diff)
	}
	text := made.Secret.Reveal()
	if !apicred.WellFormedSecret(text) || made.Secrets[0].Hint != text[len(text)-4:] || strings.Contains(string(made.Secrets[0].Hash), text) {
		t.Errorf("secret: %+v", made.Secrets)
	}
	event := i.events(i.first.ID)[0]
	if event.Action != "credential.create" || event.TargetID != made.ClientID || event.ActorID != i.users["ada"].ID ||
		event.Address != "192.0.2.1" || event.RequestID != "request-of-ada" || event.Outcome != apicred.OutcomeDone {
		t.Errorf("event: %+v", event)
	}
	if after := string(event.After); !strings.Contains(after, `"orders:write"`) || strings.Contains(after, text) || strings.Contains(after, "ada@") {
		t.Errorf("after: %s", after)
	}
}

func TestCeiling_HoldsOnEveryPath(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	name, never := "renamed", time.Time{}
	change := func(f func(*lifecycle.CredentialChange)) lifecycle.CredentialChange {
		in := lifecycle.CredentialChange{}
		f(&in)
		return in
	}
	write := []string{"orders:write"}
	i.setRole("sue", apicred.RoleAdmin)
	high := i.createBounded(i.as("sue"), "orders:write", "stats").ClientID
	off := i.create(i.as("sue"), "orders:write", "stats").ClientID
	_, err := i.service.DisableCredential(ctx, i.as("sue"), off)
	must(t, err)
	i.setRole("sue", apicred.RoleSupervisor)
	low := i.create(i.as("sue"), "stats").ClientID
	sue := i.as("sue")
	audit := i.createBounded(i.as("ada"), apicred.ScopeAuditRead).ClientID
	narrow := i.with("ada", apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite)

	edit := func(actor apicred.Actor, clientID string, in lifecycle.CredentialChange) error {
		_, err := i.service.EditCredential(ctx, actor, clientID, in)
		return err
	}
	secret := func(actor apicred.Actor, clientID string) error {
		_, err := i.service.AddSecret(ctx, actor, clientID, lifecycle.NewSecret{})
		return err
	}
	create := func(actor apicred.Actor, scopes ...string) error {
		_, err := i.service.CreateCredential(ctx, actor, lifecycle.NewCredential{Name: "x", Scopes: scopes})
		return err
	}
	enable := func(actor apicred.Actor, clientID string) error {
		_, err := i.service.EnableCredential(ctx, actor, clientID)
		return err
	}
	ranges, lifetime, rate := []netip.Prefix{}, time.Duration(0), 0
	for what, err := range map[string]error{
		"create":             create(sue, "orders:write"),
		"add a scope":        edit(sue, low, change(func(c *lifecycle.CredentialChange) { c.Scopes = &write })),
		"keep a scope":       edit(sue, high, change(func(c *lifecycle.CredentialChange) { c.Scopes = &[]string{"orders:write"} })),
		"end":                edit(sue, high, change(func(c *lifecycle.CredentialChange) { c.ExpiresAt = &never })),
		"addresses":          edit(sue, high, change(func(c *lifecycle.CredentialChange) { c.AllowedCIDRs = &ranges })),
		"lifetime":           edit(sue, high, change(func(c *lifecycle.CredentialChange) { c.TokenLifetime = &lifetime })),
		"rate":               edit(sue, high, change(func(c *lifecycle.CredentialChange) { c.RequestsPerSecond = &rate })),
		"secret":             secret(sue, high),
		"enable":             enable(sue, off),
		"create, by token":   create(narrow, apicred.ScopeAuditRead),
		"secret, by token":   secret(narrow, audit),
		"renewal, by token":  edit(narrow, audit, change(func(c *lifecycle.CredentialChange) { c.ExpiresAt = &never })),
		"all of it, by role": create(sue, apicred.ScopeAuditRead),
	} {
		if e := apicred.AsError(err); e.Kind != apicred.KindForbidden || e.WireCode() != apicred.CodeScopeNotGrantable {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{
		"rename":         edit(sue, high, change(func(c *lifecycle.CredentialChange) { c.Name = &name })),
		"drop the scope": edit(sue, high, change(func(c *lifecycle.CredentialChange) { c.Scopes = &[]string{"stats"} })),
		"own scope":      create(narrow, apicred.ScopeCredentialsRead, "orders:write"),
		"what is absent": apicred.NotFound(),
	} {
		if what != "what is absent" {
			wantKind(t, what, err, "")
		}
	}
	if err := create(sue, "nope", "orders:write"); !apicred.IsKind(err, apicred.KindForbidden) {
		t.Errorf("an unknown scope hides one above the ceiling: %v", err)
	}
}

func TestAccountLevelCredential_ManagesItsKindWithinItsOwnScopes(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	self := i.createForAccount(apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite, "stats")
	own := i.create(i.as("ada"), "stats")
	actor := apicred.Actor{
		Type: apicred.ActorCredential, ID: self.ClientID, Generation: 1, AccountID: i.first.ID, Role: apicred.RoleAdmin, Level: apicred.LevelAccount,
		Scopes: []string{apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite},
	}
	create := func(level apicred.Level, scopes ...string) error {
		_, err := i.service.CreateCredential(ctx, actor, lifecycle.NewCredential{Name: "x", Level: level, Scopes: scopes})
		return err
	}
	wantKind(t, "what it holds", create(apicred.LevelAccount, "stats", apicred.ScopeCredentialsRead), "")
	wantKind(t, "what it does not hold", create(apicred.LevelAccount, "orders:read"), apicred.KindForbidden)
	wantKind(t, "for a user", create(apicred.LevelUser, "stats"), apicred.KindForbidden)
	_, err := i.service.Credential(ctx, actor, own.ClientID)
	wantKind(t, "a user's", err, apicred.KindNotFound)
	wantKind(t, "delete a user's", i.service.DeleteCredential(ctx, actor, own.ClientID), apicred.KindNotFound)
	page, err := i.service.ListCredentials(ctx, actor, lifecycle.ListRequest{})
	must(t, err)
	if page.Total != 2 {
		t.Errorf("it sees %d, want the 2 account-level ones", page.Total)
	}
	if page, err = i.service.ListCredentials(ctx, actor, lifecycle.ListRequest{Level: apicred.LevelUser}); err != nil || page.Total != 0 {
		t.Errorf("it sees %d of users: %v", page.Total, err)
	}
	scopes, err := i.service.Scopes(ctx, actor, false)
	must(t, err)
	var offered []string
	for _, s := range scopes {
		offered = append(offered, s.Value)
	}
	if diff := cmp.Diff([]string{"stats", apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite}, offered); diff != "" {
		t.Error(diff)
	}
	_, err = i.service.Me(ctx, actor)
	wantKind(t, "me", err, apicred.KindNotFound)
	i.policy(apicred.AccountLevelClosed)
	wantKind(t, "under the closed policy", create(apicred.LevelAccount, "stats"), apicred.KindForbidden)
}

func TestIdempotencyKey_IsTheActorsForADay(t *testing.T) {
	i := install(t)
	create := func(actor apicred.Actor, name, key string) (string, error) {
		sum := sha256.Sum256([]byte(name))
		made, err := i.service.CreateCredential(t.Context(), actor, lifecycle.NewCredential{Name: name, Scopes: []string{"stats"}, IdempotencyKey: key, BodyHash: sum[:]})
		return made.ClientID, err
	}
	ada := i.as("ada")
	_, err := create(ada, "", "k")
	wantKind(t, "a refused create", err, apicred.KindInvalid)
	first, err := create(ada, "x", "k")
	wantKind(t, "after a refused one", err, "")
	_, err = create(ada, "x", "k")
	if e := apicred.AsError(err); e.Kind != apicred.KindConflict || e.ClientID != first {
		t.Errorf("replay: %v %q, want %q", err, e.ClientID, first)
	}
	_, err = create(ada, "y", "k")
	wantKind(t, "another body", err, apicred.KindInvalid)
	_, err = create(i.as("alan"), "x", "k")
	wantKind(t, "another actor", err, "")
	must(t, i.service.DeleteCredential(t.Context(), ada, first))
	i.clock = i.clock.Add(24*time.Hour - time.Second)
	_, err = create(ada, "x", "k")
	wantKind(t, "within the day, though deleted", err, apicred.KindConflict)
	i.clock = i.clock.Add(2 * time.Second)
	_, err = create(ada, "x", "k")
	wantKind(t, "after a day", err, "")
}

func TestEdit_RefusesAStaleVersion(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id := i.create(ada, "stats").ClientID
	edit := func(name string, version int64) (lifecycle.CredentialView, error) {
		return i.service.EditCredential(t.Context(), ada, id, lifecycle.CredentialChange{Name: &name, Version: version})
	}
	first, err := edit("one", 1)
	must(t, err)
	if first.Version != 2 {
		t.Errorf("version %d", first.Version)
	}
	_, err = edit("two", 1)
	wantKind(t, "stale", err, apicred.KindPrecondition)
	_, err = edit("", 1)
	wantKind(t, "stale and invalid", err, apicred.KindInvalid)
	if got := i.stored(id); got.Name != "one" {
		t.Errorf("a stale edit was stored: %q", got.Name)
	}
	same, err := edit("one", 2)
	must(t, err)
	if same.Version != 2 {
		t.Error("an edit that changes nothing makes a version")
	}
	if events := i.events(i.first.ID); events[0].Action != "credential.edit" || events[1].Action != "credential.create" {
		t.Errorf("events: %s, %s", events[0].Action, events[1].Action)
	}
}

func TestEdit_ThatBringsTheEndNearerEndsTokens(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id := i.create(ada, "stats").ClientID
	end := func(at time.Time) int64 {
		t.Helper()
		_, err := i.service.EditCredential(t.Context(), ada, id, lifecycle.CredentialChange{ExpiresAt: &at})
		must(t, err)
		return i.stored(id).Generation
	}
	if got := end(i.clock.Add(48 * time.Hour)); got != 1 {
		t.Errorf("an end past every token: generation %d", got)
	}
	if got := end(i.clock.Add(time.Hour)); got != 2 {
		t.Errorf("an end within a token's life: generation %d", got)
	}
	if got := end(i.clock.Add(2 * time.Hour)); got != 2 {
		t.Errorf("a later end: generation %d", got)
	}
}

func TestDisable_EndsTokensOnceAndAnAdminTakesOver(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	sue, ada := i.as("sue"), i.as("ada")
	id := i.create(sue, "stats").ClientID
	disable := func(actor apicred.Actor) lifecycle.CredentialView {
		t.Helper()
		view, err := i.service.DisableCredential(ctx, actor, id)
		must(t, err)
		return view
	}
	if v := disable(sue); v.StatusReason != "disabled_by_owner" || v.Generation != 2 {
		t.Errorf("by the owner: %s %d", v.StatusReason, v.Generation)
	}
	if v := disable(sue); v.Version != 2 {
		t.Errorf("twice: version %d", v.Version)
	}
	if v := disable(ada); v.StatusReason != "disabled_by_admin" || v.Generation != 2 {
		t.Errorf("by an admin: %s %d", v.StatusReason, v.Generation)
	}
	if v := disable(sue); v.StatusReason != "disabled_by_admin" {
		t.Error("the owner takes it back")
	}
	_, err := i.service.EnableCredential(ctx, sue, id)
	wantKind(t, "the owner enables", err, apicred.KindForbidden)
	v, err := i.service.EnableCredential(ctx, ada, id)
	must(t, err)
	if v.Status != apicred.StatusActive || v.Generation != 2 {
		t.Errorf("enabled: %s, generation %d; enabling revives no token", v.Status, v.Generation)
	}
}

func TestStatus_DisabledBeforeExpiredBeforeSuspended(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	end := i.clock.Add(time.Hour)
	made, err := i.service.CreateCredential(ctx, i.as("sam"), lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}, ExpiresAt: end})
	must(t, err)
	ada := i.as("ada")
	status := func() apicred.Status {
		t.Helper()
		v, err := i.service.Credential(ctx, ada, made.ClientID)
		must(t, err)
		page, err := i.service.ListCredentials(ctx, ada, lifecycle.ListRequest{Status: v.Status})
		must(t, err)
		if page.Total != 1 {
			t.Errorf("the filter %s finds %d", v.Status, page.Total)
		}
		return v.Status
	}
	got := []apicred.Status{status()}
	i.setStatus("sam", apicred.UserDeactivated)
	got = append(got, status())
	i.clock = end
	got = append(got, status())
	_, err = i.service.DisableCredential(ctx, ada, made.ClientID)
	must(t, err)
	got = append(got, status())
	if diff := cmp.Diff([]apicred.Status{apicred.StatusActive, apicred.StatusSuspended, apicred.StatusExpired, apicred.StatusDisabled}, got); diff != "" {
		t.Error(diff)
	}
}

func TestArea_IsHiddenWhereTheAccountHasItOff(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	ada := i.as("ada")
	id := i.create(ada, "stats").ClientID
	off := false
	_, err := i.service.EditAccount(ctx, operator(), i.first.ID, lifecycle.AccountChange{APICredentialsEnabled: &off})
	must(t, err)
	_, err = i.service.ListCredentials(ctx, ada, lifecycle.ListRequest{})
	wantKind(t, "list", err, apicred.KindNotFound)
	_, err = i.service.Credential(ctx, ada, id)
	wantKind(t, "read", err, apicred.KindNotFound)
	_, err = i.service.CreateCredential(ctx, ada, lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}})
	wantKind(t, "create", err, apicred.KindNotFound)
	if c := i.stored(id); c.Generation != 1 || c.Suspension != apicred.SuspensionNone {
		t.Error("switching the area off stops a program")
	}
}

func TestPageTokens_AreBoundToCallerAndQuery(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	ada := i.as("ada")
	for range 5 {
		i.create(ada, "stats")
	}
	request := lifecycle.ListRequest{PageSize: 2, Sort: lifecycle.SortCreatedAt}
	var seen []string
	for service := i.service; ; service = i.restart() {
		page, err := service.ListCredentials(ctx, ada, request)
		must(t, err)
		for _, c := range page.Credentials {
			seen = append(seen, c.ClientID)
		}
		if page.Total != 5 {
			t.Errorf("total %d", page.Total)
		}
		if page.NextPageToken == "" {
			break
		}
		request.PageToken = page.NextPageToken
		if len(seen) == 2 {
			checkPageToken(t, i, request)
		}
	}
	slices.Sort(seen)
	if len(seen) != 5 || len(slices.Compact(seen)) != 5 {
		t.Errorf("the pages hold %v", seen)
	}
}

func checkPageToken(t *testing.T, i *installation, request lifecycle.ListRequest) {
	t.Helper()
	for what, c := range map[string]struct {
		actor  apicred.Actor
		change func(*lifecycle.ListRequest)
		kind   apicred.Kind
	}{
		"another page size": {i.as("ada"), func(r *lifecycle.ListRequest) { r.PageSize = 3 }, ""},
		"another admin":     {i.as("alan"), nil, apicred.KindInvalid},
		"another account":   {i.as("olga"), nil, apicred.KindInvalid},
		"another order":     {i.as("ada"), func(r *lifecycle.ListRequest) { r.Sort = lifecycle.SortName }, apicred.KindInvalid},
		"another filter":    {i.as("ada"), func(r *lifecycle.ListRequest) { r.Scope = "stats" }, apicred.KindInvalid},
		"another search":    {i.as("ada"), func(r *lifecycle.ListRequest) { r.Search = "x" }, apicred.KindInvalid},
		"a longer token":    {i.as("ada"), func(r *lifecycle.ListRequest) { r.PageToken += "A" }, apicred.KindInvalid},
		"no token of ours":  {i.as("ada"), func(r *lifecycle.ListRequest) { r.PageToken = "e30" }, apicred.KindInvalid},
	} {
		bent := request
		if c.change != nil {
			c.change(&bent)
		}
		_, err := i.service.ListCredentials(t.Context(), c.actor, bent)
		wantKind(t, what, err, c.kind)
	}
}

// A change of role counts from the moment it is committed, whatever the surface
// still believes of the actor.
func TestActor_HasTheRoleOfTheTransaction(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id := i.create(i.as("sue"), "stats").ClientID
	i.setRole("ada", apicred.RoleSupervisor)
	wantKind(t, "a demoted admin deletes", i.service.DeleteCredential(t.Context(), ada, id), apicred.KindNotFound)
	i.setStatus("ada", apicred.UserDeactivated)
	_, err := i.service.ListCredentials(t.Context(), ada, lifecycle.ListRequest{})
	wantKind(t, "a deactivated one lists", err, apicred.KindNotFound)
}
