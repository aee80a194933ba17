package apicred

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Redacted makes a type that embeds it unprintable: fmt under every verb,
// encoding/json and other encoders of text, and log/slog get "[redacted]" in
// place of the whole value. Embed it in whatever holds a secret, and also in
// what holds such a type in an unexported member: fmt calls no methods there
// and would print the bytes.
type Redacted struct{}

// String redacts.
func (Redacted) String() string { return redacted }

// GoString redacts.
func (Redacted) GoString() string { return redacted }

// Format redacts under every verb.
func (Redacted) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON redacts.
func (Redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText redacts.
func (Redacted) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue redacts.
func (Redacted) LogValue() slog.Value { return slog.StringValue(redacted) }
