package lifecycle

import (
	"github.com/claviger/claviger/internal/apicred"
)

// Action is something an actor may or may not do in the API Credentials area.
type Action string

// The actions of R2.
const (
	ActionCreate  Action = "create"
	ActionView    Action = "view"
	ActionEdit    Action = "edit" // name, scopes, limits, expiry, secrets
	ActionDisable Action = "disable"
	ActionEnable  Action = "enable"
	ActionDelete  Action = "delete"
)

// Actions lists every action, in the order of the table.
func Actions() []Action {
	return []Action{ActionCreate, ActionView, ActionEdit, ActionDisable, ActionEnable, ActionDelete}
}

// Relation is what a credential is to the actor.
type Relation string

// The relations of R2.
const (
	RelationOwn     Relation = "own user-level"
	RelationOthers  Relation = "others' user-level"
	RelationAccount Relation = "account-level"
)

// Relations lists every relation, in the order of the table.
func Relations() []Relation { return []Relation{RelationOwn, RelationOthers, RelationAccount} }

// Verdict is a cell of the permission table.
type Verdict string

// The verdicts. Hidden answers 404, as if the thing were not there; the others
// that are not yes answer 403 with the reason.
const (
	VerdictYes    Verdict = "yes"
	VerdictNo     Verdict = "no"
	VerdictHidden Verdict = "hidden"
	// VerdictPolicy: yes where the account's policy opens account-level
	// credentials, else no.
	VerdictPolicy Verdict = "policy"
	// VerdictWhoDisabled: what an admin disabled only an admin enables; what
	// the owner disabled, the owner; what the rule for unused credentials
	// disabled, either of them.
	VerdictWhoDisabled Verdict = "who disabled it"
)

type cell struct {
	action   Action
	relation Relation
	role     apicred.Role
}

// permissions is the table of R2. Every cell that is not here is hidden, so an
// agent, a forgotten cell and a new role can do nothing (S25). The table in
// docs/reference/permissions.md and the matrix test are made from it.
func permissions() map[cell]Verdict {
	const admin, supervisor = apicred.RoleAdmin, apicred.RoleSupervisor
	return map[cell]Verdict{
		{ActionCreate, RelationOwn, admin}:          VerdictYes,
		{ActionCreate, RelationOwn, supervisor}:     VerdictYes,
		{ActionCreate, RelationOthers, admin}:       VerdictNo,
		{ActionCreate, RelationOthers, supervisor}:  VerdictNo,
		{ActionCreate, RelationAccount, admin}:      VerdictPolicy,
		{ActionCreate, RelationAccount, supervisor}: VerdictNo,

		{ActionView, RelationOwn, admin}:      VerdictYes,
		{ActionView, RelationOwn, supervisor}: VerdictYes,
		{ActionView, RelationOthers, admin}:   VerdictYes,
		{ActionView, RelationAccount, admin}:  VerdictYes,

		{ActionEdit, RelationOwn, admin}:      VerdictYes,
		{ActionEdit, RelationOwn, supervisor}: VerdictYes,
		{ActionEdit, RelationOthers, admin}:   VerdictNo,
		{ActionEdit, RelationAccount, admin}:  VerdictYes,

		{ActionDisable, RelationOwn, admin}:      VerdictYes,
		{ActionDisable, RelationOwn, supervisor}: VerdictYes,
		{ActionDisable, RelationOthers, admin}:   VerdictYes,
		{ActionDisable, RelationAccount, admin}:  VerdictYes,

		{ActionEnable, RelationOwn, admin}:      VerdictWhoDisabled,
		{ActionEnable, RelationOwn, supervisor}: VerdictWhoDisabled,
		{ActionEnable, RelationOthers, admin}:   VerdictWhoDisabled,
		{ActionEnable, RelationAccount, admin}:  VerdictYes,

		{ActionDelete, RelationOwn, admin}:      VerdictYes,
		{ActionDelete, RelationOwn, supervisor}: VerdictYes,
		{ActionDelete, RelationOthers, admin}:   VerdictYes,
		{ActionDelete, RelationAccount, admin}:  VerdictYes,
	}
}

// Permission returns the cell for a role; hidden when the table has none.
func Permission(action Action, relation Relation, role apicred.Role) Verdict {
	if v, ok := permissions()[cell{action, relation, role}]; ok {
		return v
	}
	return VerdictHidden
}

// relationTo says what a credential of the level and owner is to the actor.
func relationTo(actor *apicred.Actor, level apicred.Level, ownerID string) Relation {
	switch {
	case level == apicred.LevelAccount:
		return RelationAccount
	case ownerID != "" && ownerID == actor.UserID:
		return RelationOwn
	}
	return RelationOthers
}

// permit decides one act on one credential. c is nil for create, whose level is
// given. It returns nil, not_found for what the actor may not see, or forbidden
// with the reason and the way out. rule names the refusing rule for the audit.
func permit(actor *apicred.Actor, account *apicred.Account, action Action, level apicred.Level, c *apicred.Credential) (rule string, err error) {
	relation := RelationOwn
	if c != nil {
		relation = relationTo(actor, c.Level, c.OwnerID)
	} else if level == apicred.LevelAccount {
		relation = RelationAccount
	}
	verdict := Permission(action, relation, actor.Role)
	if accountActor(actor) {
		verdict = accountActorVerdict(action, relation)
	}
	switch verdict {
	case VerdictYes:
		return "", nil
	case VerdictPolicy:
		if account.AccountLevelCredentials == apicred.AccountLevelOpen {
			return "", nil
		}
		return "account_level_closed", apicred.Forbidden("This account does not allow new account-level credentials. Create a user-level one, or ask the operator to open them.")
	case VerdictWhoDisabled:
		return permitEnable(actor, relation, c)
	case VerdictNo:
		return refusal(action, relation)
	}
	return "hidden", apicred.NotFound()
}

// accountActor tells whether an account-level credential is acting. It has no
// person behind it and manages account-level credentials only (contract.md "Management REST").
func accountActor(actor *apicred.Actor) bool {
	return actor.Type == apicred.ActorCredential && actor.Level == apicred.LevelAccount
}

func accountActorVerdict(action Action, relation Relation) Verdict {
	switch {
	case relation == RelationAccount:
		return Permission(action, RelationAccount, apicred.RoleAdmin)
	case action == ActionCreate:
		return VerdictNo
	}
	return VerdictHidden
}

// permitEnable applies "what an admin disabled, only an admin; what the owner
// disabled, the owner; what nobody used, either of them" to a credential the
// actor may see.
func permitEnable(actor *apicred.Actor, relation Relation, c *apicred.Credential) (string, error) {
	byOwner, unused := c.DisabledBy == c.OwnerID, c.DisabledBy == apicred.DisabledUnused
	mine, admin := relation == RelationOwn, actor.Role == apicred.RoleAdmin
	switch {
	case !c.Disabled(), unused && (mine || admin), byOwner && mine, !byOwner && admin:
		return "", nil
	case byOwner:
		return "disabled_by_owner", apicred.Forbidden("Its owner disabled this API credential, so only its owner can enable it.")
	}
	return "disabled_by_admin", apicred.Forbidden("An admin disabled this API credential, so only an admin can enable it. Ask an admin of the account.")
}

func refusal(action Action, relation Relation) (string, error) {
	switch {
	case action == ActionEdit:
		return "edit_others", apicred.Forbidden("Only its owner can edit a user-level API credential. An admin can disable or delete it.")
	case relation == RelationAccount:
		return "account_level_role", apicred.Forbidden("Only an admin can create account-level API credentials. Create a user-level one instead.")
	}
	return "create_for_others", apicred.Forbidden("An API credential can only be created for yourself.")
}
