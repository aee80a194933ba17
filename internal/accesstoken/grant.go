package accesstoken

import (
	"maps"
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// maxGrants bounds the grants kept per plan. Programs ask for the same scopes
// again and again; who asks for ever new combinations pays for making them.
const maxGrants = 64

// grantKey is a request for scopes, as it was made.
type grantKey struct {
	scope    string
	present  bool
	resource string
}

// grant is what such a request is granted, with the part of the token that does
// not depend on the credential or the time.
type grant struct {
	scopes []string // in the order asked for, each once
	scope  string   // the same, joined
	// counted is what usage is counted under: the scopes in one order, so that
	// naming them in another makes no new row; empty for requests beyond
	// maxGrants. A program can invent combinations without end (S34).
	counted string
	// head is the payload up to the subject's value:
	// {"iss":"…","aud":…,"scope":"…","sub":"
	head []byte
}

// ScopeReason says why a scope is not granted.
type ScopeReason string

// The reasons. For a caller they are all invalid_scope.
const (
	ScopeUnknown       ScopeReason = "unknown"         // in no catalogue entry, or spelt differently
	ScopeNotHeld       ScopeReason = "not_held"        // not on the credential
	ScopeNotEffective  ScopeReason = "not_effective"   // held, but retired or above the owner's role
	ScopeMixed         ScopeReason = "mixed"           // claviger: scopes together with others
	ScopeNotOfResource ScopeReason = "not_of_resource" // the resource is not opened by it
	ScopeNone          ScopeReason = "none"            // no scope left to grant
	ScopeTooMany       ScopeReason = "too_many"        // more than apicred.MaxScopes
)

// ScopeError is the refusal of a scope: invalid_scope of RFC 6749 section 5.2.
type ScopeError struct {
	// Scope is the first bad one as it was sent, so quote it with care; empty
	// for ScopeNone and ScopeTooMany.
	Scope  string
	Reason ScopeReason
}

// Error is for the log; surfaces write their own sentence.
func (e *ScopeError) Error() string {
	if e.Scope == "" {
		return "scope refused: " + string(e.Reason)
	}
	return "scope refused: " + string(e.Reason) + ": " + e.Scope
}

// ResourceError is the refusal of a resource: invalid_target of RFC 8707
// section 2.
type ResourceError struct {
	// Resource as it was sent; quote it with care.
	Resource string
}

// Error is for the log; surfaces write their own sentence.
func (e *ResourceError) Error() string { return "resource refused: " + e.Resource }

// grant returns what a request is granted, or *ScopeError or *ResourceError.
func (p *plan) grant(key grantKey, issuer string) (*grant, error) {
	if known := p.grants.Load(); known != nil {
		if g := (*known)[key]; g != nil {
			return g, nil
		}
	}
	g, err := p.makeGrant(key, issuer)
	if err != nil {
		return nil, err
	}
	p.keepGrant(key, g)
	return g, nil
}

// keepGrant keeps a new grant for the next such request, if there is room.
func (p *plan) keepGrant(key grantKey, g *grant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := map[grantKey]*grant{}
	if old := p.grants.Load(); old != nil {
		if len(*old) >= maxGrants {
			return
		}
		known = maps.Clone(*old)
	}
	g.counted = apicred.JoinScopes(slices.Sorted(slices.Values(g.scopes)))
	// The request's strings may be parts of a larger body: keep copies.
	key.scope, key.resource = strings.Clone(key.scope), strings.Clone(key.resource)
	known[key] = g
	p.grants.Store(&known)
}

func (p *plan) makeGrant(key grantKey, issuer string) (*grant, error) {
	scopes, err := p.grantedScopes(key)
	if err != nil {
		return nil, err
	}
	audiences := p.land.catalogue.Audiences(scopes)
	if key.resource != "" {
		audiences = []string{key.resource}
	}
	g := &grant{scopes: cloneStrings(scopes), scope: apicred.JoinScopes(scopes)}
	g.head = appendHead(nil, issuer, audiences, g.scope)
	return g, nil
}

// grantedScopes applies contract.md "Scope" and "Audience", in its order:
// scopes first, then the resource.
func (p *plan) grantedScopes(key grantKey) ([]string, error) {
	if !key.present {
		return p.defaultScopes(key.resource)
	}
	scopes := splitScopes(key.scope)
	switch {
	case len(scopes) == 0:
		return nil, &ScopeError{Reason: ScopeNone}
	case len(scopes) > apicred.MaxScopes:
		return nil, &ScopeError{Reason: ScopeTooMany}
	}
	for _, s := range scopes {
		if reason := p.refusal(s); reason != "" {
			return nil, &ScopeError{strings.Clone(s), reason}
		}
	}
	if i := slices.IndexFunc(scopes, apicred.IsManagement); i >= 0 && !allManagement(scopes) {
		return nil, &ScopeError{strings.Clone(scopes[i]), ScopeMixed}
	}
	if key.resource == "" {
		return scopes, nil
	}
	if !p.land.catalogue.KnownAudience(key.resource) {
		return nil, &ResourceError{strings.Clone(key.resource)}
	}
	for _, s := range scopes {
		if !p.opens(s, key.resource) {
			return nil, &ScopeError{strings.Clone(s), ScopeNotOfResource}
		}
	}
	return scopes, nil
}

// refusal says why a credential with this plan does not get scope s; empty when
// it does.
func (p *plan) refusal(s string) ScopeReason {
	if _, ok := slices.BinarySearch(p.effective, s); ok {
		return ""
	}
	if p.land.catalogue.Scope(s) == nil {
		return ScopeUnknown
	}
	if _, ok := slices.BinarySearch(p.holding.scopes, s); ok {
		return ScopeNotEffective
	}
	return ScopeNotHeld
}

// defaultScopes is what an omitted scope means: every effective scope but
// Claviger's own, which only a credential that holds nothing else gets this
// way; with a resource, the scopes that open it.
func (p *plan) defaultScopes(resource string) ([]string, error) {
	var scopes []string
	for _, s := range p.effective {
		if resource != "" && p.opens(s, resource) || resource == "" && apicred.IsManagement(s) == p.holding.management {
			scopes = append(scopes, s)
		}
	}
	switch {
	case len(scopes) > 0:
		return scopes, nil
	case resource != "":
		// Unknown, or nothing of this credential opens it: the same to a program.
		return nil, &ResourceError{strings.Clone(resource)}
	}
	return nil, &ScopeError{Reason: ScopeNone}
}

func (p *plan) opens(scope, audience string) bool {
	s := p.land.catalogue.Scope(scope)
	return s != nil && slices.Contains(s.Audiences, audience)
}

// splitScopes reads a scope parameter (RFC 6749 section 3.3), each value once
// in the order of the first. Superfluous spaces, which many clients send, name
// no scope.
func splitScopes(text string) []string {
	var scopes []string
	for s := range strings.SplitSeq(text, " ") {
		if s == "" || slices.Contains(scopes, s) {
			continue
		}
		if scopes = append(scopes, s); len(scopes) > apicred.MaxScopes {
			break // refused anyway; do not search an ever longer list
		}
	}
	return scopes
}

func allManagement(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !apicred.IsManagement(s) })
}

func cloneStrings(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = strings.Clone(s)
	}
	return out
}
