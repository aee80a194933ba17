package audit

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

func someEvent() apicred.AuditEvent {
	return apicred.AuditEvent{
		EventID: "e1", Sequence: 7, At: time.UnixMicro(1_800_000_000_000_001), AccountID: "a1", ActorType: apicred.ActorUser, ActorID: "u1",
		ActorEmail: "ada@example.com", ActingAs: "u2", Action: "credential.edit", TargetType: apicred.TargetCredential, TargetID: "c1",
		Outcome: apicred.OutcomeDone, Rule: "r", Count: 1, Address: "192.0.2.1", RequestID: "q1", Before: []byte(`{"a":1}`), After: []byte(`{"a":2}`),
	}
}

// A vector, computed by another program: the encoding must never change under
// the same tag, or every stored chain would break.
func TestLink_IsWhatItWasInTheFirstRelease(t *testing.T) {
	event := someEvent()
	personal := Personal{Salt: bytes.Repeat([]byte{1}, SaltSize), Address: event.Address}
	const wantDigest = "a37a97f8cc59d7d645de5a434f3ab0619e40bb30f6d4d92d388648ab21282c7d"
	const wantLink = "bfd09e14b466487c95cfcabc75fff029fb7ff2e40f5d55753d7d9b3459e84fad"
	if got := hex.EncodeToString(personal.Digest()); got != wantDigest {
		t.Errorf("digest %s, want %s", got, wantDigest)
	}
	if got := hex.EncodeToString(Link(Genesis(), &event, personal.Digest())); got != wantLink {
		t.Errorf("link %s, want %s", got, wantLink)
	}
}

func TestLink_CoversEveryMemberButPersonalOnes(t *testing.T) {
	base := someEvent()
	digest := Personal{Salt: []byte("s"), Address: "192.0.2.1"}.Digest()
	want := Link(Genesis(), &base, digest)
	members := reflect.TypeFor[apicred.AuditEvent]()
	for i := range members.NumField() {
		changed := someEvent()
		field := reflect.ValueOf(&changed).Elem().Field(i)
		switch field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(base.At.Add(time.Microsecond)))
		case int64:
			field.SetInt(field.Int() + 1)
		default:
			if field.Kind() == reflect.String {
				field.SetString(field.String() + "x")
			} else {
				field.SetBytes(append(bytes.Clone(field.Bytes()), 'x'))
			}
		}
		name := members.Field(i).Name
		personal := name == "Address" || name == "ActorEmail"
		if same := bytes.Equal(Link(Genesis(), &changed, digest), want); same != personal {
			t.Errorf("%s: hash unchanged %v, want %v", name, same, personal)
		}
	}
	if bytes.Equal(Link(bytes.Repeat([]byte{1}, HashSize), &base, digest), want) {
		t.Error("the hash does not depend on the one before")
	}
	if bytes.Equal(Link(Genesis(), &base, nil), want) {
		t.Error("the hash does not depend on the personal digest")
	}
}

func TestDigest_DependsOnSaltAndAddress(t *testing.T) {
	seen := map[string]Personal{}
	for _, p := range []Personal{{}, {Salt: []byte("a")}, {Address: "a"}, {Salt: []byte("a"), Address: "a"}, {Salt: []byte("aa")}, {Address: "aa"}} {
		if other, taken := seen[string(p.Digest())]; taken {
			t.Errorf("%+v and %+v have one digest", p, other)
		}
		seen[string(p.Digest())] = p
	}
}

// FuzzLink_ShiftedBytesChangeTheHash moves bytes between neighbouring members:
// an encoding without lengths would not notice.
func FuzzLink_ShiftedBytesChangeTheHash(f *testing.F) {
	f.Add("abc", "def", 1)
	f.Add("", "\x00\x00\x00\x00\x00\x00\x00\x01x", 3)
	f.Add("é\xff", "", 1)
	f.Fuzz(func(t *testing.T, a, b string, at int) {
		joined := a + b
		if at < 0 || at > len(joined) || at == len(a) {
			return
		}
		one, two := someEvent(), someEvent()
		one.ActorID, one.ActingAs = a, b
		two.ActorID, two.ActingAs = joined[:at], joined[at:]
		if bytes.Equal(Link(Genesis(), &one, nil), Link(Genesis(), &two, nil)) {
			t.Errorf("%q+%q and %q+%q have one hash", a, b, two.ActorID, two.ActingAs)
		}
		one.Before, one.After = []byte(a), []byte(b)
		two = one
		two.Before, two.After = []byte(joined[:at]), []byte(joined[at:])
		if bytes.Equal(Link(Genesis(), &one, nil), Link(Genesis(), &two, nil)) {
			t.Errorf("before and after run into each other at %d of %q", at, joined)
		}
	})
}
