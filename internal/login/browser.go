package login

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// BrowserLifetime is how long a browser is remembered after a sign-in.
const BrowserLifetime = 180 * 24 * time.Hour

const (
	purposeBrowser   = "sign-in browser"
	browserNonceSize = 16
	// maxBrowserToken bounds what is tried to open, in bytes of base64.
	maxBrowserToken = 512
)

// BrowserToken is the value of the cookie by which a browser is known to have
// been signed in as somebody. It signs nobody in: it only gives the next sign-in
// there a budget of tries of its own (S22, throttle).
type BrowserToken struct {
	apicred.Redacted
	text string
}

// BrowserTokenFrom takes a token out of the value of the cookie.
func BrowserTokenFrom(cookieValue string) BrowserToken { return BrowserToken{text: cookieValue} }

// Reveal returns the text, to set the cookie.
func (t BrowserToken) Reveal() string { return t.text }

// IsZero tells whether there is no token.
func (t BrowserToken) IsZero() bool { return t.text == "" }

// BrowserCookieName is the name of its cookie; see CookieName.
func BrowserCookieName(secure bool) string {
	if secure {
		return "__Host-claviger_browser"
	}
	return "claviger_browser"
}

// newBrowser makes the token of a browser that the person just signed in at.
// Nothing is stored: the token is sealed, and bound to the person.
func (s *Service) newBrowser(userID string, at time.Time) (BrowserToken, error) {
	plain := make([]byte, 8+browserNonceSize, 8+browserNonceSize+len(userID))
	binary.BigEndian.PutUint64(plain, uint64(at.Unix())) //nolint:gosec // G115: after 1970
	if _, err := io.ReadFull(s.random, plain[8:]); err != nil {
		return BrowserToken{}, apicred.Internal(fmt.Errorf("reading randomness: %w", err))
	}
	sealed := s.sealer.Seal(purposeBrowser, append(plain, userID...), nil)
	return BrowserToken{text: base64.RawURLEncoding.EncodeToString(sealed)}, nil
}

// knows returns the name of a browser that was signed in as the person; empty
// when the token is another one's, too old, or none.
func (s *Service) knows(token BrowserToken, userID string, now time.Time) string {
	if token.IsZero() || len(token.text) > maxBrowserToken || userID == "" {
		return ""
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token.text)
	if err != nil {
		return ""
	}
	plain, err := s.sealer.Open(purposeBrowser, sealed, nil)
	if err != nil || len(plain) < 8+browserNonceSize || string(plain[8+browserNonceSize:]) != userID {
		return ""
	}
	since := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0) //nolint:gosec // G115: written by newBrowser
	if now.Sub(since) >= BrowserLifetime {
		return ""
	}
	return "browser " + string(plain[8:8+browserNonceSize])
}
