package apicred

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiffCatalogues_NamesWhatDiffers(t *testing.T) {
	before := Catalogue{
		APIs: []API{
			{ID: "stays", Name: "Stays", Audience: "urn:s", Routes: []Route{{Path: "/", Scopes: []string{"s"}}}},
			{ID: "edited", Name: "Old", Audience: "urn:e", BasePath: "/e", Routes: []Route{
				{Methods: []string{"GET"}, Path: "/a", Scopes: []string{"s"}},
				{Methods: []string{"GET"}, Path: "/b", Scopes: []string{"s"}},
			}},
			{ID: "gone", Name: "Gone", Audience: "urn:g", Routes: []Route{{Path: "/x", Scopes: []string{"s"}}}},
			{ID: "old", Retired: true},
		},
		Scopes: []Scope{{Value: "s", Description: "S", API: "stays", Roles: []Role{RoleAdmin}}, {Value: "gone", API: "gone"}, {Value: "same", API: "stays"}},
	}
	after := Catalogue{
		APIs: []API{
			{ID: "new", Name: "New", Audience: "urn:n", DirectCredentials: true},
			{ID: "edited", Name: "Now", Audience: "urn:e", BasePath: "/e", Retired: true, Routes: []Route{
				{Methods: []string{"GET"}, Path: "/b", Scopes: []string{"s", "same"}},
				{Methods: []string{"PUT"}, Path: "/a", Scopes: []string{"s"}},
			}},
			{ID: "stays", Name: "Stays", Audience: "urn:s", Routes: []Route{{Path: "/", Scopes: []string{"s"}}}},
			{ID: "old"},
		},
		Scopes: []Scope{{Value: "same", API: "stays"}, {Value: "s", Description: "S", API: "stays", Roles: []Role{RoleAdmin, RoleSupervisor}, Retired: true}},
	}
	want := CatalogueDifference{
		APIs: []APIDifference{
			{"new", EntryAdded, []MemberDifference{{"name", "", "New"}, {"audience", "", "urn:n"}, {"direct_credentials", "false", "true"}}, []RouteDifference{}},
			{"edited", EntryRetired, []MemberDifference{{"name", "Old", "Now"}, {"retired", "false", "true"}}, []RouteDifference{
				{EntryChanged, []string{"GET"}, "/e/b", []string{"s"}, []string{"s", "same"}},
				{EntryAdded, []string{"PUT"}, "/e/a", []string{}, []string{"s"}},
				{EntryRemoved, []string{"GET"}, "/e/a", []string{"s"}, []string{}},
			}},
			{"old", EntryRestored, []MemberDifference{{"retired", "true", "false"}}, []RouteDifference{}},
			{"gone", EntryRemoved, []MemberDifference{{"name", "Gone", ""}, {"audience", "urn:g", ""}}, []RouteDifference{
				{EntryRemoved, []string{}, "/x", []string{"s"}, []string{}},
			}},
		},
		Scopes: []ScopeDifference{
			{"s", EntryRetired, []MemberDifference{{"roles", "admin", "admin, supervisor"}, {"retired", "false", "true"}}},
			{"gone", EntryRemoved, []MemberDifference{{"api", "gone", ""}}},
		},
	}
	if diff := cmp.Diff(want, DiffCatalogues(before, after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []Catalogue{before, after, {}} {
		if d := DiffCatalogues(c, c); !d.Empty() {
			t.Errorf("a catalogue differs from itself: %+v", d)
		}
	}
}
