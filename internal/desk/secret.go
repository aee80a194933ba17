package desk

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a link or token that is shown once. It cannot be printed, logged or
// encoded by accident; the socket carries it in types of its own (wire.go).
type Secret struct{ text string }

// Reveal returns the text. Call it only where it is shown to the operator.
func (s Secret) Reveal() string { return s.text }

// String redacts.
func (Secret) String() string { return redacted }

// GoString redacts.
func (Secret) GoString() string { return redacted }

// Format redacts under every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON redacts.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText redacts.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue redacts.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
