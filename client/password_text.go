package client

import (
	"fmt"
	"log/slog"
)

// PasswordText is a password on its way to the server. fmt under every verb and
// log/slog get "[redacted]"; encoding/json writes the text, as the server must
// have it.
type PasswordText string

// String redacts.
func (PasswordText) String() string { return redacted }

// GoString redacts.
func (PasswordText) GoString() string { return redacted }

// Format redacts under every verb.
func (PasswordText) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue redacts.
func (PasswordText) LogValue() slog.Value { return slog.StringValue(redacted) }
