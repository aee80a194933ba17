package lifecycle

import (
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// clockLeeway is how far the clocks of two nodes may be apart: what a scope that
// came back is refused to is tokens from before, and a token that another node
// issues right after must not look like one.
const clockLeeway = 5 * time.Second

// revivals says what of before is given back by next: scopes that were retired,
// by themselves or with their API, and roles and accounts that a scope was closed
// to. kept is what was said before; of it stays what a token can be older than.
func revivals(before, next *apicred.CompiledCatalogue, kept []apicred.Revival, now time.Time) []apicred.Revival {
	out := slices.DeleteFunc(slices.Clone(kept), func(r apicred.Revival) bool { return now.Sub(r.At) > maxTokenLifetime+clockLeeway })
	at := now.Add(-clockLeeway).Truncate(time.Second)
	for _, n := range next.Scopes() {
		b := before.Scope(n.Value)
		switch {
		case b == nil || !n.Live: // new, or worth nothing
			continue
		case !b.Live:
			out = append(out, apicred.Revival{Scope: n.Value, At: at})
			continue
		}
		for _, role := range n.Roles {
			if !slices.Contains(b.Roles, role) {
				out = append(out, apicred.Revival{Scope: n.Value, Role: role, At: at})
			}
		}
		had, has := before.API(b.API).Accounts, next.API(n.API).Accounts
		closed := func(account string) bool { return !slices.Contains(had, account) }
		if len(had) > 0 && (len(has) == 0 || slices.ContainsFunc(has, closed)) {
			out = append(out, apicred.Revival{Scope: n.Value, Except: had, At: at})
		}
	}
	return out
}
