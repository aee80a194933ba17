package apicred

import (
	"slices"
	"strconv"
	"strings"
)

// CatalogueChange is what becomes of one entry of a catalogue.
type CatalogueChange string

// The changes of an entry. Retired and restored entries may have changed
// otherwise, too.
const (
	EntryAdded    CatalogueChange = "added"
	EntryRemoved  CatalogueChange = "removed"
	EntryChanged  CatalogueChange = "changed"
	EntryRetired  CatalogueChange = "retired"
	EntryRestored CatalogueChange = "restored"
)

// CatalogueDifference is what one catalogue has otherwise than another, in the
// order of the later one, what it lost last. The order of entries is no
// difference.
type CatalogueDifference struct {
	APIs   []APIDifference   `json:"apis"`
	Scopes []ScopeDifference `json:"scopes"`
}

// Empty tells whether both hold the same entries.
func (d *CatalogueDifference) Empty() bool { return len(d.APIs)+len(d.Scopes) == 0 }

// APIDifference is one API that differs.
type APIDifference struct {
	ID      string             `json:"id"`
	Change  CatalogueChange    `json:"change"`
	Members []MemberDifference `json:"members"`
	Routes  []RouteDifference  `json:"routes"`
}

// ScopeDifference is one scope that differs.
type ScopeDifference struct {
	Value   string             `json:"value"`
	Change  CatalogueChange    `json:"change"`
	Members []MemberDifference `json:"members"`
}

// MemberDifference is a member of an entry, before and after, as text: lists
// with commas, booleans as true and false, empty for nothing.
type MemberDifference struct {
	Member string `json:"member"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// RouteDifference is a route, known by methods and whole path, that was added
// or removed, or that other scopes open.
type RouteDifference struct {
	Change  CatalogueChange `json:"change"`
	Methods []string        `json:"methods"`
	Path    string          `json:"path"` // with the base path
	Before  []string        `json:"scopes_before"`
	After   []string        `json:"scopes_after"`
}

// DiffCatalogues compares two catalogues as Normalize returns them.
func DiffCatalogues(before, after Catalogue) CatalogueDifference {
	d := CatalogueDifference{APIs: []APIDifference{}, Scopes: []ScopeDifference{}}
	eachPair(before.APIs, after.APIs, func(a API) string { return a.ID }, func(id string, was, is *API) {
		members, routes := diffMembers(apiMembers(was), apiMembers(is)), diffRoutes(was, is)
		if was == nil || is == nil || len(members)+len(routes) > 0 {
			d.APIs = append(d.APIs, APIDifference{id, changeOf(was, is, func(a *API) bool { return a.Retired }), members, routes})
		}
	})
	eachPair(before.Scopes, after.Scopes, func(s Scope) string { return s.Value }, func(value string, was, is *Scope) {
		members := diffMembers(scopeMembers(was), scopeMembers(is))
		if was == nil || is == nil || len(members) > 0 {
			d.Scopes = append(d.Scopes, ScopeDifference{value, changeOf(was, is, func(s *Scope) bool { return s.Retired }), members})
		}
	})
	return d
}

// eachPair calls visit for every entry of either list with what it was and what
// it is, nil for nothing.
func eachPair[T any](before, after []T, key func(T) string, visit func(key string, was, is *T)) {
	old := make(map[string]*T, len(before))
	for i := range before {
		old[key(before[i])] = &before[i]
	}
	for i := range after {
		k := key(after[i])
		visit(k, old[k], &after[i])
		delete(old, k)
	}
	for i := range before {
		if k := key(before[i]); old[k] != nil {
			visit(k, old[k], nil)
		}
	}
}

func changeOf[T any](was, is *T, retired func(*T) bool) CatalogueChange {
	switch {
	case was == nil:
		return EntryAdded
	case is == nil:
		return EntryRemoved
	case !retired(was) && retired(is):
		return EntryRetired
	case retired(was) && !retired(is):
		return EntryRestored
	}
	return EntryChanged
}

// namedText is a member and its value as text.
type namedText struct{ name, text string }

func apiMembers(a *API) []namedText {
	if a == nil {
		a = &API{}
	}
	return []namedText{
		{"name", a.Name}, {"audience", a.Audience}, {"hosts", strings.Join(a.Hosts, ", ")}, {"base_path", a.BasePath},
		{"upstream", a.Upstream}, {"direct_credentials", truth(a.DirectCredentials)},
		{"forward_authorization", truth(a.ForwardAuthorization)}, {"accounts", strings.Join(a.Accounts, ", ")}, {"retired", truth(a.Retired)},
	}
}

func scopeMembers(s *Scope) []namedText {
	if s == nil {
		s = &Scope{}
	}
	roles := make([]string, 0, len(s.Roles))
	for _, role := range s.Roles {
		roles = append(roles, string(role))
	}
	return []namedText{
		{"description", s.Description}, {"api", s.API}, {"roles", strings.Join(roles, ", ")}, {"retired", truth(s.Retired)},
	}
}

func truth(b bool) string { return strconv.FormatBool(b) }

func diffMembers(was, is []namedText) []MemberDifference {
	out := []MemberDifference{}
	for i := range is {
		if was[i].text != is[i].text {
			out = append(out, MemberDifference{is[i].name, was[i].text, is[i].text})
		}
	}
	return out
}

// placedRoute is a route with the path that is judged.
type placedRoute struct {
	Route
	path string
}

func (r placedRoute) key() string { return strings.Join(r.Methods, ",") + " " + r.path }

func placed(a *API) []placedRoute {
	if a == nil {
		return nil
	}
	out := make([]placedRoute, 0, len(a.Routes))
	for _, r := range a.Routes {
		out = append(out, placedRoute{r, a.BasePath + r.Path})
	}
	return out
}

func diffRoutes(was, is *API) []RouteDifference {
	out := []RouteDifference{}
	eachPair(placed(was), placed(is), placedRoute.key, func(_ string, was, is *placedRoute) {
		d := RouteDifference{Change: EntryChanged, Methods: []string{}, Before: []string{}, After: []string{}}
		if was != nil {
			d.Methods, d.Path, d.Before = append(d.Methods, was.Methods...), was.path, was.Scopes
		} else {
			d.Methods, d.Path, d.Change = append(d.Methods, is.Methods...), is.path, EntryAdded
		}
		if is != nil {
			d.After = is.Scopes
		} else {
			d.Change = EntryRemoved
		}
		if !slices.Equal(d.Before, d.After) {
			out = append(out, d)
		}
	})
	return out
}
