package config

import (
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// Effective is a setting as it stands.
type Effective struct {
	Key string `json:"key"`
	// Value is as written, or redacted; empty when nothing stands.
	Value string `json:"value"`
	// Origin is where it came from, as "default" or "flag --listen".
	Origin string `json:"origin"`
}

// Effective lists every setting with its value and origin, in the order of
// Settings. Secrets are redacted.
func (c *Config) Effective() []Effective {
	var out []Effective
	for _, s := range Settings() {
		value, ok := c.values[s.Key]
		if !ok {
			value.origin = originDefault
		}
		out = append(out, Effective{Key: s.Key, Value: shownValue(s, value.text), Origin: value.origin})
	}
	return out
}

// shownValue redacts secrets. A database URL of SQLite is a path; one of
// PostgreSQL is hidden whole, because a password can stand in several places.
func shownValue(s Setting, text string) string {
	if !s.Secret || text == "" || strings.HasPrefix(text, sqlitePrefix) {
		return text
	}
	return apicred.Redacted{}.String()
}
