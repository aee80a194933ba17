package apicred

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxNameLength is the longest name of a credential, in characters (R4).
const MaxNameLength = 128

// CheckName validates a display name and returns it in NFC without surrounding
// white space. Names need not be unique. location is the member's path for the
// error, as "body.name".
func CheckName(location, name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", Invalid(FieldError{location, "The name is not valid UTF-8. Send it as UTF-8 text."})
	}
	name = strings.TrimSpace(norm.NFC.String(name))
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", Invalid(FieldError{location, "Give a name of 1 to 128 characters."})
	case n > MaxNameLength:
		return "", Invalid(FieldError{location, "The name is longer than 128 characters. Shorten it."})
	}
	if strings.ContainsFunc(name, forbiddenInName) {
		return "", Invalid(FieldError{location, "The name has a control, zero-width or text-direction character. Remove it."})
	}
	if !strings.ContainsFunc(name, visibleInName) {
		return "", Invalid(FieldError{location, "The name has no visible character. Use letters, digits or symbols."})
	}
	return name, nil
}

// forbiddenInName refuses what can hide or reorder text (S30): control and
// format characters, surrogates, private use, line and paragraph separators.
func forbiddenInName(r rune) bool {
	if r == utf8.RuneError {
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp) ||
		r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' // Hangul fillers show as nothing
}

func visibleInName(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Mn, r)
}
