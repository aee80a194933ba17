package config

import "strings"

// Fault is one thing wrong with the configuration.
type Fault struct {
	// Key is the setting as it was written, as "token_lifetime".
	Key string
	// Origin is where the value came from, as "environment CLAVIGER_LISTEN";
	// empty when nothing was given that should have been.
	Origin string
	// Message is a finished sentence with the remedy. It holds no secret.
	Message string
}

// Faults is everything that is wrong; the error that Load returns.
type Faults []Fault

// Error gives one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, 0, len(f))
	for _, fault := range f {
		lines = append(lines, fault.String())
	}
	return strings.Join(lines, "\n")
}

// String is the fault on one line: key, origin, what is wrong and what to do.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.Key)
	if f.Origin != "" {
		b.WriteString(" (" + f.Origin + ")")
	}
	b.WriteString(": " + f.Message)
	return b.String()
}

// sentence begins a message with a capital and ends it with a full stop.
func sentence(err error) string {
	text := strings.TrimSuffix(err.Error(), ".") + "."
	return strings.ToUpper(text[:1]) + text[1:]
}
