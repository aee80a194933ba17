package lifecycle_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// walkSteps is how many operations the random walk takes.
const walkSteps = 10_000

// reference is the table of R2 written a second time, from the table's words and
// not from the code: who may do what to which credential.
type reference struct {
	roles  map[string]apicred.Role // by person
	owners map[string]owned        // by client ID
	open   bool                    // the first account's policy
}

type owned struct {
	account, owner, disabledBy string // owner is empty for account-level
	scopes                     []string
}

func (r *reference) says(who, account string, action lifecycle.Action, id string, scopes []string) apicred.Kind {
	role, c := r.roles[who], r.owners[id]
	admin, mine := role == apicred.RoleAdmin, c.owner == who
	switch {
	case role == apicred.RoleAgent, action != lifecycle.ActionCreate && c.account != account:
		return apicred.KindNotFound
	case action == lifecycle.ActionCreate && id == "account-level" && (!admin || !r.open || account != "first"):
		return apicred.KindForbidden
	case action == lifecycle.ActionCreate:
		return r.mayGive(role, scopes)
	case !admin && !mine:
		return apicred.KindNotFound
	case action == lifecycle.ActionEdit && !mine && c.owner != "":
		return apicred.KindForbidden
	case action == lifecycle.ActionEdit:
		return r.mayGive(role, scopes)
	case action == lifecycle.ActionEnable && c.disabledBy != "" && c.owner != "" && c.disabledBy == c.owner && !mine,
		action == lifecycle.ActionEnable && c.disabledBy != "" && c.disabledBy != "unused" && c.disabledBy != c.owner && !admin:
		return apicred.KindForbidden
	case action == lifecycle.ActionEnable:
		return r.mayGive(role, c.scopes)
	}
	return ""
}

func (r *reference) mayGive(role apicred.Role, scopes []string) apicred.Kind {
	if role == apicred.RoleSupervisor && slices.Contains(scopes, "orders:write") {
		return apicred.KindForbidden
	}
	return ""
}

// walk is a random walk under way.
type walk struct {
	*installation
	*reference
	random *rand.Rand
	ids    []string
	tally  map[apicred.Kind]int
}

// TestRandomWalk_AgreesWithTheReferenceOfThePermissionTable lets six people in
// two accounts do 10,000 random things, their roles and the policy changing
// under them, and compares every answer with the reference.
func TestRandomWalk_AgreesWithTheReferenceOfThePermissionTable(t *testing.T) {
	seed := rand.Uint64()
	w := &walk{
		installation: install(t), random: rand.New(rand.NewPCG(seed, 0)), tally: map[apicred.Kind]int{}, //nolint:gosec // a walk, not a secret
		reference: &reference{roles: map[string]apicred.Role{}, owners: map[string]owned{}},
	}
	for name, u := range w.users {
		w.roles[name] = u.Role
	}
	for step := range walkSteps {
		if w.random.IntN(40) == 0 {
			w.changeTheWorld()
			continue
		}
		who := w.person()
		action := lifecycle.Actions()[w.random.IntN(len(lifecycle.Actions()))]
		id, scopes := w.target(action), w.someScopes()
		want := w.says(who, w.accountOf(who), action, id, scopes)
		err := w.do(who, action, id, scopes)
		w.tally[want]++
		if got := kindOf(err); got != want {
			t.Fatalf("seed %d, step %d: %s (%s) does %s to %v with %v: %v, the reference says %q", seed, step, who, w.roles[who], action, w.owners[id], scopes, err, want)
		}
	}
	t.Logf("%d steps: %v", walkSteps, w.tally)
	for _, kind := range []apicred.Kind{"", apicred.KindForbidden, apicred.KindNotFound} {
		if w.tally[kind] < walkSteps/50 {
			t.Errorf("only %d of %d steps ended as %q: the walk proves too little", w.tally[kind], walkSteps, kind)
		}
	}
}

func kindOf(err error) apicred.Kind {
	if err == nil {
		return ""
	}
	return apicred.AsError(err).Kind
}

func (w *walk) person() string {
	return []string{"ada", "alan", "sue", "sam", "abe", "olga"}[w.random.IntN(6)]
}

func (w *walk) accountOf(who string) string {
	if who == "olga" {
		return "second"
	}
	return "first"
}

func (w *walk) someScopes() []string {
	all := []string{"orders:read", "orders:write", "stats"}
	w.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+w.random.IntN(len(all))]
}

func (w *walk) target(action lifecycle.Action) string {
	if action == lifecycle.ActionCreate {
		return []string{"", "account-level"}[w.random.IntN(2)]
	}
	if len(w.ids) == 0 || w.random.IntN(30) == 0 {
		return "01a202bb-0000-7000-8000-000000000000" // nobody's
	}
	return w.ids[w.random.IntN(len(w.ids))]
}

// changeTheWorld changes a role or the policy, or finds a credential unused. Ada
// stays: the last admin must.
func (w *walk) changeTheWorld() {
	if len(w.ids) > 0 && w.random.IntN(3) == 0 {
		id := w.ids[w.random.IntN(len(w.ids))]
		if c := w.owners[id]; c.account == "first" && c.disabledBy == "" {
			w.disableAsUnused(id)
			c.disabledBy = "unused"
			w.owners[id] = c
		}
		return
	}
	if w.random.IntN(3) == 0 {
		w.open = !w.open
		w.policy(map[bool]apicred.AccountLevelPolicy{true: apicred.AccountLevelOpen, false: apicred.AccountLevelClosed}[w.open])
		return
	}
	who := []string{"alan", "sue", "sam", "abe"}[w.random.IntN(4)]
	w.roles[who] = []apicred.Role{apicred.RoleAdmin, apicred.RoleSupervisor, apicred.RoleSupervisor, apicred.RoleAgent}[w.random.IntN(4)]
	w.setRole(who, w.roles[who])
}

// do does it for real and, when it was done, notes it in the reference.
func (w *walk) do(who string, action lifecycle.Action, id string, scopes []string) error {
	ctx, actor, c := w.t.Context(), w.as(who), w.owners[id]
	var err error
	switch action {
	case lifecycle.ActionCreate:
		return w.doCreate(who, id, scopes)
	case lifecycle.ActionView:
		_, err = w.service.Credential(ctx, actor, id)
	case lifecycle.ActionEdit:
		if _, err = w.service.EditCredential(ctx, actor, id, lifecycle.CredentialChange{Scopes: &scopes}); err == nil {
			c.scopes = scopes
		}
	case lifecycle.ActionDisable:
		takesOver := c.disabledBy == "" || c.owner != "" && c.disabledBy == c.owner || c.disabledBy == "unused" && c.owner != who
		if _, err = w.service.DisableCredential(ctx, actor, id); err == nil && takesOver {
			c.disabledBy = who
		}
	case lifecycle.ActionEnable:
		if _, err = w.service.EnableCredential(ctx, actor, id); err == nil {
			c.disabledBy = ""
		}
	case lifecycle.ActionDelete:
		if err = w.service.DeleteCredential(ctx, actor, id); err == nil {
			delete(w.owners, id)
			w.ids = slices.DeleteFunc(w.ids, func(x string) bool { return x == id })
			return nil
		}
	}
	if err == nil {
		w.owners[id] = c
	}
	return err
}

func (w *walk) doCreate(who, level string, scopes []string) error {
	in, owner := lifecycle.NewCredential{Name: "walk", Scopes: scopes}, who
	if level == "account-level" {
		in.Level, owner = apicred.LevelAccount, ""
	}
	made, err := w.service.CreateCredential(w.t.Context(), w.as(who), in)
	if err == nil {
		w.ids = append(w.ids, made.ClientID)
		w.owners[made.ClientID] = owned{account: w.accountOf(who), owner: owner, scopes: scopes}
	}
	return err
}
