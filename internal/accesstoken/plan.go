package accesstoken

import (
	"sync"
	"sync/atomic"

	"github.com/claviger/claviger/internal/apicred"
)

// landscape is one compiled catalogue with everything worked out from it.
// Another catalogue is another landscape.
type landscape struct {
	catalogue *apicred.CompiledCatalogue
	mu        sync.Mutex
	plans     map[planKey]*plan
}

// planKey names what effective scopes depend on besides the catalogue.
type planKey struct {
	holding *holding
	role    apicred.Role
	account *accountCell
}

// plan is what credentials with the same scopes, role and account may do now:
// the effective scopes, and the grants made of them. It is shared by all of
// them and is right for one catalogue and one version of the account.
type plan struct {
	land      *landscape
	account   *apicred.Account
	role      apicred.Role
	holding   *holding
	effective []string

	mu     sync.Mutex // of writers of grants
	grants atomic.Pointer[map[grantKey]*grant]
}

func newLandscape(c *apicred.CompiledCatalogue) *landscape {
	return &landscape{catalogue: c, plans: map[planKey]*plan{}}
}

// scopesOf returns the effective scopes of a class under this catalogue, and
// leaves what is kept at the class alone.
func (l *landscape) scopesOf(c *class, account *apicred.Account, role apicred.Role) []string {
	return l.worked(c, account, role).effective
}

// worked returns the plan of these facts, working it out the first time.
func (l *landscape) worked(c *class, account *apicred.Account, role apicred.Role) *plan {
	key := planKey{c.holding, role, c.account}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.plans[key]
	if p == nil || p.account != account {
		p = l.newPlan(c.holding, account, role)
		l.plans[key] = p
	}
	return p
}

func (l *landscape) newPlan(h *holding, account *apicred.Account, role apicred.Role) *plan {
	return &plan{land: l, account: account, role: role, holding: h, effective: l.catalogue.EffectiveScopes(h.scopes, role, account)}
}

// planFor returns the plan of a class under the present facts. The one used last
// is kept at the class; it is right if it was made of the same facts.
func (l *landscape) planFor(c *class, account *apicred.Account, role apicred.Role) *plan {
	last := &c.plans[placeOf(role)]
	if p := last.Load(); p != nil && p.land == l && p.account == account && p.role == role {
		return p
	}
	p := l.worked(c, account, role)
	last.Store(p)
	return p
}

// knownRoles is how many roles there are; what is none of them shares a place.
const knownRoles = 3

func placeOf(r apicred.Role) int {
	switch r {
	case apicred.RoleAdmin:
		return 0
	case apicred.RoleSupervisor:
		return 1
	case apicred.RoleAgent:
		return 2
	}
	return knownRoles
}

// since says of scopes that the catalogue gave back from when on, in Unix
// seconds; nil where it gave none back.
func (p *plan) since(scopes []string) map[string]int64 {
	var out map[string]int64
	for _, s := range scopes {
		if at := p.land.catalogue.GrantedSince(s, p.role, p.account); !at.IsZero() {
			if out == nil {
				out = map[string]int64{}
			}
			out[s] = at.Unix()
		}
	}
	return out
}

// grantedAfter tells whether the catalogue gave scope back after a token was
// issued, at issued in Unix seconds.
func (p *plan) grantedAfter(scope string, issued int64) bool {
	since := p.land.catalogue.GrantedSince(scope, p.role, p.account)
	return !since.IsZero() && issued < since.Unix()
}
