package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// SecretText is a secret that the server shows once. fmt under every verb,
// encoding/json and other encoders of text, and log/slog get "[redacted]".
type SecretText struct {
	// text is a function: what prints by reflection finds an address.
	text func() string
}

// Reveal returns the text. Write it only where the secret shall be.
func (s SecretText) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// UnmarshalJSON takes the secret out of an answer.
func (s *SecretText) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return errors.New("a secret must be a text") // the cause would quote it
	}
	s.text = func() string { return text }
	return nil
}

// String redacts.
func (SecretText) String() string { return redacted }

// GoString redacts.
func (SecretText) GoString() string { return redacted }

// Format redacts under every verb.
func (SecretText) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON redacts.
func (SecretText) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText redacts.
func (SecretText) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue redacts.
func (SecretText) LogValue() slog.Value { return slog.StringValue(redacted) }
