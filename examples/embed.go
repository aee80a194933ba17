// Package examples holds catalogue files to start from. They are embedded, so
// that the binary can apply them without the source tree.
package examples

import _ "embed"

// VCC is the catalogue of the Vonage Contact Center APIs: the ten scopes that
// API credentials may hold there and the endpoints they open. It is the demo's
// default. The descriptions of admin:read and admin:write are ours: their text
// is not public.
//
//go:embed vcc.yaml
var VCC []byte
