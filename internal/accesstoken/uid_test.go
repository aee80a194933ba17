package accesstoken

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

func FuzzParseUID(f *testing.F) {
	f.Add("0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47")
	f.Add("0193F2F0-5F3C-7B1A-9A52-3C1F6D0E8B47")
	f.Add("urn:uuid:0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47")
	f.Add("0193f2f05f3c7b1a9a523c1f6d0e8b47----")
	f.Add("00000000-0000-0000-0000-000000-00000") // once read past the end
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := parseUID(text)
		want, err := uuid.Parse(text)
		canonical := err == nil && want.String() == text && text == strings.ToLower(text)
		if ok != canonical {
			t.Fatalf("%q: accepted %v, want %v", text, ok, canonical)
		}
		if ok && (id.String() != text || id != uid(want)) {
			t.Fatalf("%q became %s", text, id)
		}
	})
}
