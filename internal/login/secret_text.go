package login

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/claviger/claviger/internal/apicred"
)

const tokenBytes = 32 // 256 bits (S21 asks for 128 at least)

// tokenEncoding spells tokens: only characters that need no escaping in a URL
// path or a cookie.
var tokenEncoding = base64.RawURLEncoding.Strict()

// LinkToken is the secret part of a one-time link.
type LinkToken struct{ secretText }

// SessionToken is the value of the session cookie.
type SessionToken struct{ secretText }

// LinkTokenFrom takes a token out of a link. Text that no token can be gives
// the zero token, which fits no link.
func LinkTokenFrom(text string) LinkToken { return LinkToken{secretTextFrom(text)} }

// SessionTokenFrom takes a token out of the value of the session cookie. Text
// that no token can be gives the zero token, which fits no session.
func SessionTokenFrom(cookieValue string) SessionToken {
	return SessionToken{secretTextFrom(cookieValue)}
}

// secretText is a bearer token in clear, which cannot be printed, logged or
// encoded by accident.
type secretText struct {
	apicred.Redacted
	text string
}

func newSecretText(random io.Reader) (secretText, error) {
	var b [tokenBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return secretText{}, apicred.Internal(fmt.Errorf("reading randomness: %w", err))
	}
	return secretText{text: tokenEncoding.EncodeToString(b[:])}, nil
}

func secretTextFrom(text string) secretText {
	if b, err := tokenEncoding.DecodeString(text); err != nil || len(b) != tokenBytes {
		return secretText{}
	}
	return secretText{text: text}
}

// Reveal returns the text. Call it only where the link is printed or the cookie
// is set.
func (s secretText) Reveal() string { return s.text }

// IsZero tells whether there is no token.
func (s secretText) IsZero() bool { return s.text == "" }

// hash is what the store keeps: of the exact text, so that no second spelling
// can fit.
func (s secretText) hash() []byte {
	sum := sha256.Sum256([]byte(s.text))
	return sum[:]
}
