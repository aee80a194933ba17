package desk

import "github.com/claviger/claviger/internal/apicred"

// Secret is a link or token that is shown once. It cannot be printed, logged or
// encoded by accident; the socket carries it in types of its own (wire.go).
type Secret struct {
	apicred.Redacted
	text string
}

// Reveal returns the text. Call it only where it is shown to the operator.
func (s Secret) Reveal() string { return s.text }
