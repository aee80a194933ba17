package login

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/claviger/claviger/internal/apicred"
)

// What a password is (NIST SP 800-63B-4 section 3.1.1.2, as S20 has it for one
// that stands alone). Lengths count code points after normalization.
const (
	MinPasswordLength = 15
	MaxPasswordLength = 128
	// MaxPasswordBytes bounds a password as it is sent: no code point of a valid
	// one has more than four bytes, and normalization at most triples a text
	// (Unicode FAQ, NFC in UTF-8).
	MaxPasswordBytes = 4 * 3 * MaxPasswordLength
)

// Password is a password as entered. It cannot be printed.
type Password struct {
	apicred.Redacted
	text string // NFC
}

// PasswordFrom takes a password as a person entered it. Every spelling of the
// same characters is one password: keyboards and systems differ in which they
// send. NFC and no further, which is what SP 800-63B-4 asks for (its predecessor
// asked for NFKC): full-width letters or a superscript stay what they are. What
// is too long to be a password is cut here, to something that is still too long.
func PasswordFrom(text string) Password {
	if len(text) > MaxPasswordBytes {
		text = text[:MaxPasswordBytes]
	}
	return Password{text: norm.NFC.String(text)}
}

// IsZero tells whether nothing was entered.
func (p Password) IsZero() bool { return p.text == "" }

// check tells what is wrong with a new password; empty: nothing. about are the
// texts that anybody would try for this person first.
func (p Password) check(about ...string) string {
	switch n := utf8.RuneCountInString(p.text); {
	case n < MinPasswordLength:
		return fmt.Sprintf("A password has at least %d characters. Several words that do not belong together are easy to remember.", MinPasswordLength)
	case n > MaxPasswordLength:
		return fmt.Sprintf("A password has at most %d characters. Shorten it.", MaxPasswordLength)
	}
	for _, r := range p.text {
		// UAX 15, section 12.1 (stabilized strings): what is not assigned yet may be
		// normalized otherwise by a later release.
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cn, r) {
			return "The password has a character that cannot be typed everywhere. Leave out control characters and very new symbols."
		}
	}
	return blocked(p.text, about)
}
