package apicred

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestCheckName_KeepsWhatPeopleWrite(t *testing.T) {
	for in, want := range map[string]string{
		"Nightly CRM sync – EU":  "Nightly CRM sync – EU",
		"  padded  ":             "padded",
		"Cafe\u0301":             "Café",
		"数据湖加载器":                 "数据湖加载器",
		"emoji 🚀":                "emoji 🚀",
		strings.Repeat("é", 128): strings.Repeat("é", 128),
	} {
		if got, err := CheckName("body.name", in); err != nil || got != want {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
}

func TestCheckName_RefusesWhatHidesOrReorders(t *testing.T) {
	for _, in := range []string{
		"", "   ", strings.Repeat("x", 129), "a\x00b", "a\nb", "a\x1bb", "a\u202eb", "a\u2066b", "a\u200bb",
		"a\u2028b", "\ufeffa", "a\xffb", "\u0301", "\u3164", "a\ue000b",
	} {
		if got, err := CheckName("body.name", in); !IsKind(err, KindInvalid) {
			t.Errorf("%q: accepted as %q (%v)", in, got, err)
		}
	}
}

func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"", "a", "a\u202eb", "Cafe\u0301", "\xff", strings.Repeat("a", 200)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := CheckName("body.name", in)
		if err != nil {
			return
		}
		if !norm.NFC.IsNormalString(got) || utf8.RuneCountInString(got) > MaxNameLength || got == "" || strings.ContainsFunc(got, forbiddenInName) {
			t.Errorf("%q became %q", in, got)
		}
		if again, err := CheckName("body.name", got); err != nil || again != got {
			t.Errorf("%q is not stable: %q, %v", got, again, err)
		}
	})
}
