package apicred

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRefusal_SurvivesPackingAndIsAlwaysAsLong(t *testing.T) {
	long := strings.Repeat("\\", 100)
	for name, r := range map[string]Refusal{
		"a whole one": {
			At: time.Unix(1_800_000_000, 0).UTC(), Code: "insufficient_scope", Cause: "x", Client: "0195c000-0000-7000-8000-000000000001", API: "user-admin",
			Method: "PATCH", Route: "/useradmin/users/{userId}", Scope: "users:write", Address: netip.MustParseAddr("2001:db8::1"),
		},
		"nothing known": {At: time.Unix(0, 0).UTC(), Code: "unauthenticated"},
	} {
		packed := r.Pack()
		got, ok := UnpackRefusal(packed)
		if diff := cmp.Diff(r, got, cmpopts.EquateComparable(netip.Addr{})); len(packed) != RefusalSize || !ok || diff != "" {
			t.Errorf("%s: %d bytes, %v\n%s", name, len(packed), ok, diff)
		}
	}
	huge := Refusal{At: time.Unix(1, 0), Code: "c", Cause: long, Client: long, API: long, Method: long, Route: long, Scope: long}
	packed := huge.Pack()
	if got, ok := UnpackRefusal(packed); len(packed) != RefusalSize || !ok || got.Code != "c" {
		t.Errorf("%d bytes: %+v, %v", len(packed), got, ok)
	}
	for _, bad := range []string{"", strings.Repeat(" ", RefusalSize), strings.Repeat("{", RefusalSize), "{}"} {
		if r, ok := UnpackRefusal([]byte(bad)); ok {
			t.Errorf("%q gave %+v", bad, r)
		}
	}
}

func FuzzUnpackRefusal(f *testing.F) {
	f.Add((&Refusal{At: time.Unix(5, 0), Code: "no_route", Method: "GET"}).Pack())
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		r, ok := UnpackRefusal(packed)
		if ok && len(r.Pack()) != RefusalSize {
			t.Fatalf("%q does not pack again", packed)
		}
	})
}
