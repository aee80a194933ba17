package config

import "github.com/claviger/claviger/internal/apicred"

// Secret is a value that cannot be printed, logged or encoded by accident.
type Secret struct {
	apicred.Redacted
	text string
}

// Reveal returns the value. Call it only where it is used.
func (s Secret) Reveal() string { return s.text }

// IsZero tells whether there is no value.
func (s Secret) IsZero() bool { return s.text == "" }
