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

// planFor returns the plan of e under the present facts. The plan used last is
// kept at the entry; it is right if it was made of the same facts.
func (l *landscape) planFor(e *entry, account *apicred.Account, role apicred.Role) *plan {
	if p := e.plan.Load(); p != nil && p.land == l && p.account == account && p.role == role {
		return p
	}
	key := planKey{e.holding, role, e.account}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.plans[key]
	if p == nil || p.account != account {
		p = &plan{
			land: l, account: account, role: role, holding: e.holding,
			effective: l.catalogue.EffectiveScopes(e.holding.scopes, role, account),
		}
		l.plans[key] = p
	}
	e.plan.Store(p)
	return p
}
