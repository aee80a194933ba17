package apicred

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"time"
)

// RefusalSize is the length of a packed Refusal in bytes. It is the same for
// all, so that the length of a sealed one tells nothing (S3).
const RefusalSize = 288

// MaxRefusalText bounds each text of a Refusal, in bytes; what is longer is cut.
const MaxRefusalText = 64

// Refusal is why a program was refused. It travels sealed in the request ID that
// the program is shown, so that any node can explain it later without a record
// of it (R20). It holds nothing secret and nothing personal but the address.
type Refusal struct {
	At      time.Time
	Code    string // the wire code of the answer
	Cause   string // what was hidden from the caller, from a bounded set of texts
	Client  string // client ID, presented or proved; empty: unknown
	API     string // ID of the API called; empty: none was found
	Method  string
	Route   string // the route's pattern, never the path
	Scope   string // the first scope that would have done, or the bad one asked for
	Address netip.Addr
}

// packedRefusal keeps it short.
type packedRefusal struct {
	At      int64  `json:"t"` // Unix seconds
	Code    string `json:"c"`
	Cause   string `json:"w,omitempty"`
	Client  string `json:"i,omitempty"`
	API     string `json:"a,omitempty"`
	Method  string `json:"m,omitempty"`
	Route   string `json:"r,omitempty"`
	Scope   string `json:"s,omitempty"`
	Address string `json:"f,omitempty"`
}

// Pack writes a refusal in RefusalSize bytes. Texts that are too long are cut;
// if it still does not fit, the longest go.
func (r *Refusal) Pack() []byte {
	p := packedRefusal{At: r.At.Unix(), Code: cut(r.Code), Cause: cut(r.Cause), Client: cut(r.Client), API: cut(r.API),
		Method: cut(r.Method), Route: cut(r.Route), Scope: cut(r.Scope)}
	if r.Address.IsValid() {
		p.Address = r.Address.WithZone("").String()
	}
	for _, drop := range []*string{nil, &p.Route, &p.Method, &p.Scope, &p.API, &p.Cause, &p.Client, &p.Address} {
		if drop != nil {
			*drop = ""
		}
		if packed, err := json.Marshal(p); err == nil && len(packed) <= RefusalSize {
			return append(packed, bytes.Repeat([]byte(" "), RefusalSize-len(packed))...)
		}
	}
	return bytes.Repeat([]byte(" "), RefusalSize) // no text can get here: the rest is short
}

func cut(s string) string { return s[:min(len(s), MaxRefusalText)] }

// UnpackRefusal reads what Pack wrote.
func UnpackRefusal(packed []byte) (Refusal, bool) {
	var p packedRefusal
	if len(packed) != RefusalSize || json.Unmarshal(packed, &p) != nil {
		return Refusal{}, false
	}
	r := Refusal{
		At: time.Unix(p.At, 0).UTC(), Code: p.Code, Cause: p.Cause, Client: p.Client, API: p.API, Method: p.Method, Route: p.Route, Scope: p.Scope,
	}
	if p.Address != "" {
		r.Address, _ = netip.ParseAddr(p.Address)
	}
	return r, true
}
