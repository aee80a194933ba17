package lifecycle_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

var update = flag.Bool("update", false, "write docs/reference/permissions.md")

const permissionsFile = "../../docs/reference/permissions.md"

func roles() []apicred.Role {
	return []apicred.Role{apicred.RoleAdmin, apicred.RoleSupervisor, apicred.RoleAgent}
}

// The table of R2, written down a second time by hand: a slip
// in the one must not pass for a rule in the other.
func TestPermissionTable_IsTheOneOfTheProduct(t *testing.T) {
	const yes, no, hidden, policy, who = lifecycle.VerdictYes, lifecycle.VerdictNo, lifecycle.VerdictHidden, lifecycle.VerdictPolicy, lifecycle.VerdictWhoDisabled
	want := map[lifecycle.Action]map[lifecycle.Relation][3]lifecycle.Verdict{ // admin, supervisor, agent
		lifecycle.ActionCreate:  {lifecycle.RelationOwn: {yes, yes, hidden}, lifecycle.RelationOthers: {no, no, hidden}, lifecycle.RelationAccount: {policy, no, hidden}},
		lifecycle.ActionView:    {lifecycle.RelationOwn: {yes, yes, hidden}, lifecycle.RelationOthers: {yes, hidden, hidden}, lifecycle.RelationAccount: {yes, hidden, hidden}},
		lifecycle.ActionEdit:    {lifecycle.RelationOwn: {yes, yes, hidden}, lifecycle.RelationOthers: {no, hidden, hidden}, lifecycle.RelationAccount: {yes, hidden, hidden}},
		lifecycle.ActionDisable: {lifecycle.RelationOwn: {yes, yes, hidden}, lifecycle.RelationOthers: {yes, hidden, hidden}, lifecycle.RelationAccount: {yes, hidden, hidden}},
		lifecycle.ActionEnable:  {lifecycle.RelationOwn: {who, who, hidden}, lifecycle.RelationOthers: {who, hidden, hidden}, lifecycle.RelationAccount: {yes, hidden, hidden}},
		lifecycle.ActionDelete:  {lifecycle.RelationOwn: {yes, yes, hidden}, lifecycle.RelationOthers: {yes, hidden, hidden}, lifecycle.RelationAccount: {yes, hidden, hidden}},
	}
	for _, action := range lifecycle.Actions() {
		for _, relation := range lifecycle.Relations() {
			for n, role := range roles() {
				if got := lifecycle.Permission(action, relation, role); got != want[action][relation][n] {
					t.Errorf("%s %s as %s: %s, want %s", action, relation, role, got, want[action][relation][n])
				}
			}
		}
	}
	for _, role := range []apicred.Role{"", "owner", "Admin"} {
		if got := lifecycle.Permission(lifecycle.ActionView, lifecycle.RelationOwn, role); got != hidden {
			t.Errorf("an unknown role %q may see: %s", role, got)
		}
	}
}

// situation is one case of the matrix: who does what to which credential.
type situation struct {
	actor    string // of users
	action   lifecycle.Action
	relation lifecycle.Relation
	foreign  bool // the credential is in another account
	policy   apicred.AccountLevelPolicy
	disabled string // by owner, admin or rule; empty: it is not
}

func (s situation) String() string {
	return fmt.Sprintf("%s: %s %s (foreign %t, policy %s, disabled by %q)", s.actor, s.action, s.relation, s.foreign, s.policy, s.disabled)
}

// expected is what the table says of a situation.
func (s situation) expected(role apicred.Role) apicred.Kind {
	if s.foreign {
		return apicred.KindNotFound
	}
	switch lifecycle.Permission(s.action, s.relation, role) {
	case lifecycle.VerdictYes:
		return ""
	case lifecycle.VerdictNo:
		return apicred.KindForbidden
	case lifecycle.VerdictPolicy:
		if s.policy == apicred.AccountLevelOpen {
			return ""
		}
		return apicred.KindForbidden
	case lifecycle.VerdictWhoDisabled:
		return s.expectedEnable(role)
	case lifecycle.VerdictHidden:
	}
	return apicred.KindNotFound
}

// expectedEnable: what an admin disabled, only an admin; what the owner
// disabled, the owner; what the rule for unused ones disabled, either; what is
// not disabled, anybody who may at all.
func (s situation) expectedEnable(role apicred.Role) apicred.Kind {
	switch own := s.relation == lifecycle.RelationOwn; {
	case s.disabled == "",
		s.disabled == "owner" && own,
		s.disabled == "rule" && (own || role == apicred.RoleAdmin),
		s.disabled == "admin" && role == apicred.RoleAdmin:
		return ""
	}
	return apicred.KindForbidden
}

// situations are all that differ: five people of three roles, in their own
// account and towards another one, under both policies, with a credential that
// is active, disabled by its owner, by an admin, or as unused.
func situations() []situation {
	var out []situation
	for _, actor := range []string{"ada", "alan", "sue", "sam", "abe", "olga"} {
		for _, action := range lifecycle.Actions() {
			for _, relation := range lifecycle.Relations() {
				for _, policy := range []apicred.AccountLevelPolicy{apicred.AccountLevelClosed, apicred.AccountLevelOpen} {
					for _, disabled := range []string{"", "owner", "admin", "rule"} {
						for _, foreign := range []bool{false, true} {
							s := situation{actor, action, relation, foreign, policy, disabled}
							if s.possible() {
								out = append(out, s)
							}
						}
					}
				}
			}
		}
	}
	return out
}

// possible leaves out what cannot be said: to create a thing that is there
// already, for somebody else or elsewhere; what is ours in another account; an
// owner of account-level ones. olga acts from the second account alone.
func (s situation) possible() bool {
	switch {
	case s.action == lifecycle.ActionCreate && (s.disabled != "" || s.foreign || s.relation == lifecycle.RelationOthers):
		return false
	case s.relation == lifecycle.RelationAccount && s.disabled == "owner":
		return false
	case s.actor == "olga":
		return s.foreign && s.relation != lifecycle.RelationOwn
	}
	return !s.foreign // abe's own were made while he was a supervisor
}

func TestPermissions_HoldInEverySituation(t *testing.T) {
	i := install(t)
	all := situations()
	if len(all) < 200 {
		t.Fatalf("only %d situations", len(all))
	}
	allowed := 0
	for _, s := range all {
		kind := s.expected(i.users[s.actor].Role)
		if kind == "" {
			allowed++
		}
		wantKind(t, s.String(), i.try(s), kind)
	}
	t.Logf("%d situations, %d of them allowed", len(all), allowed)
}

// try sets a situation up and returns what came of it.
func (i *installation) try(s situation) error {
	i.t.Helper()
	if s.action == lifecycle.ActionCreate {
		i.policy(s.policy)
		return i.tryCreate(s)
	}
	clientID := i.arrange(s)
	i.policy(s.policy)
	before := i.stored(clientID)
	err := i.act(i.as(s.actor), s.action, clientID)
	if after := i.storedOrGone(clientID); err != nil && after != before.Version {
		i.t.Errorf("%s: refused, and yet changed", s)
	}
	return err
}

func (i *installation) tryCreate(s situation) error {
	in := lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}}
	if s.relation == lifecycle.RelationAccount {
		in.Level = apicred.LevelAccount
	}
	_, err := i.service.CreateCredential(i.t.Context(), i.as(s.actor), in)
	return err
}

// arrange makes the credential of a situation, in its state.
func (i *installation) arrange(s situation) (clientID string) {
	i.t.Helper()
	owner := s.actor
	switch {
	case s.relation == lifecycle.RelationAccount:
		clientID = i.createForAccount("stats").ClientID
	case s.relation == lifecycle.RelationOthers:
		owner = map[string]string{"ada": "sue", "alan": "ada", "sue": "sam", "sam": "ada", "abe": "sue", "olga": "sue"}[s.actor]
		clientID = i.create(i.as(owner), "stats").ClientID
	case owner == "abe":
		i.setRole("abe", apicred.RoleSupervisor)
		clientID = i.create(i.as("abe"), "stats").ClientID
	default:
		clientID = i.create(i.as(owner), "stats").ClientID
	}
	admin := "ada"
	if owner == "ada" {
		admin = "alan"
	}
	by := map[string]string{"owner": owner, "admin": admin}[s.disabled]
	if by != "" {
		_, err := i.service.DisableCredential(i.t.Context(), i.as(by), clientID)
		must(i.t, err)
	}
	if s.disabled == "rule" {
		i.disableAsUnused(clientID)
	}
	if owner == "abe" {
		i.setRole("abe", apicred.RoleAgent)
	}
	return clientID
}

// act does an action, editing by each of the ways there are.
func (i *installation) act(actor apicred.Actor, action lifecycle.Action, clientID string) error {
	ctx := i.t.Context()
	var err error
	switch action {
	case lifecycle.ActionView:
		_, err = i.service.Credential(ctx, actor, clientID)
		_, listErr := i.service.Secrets(ctx, actor, clientID)
		if (err == nil) != (listErr == nil) {
			i.t.Errorf("reading says %v, listing secrets %v", err, listErr)
		}
	case lifecycle.ActionEdit:
		name := "edited"
		_, err = i.service.EditCredential(ctx, actor, clientID, lifecycle.CredentialChange{Name: &name})
		added, addErr := i.service.AddSecret(ctx, actor, clientID, lifecycle.NewSecret{})
		secretID := added.ID
		if addErr != nil {
			secretID = "0199b2c4-6f1e-7c3b-b1f0-2c8d9e6a4735"
		}
		deleteErr := i.service.DeleteSecret(ctx, actor, clientID, secretID, false)
		for _, other := range []error{addErr, deleteErr} {
			if fmt.Sprint(other) != fmt.Sprint(err) {
				i.t.Errorf("editing says %v, a secret %v", err, other)
			}
		}
	case lifecycle.ActionDisable:
		_, err = i.service.DisableCredential(ctx, actor, clientID)
	case lifecycle.ActionEnable:
		_, err = i.service.EnableCredential(ctx, actor, clientID)
	case lifecycle.ActionDelete:
		err = i.service.DeleteCredential(ctx, actor, clientID)
	case lifecycle.ActionCreate:
	}
	return err
}

// storedOrGone is the version of a credential, 0 when it is gone.
func (i *installation) storedOrGone(clientID string) int64 {
	var version int64
	_ = i.store.Lifecycle().View(i.t.Context(), func(r lifecycle.Reader) error {
		c, err := r.Credential(i.t.Context(), i.first.ID, clientID)
		version = c.Version
		return err
	})
	return version
}

// The actions that a credential is shown with are those that succeed.
func TestActions_AreThoseThatSucceed(t *testing.T) {
	i := install(t)
	for _, s := range situations() {
		if s.action != lifecycle.ActionView || s.policy == apicred.AccountLevelOpen || s.expected(i.users[s.actor].Role) != "" {
			continue
		}
		clientID := i.arrange(s)
		i.policy(s.policy)
		view, err := i.service.Credential(t.Context(), i.as(s.actor), clientID)
		must(t, err)
		for _, action := range view.Actions {
			s.action = action
			wantKind(t, "offered: "+s.String(), i.try(s), "")
		}
	}
}

func TestPermissionsDocument_IsTheTable(t *testing.T) {
	want := permissionsDocument()
	if *update {
		must(t, os.WriteFile(permissionsFile, []byte(want), 0o644))
		return
	}
	got, err := os.ReadFile(permissionsFile)
	must(t, err)
	if string(got) != want {
		t.Error("docs/reference/permissions.md is not the table in the code. After a change that is meant, run: go generate ./internal/lifecycle")
	}
}

func permissionsDocument() string {
	var b strings.Builder
	b.WriteString(`# Who may do what

Made from the table in ` + "`internal/lifecycle/permission.go`" + `, which decides for the console, the REST API and the command line alike;
a test holds every cell against the running use cases. After a change there: ` + "`go generate ./internal/lifecycle`" + `.

| action | API credential | admin | supervisor | agent |
|---|---|---|---|---|
`)
	for _, action := range lifecycle.Actions() {
		for _, relation := range lifecycle.Relations() {
			fmt.Fprintf(&b, "| %s | %s |", action, relation)
			for _, role := range roles() {
				fmt.Fprintf(&b, " %s |", lifecycle.Permission(action, relation, role))
			}
			b.WriteString("\n")
		}
	}
	b.WriteString(`
- **yes**: allowed.
- **no**: refused with 403 and the way out.
- **hidden**: refused with 404, as if it were not there. Everything in another account is hidden.
- **policy**: yes where the account opens account-level credentials (` + "`account_level_credentials: open`" + `), else no.
- **who disabled it**: what an admin disabled, only an admin enables; what the owner disabled, the owner; what the account's rule
  for unused credentials disabled, the owner or an admin. An admin who disables what its owner or the rule had disabled takes that
  over.

*Edit* is name, scopes, end, addresses, limits, and adding, changing and deleting client secrets. Where the account has the API Credentials
area switched off, everything is hidden.

Beside the table stands the ceiling: whoever creates, enables, adds a secret, changes scopes, or loosens end, addresses or limits, may
leave the credential only with scopes that their role has now; with ` + "`claviger:`" + ` scopes only as far as their own access token has them.
A credential acts with the rights of its owner. An account-level credential has no owner: it manages account-level
credentials, within the scopes it holds.
`)
	return b.String()
}
