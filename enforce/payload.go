package enforce

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// parsePayload reads the claims of a token whose signature is right, strictly
// enough to notice what is not understood: a repeated member, and any object but
// cnf. The server writes flat JSON without spaces, and nothing else is taken.
// What is taken means the same to every JSON reader.
func parsePayload(data []byte) (*token, error) {
	t, r := &token{}, payloadReader{text: string(data)} // the claims are parts of this one copy
	var room [16]string
	seen, needed := room[:0], 0
	r.expect('{')
	for more := r.peek() != '}'; more && !r.failed; more = r.next() {
		name := r.string()
		r.expect(':')
		if slices.Contains(seen, name) {
			return nil, errPayload
		}
		seen = append(seen, name)
		if !r.failed && r.member(t, name) {
			needed++
		}
	}
	r.expect('}')
	// The subject of a person's management token is not its client. Such a token
	// opens no API.
	const all = 10
	if r.failed || r.at != len(r.text) || needed != all || t.JTI == "" || t.AccountID == "" || t.ClientID == "" ||
		t.subject != t.ClientID || len(t.Audience) == 0 {
		return nil, errPayload
	}
	return t, nil
}

// payloadReader reads flat JSON: strings of printable ASCII whose only escapes
// are \" and \\, whole numbers without sign, true, false, arrays of strings.
type payloadReader struct {
	text   string
	at     int
	failed bool
}

// member reads the value of a member, and tells whether it is one that every
// token has (RFC 9068 section 2.2).
func (r *payloadReader) member(t *token, name string) bool {
	switch name {
	case "iss":
		t.issuer = r.string()
	case "aud":
		t.Audience = r.strings()
	case "sub":
		t.subject = r.string()
	case "client_id":
		t.ClientID = r.string()
	case "iat":
		t.IssuedAt = time.Unix(r.integer(), 0)
	case "exp":
		t.ExpiresAt = time.Unix(r.integer(), 0)
	case "jti":
		t.JTI = r.string()
	case "scope":
		t.Scopes = strings.Fields(r.string())
	case "account":
		t.AccountID = r.string()
	case "gen":
		t.generation = r.integer()
	case "owner":
		t.Owner = r.string()
		return false
	case "nbf":
		t.notBefore = r.integer()
		return false
	case "cnf":
		t.Confirmation = r.confirmation()
		return false
	default:
		r.skip()
		return false
	}
	return true
}

// confirmation reads cnf: one or both of the thumbprints that are understood.
// Any other member could bind the token to something that nobody here would
// check.
func (r *payloadReader) confirmation() (c Confirmation) {
	r.expect('{')
	for more := true; more && !r.failed; more = r.next() {
		name := r.string()
		r.expect(':')
		into := &c.Key
		if name == "x5t#S256" {
			into = &c.Certificate
		}
		value := r.string()
		if name != "jkt" && name != "x5t#S256" || *into != "" || !isThumbprint(value) {
			r.failed = true
		}
		*into = value
	}
	r.expect('}')
	return c
}

func (r *payloadReader) peek() byte {
	if r.at >= len(r.text) {
		return 0
	}
	return r.text[r.at]
}

func (r *payloadReader) expect(c byte) {
	if r.peek() != c || r.failed {
		r.failed = true
		return
	}
	r.at++
}

// next passes over a comma, and tells whether there was one.
func (r *payloadReader) next() bool {
	if r.peek() != ',' {
		return false
	}
	r.at++
	return true
}

// string reads a string. Unless it holds escapes, it is a part of the text.
func (r *payloadReader) string() string {
	r.expect('"')
	start, escaped := r.at, false
	for !r.failed {
		switch c := r.peek(); c {
		case '"':
			text := r.text[start:r.at]
			r.at++
			if escaped {
				return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text)
			}
			return text
		case '\\':
			escaped = true
			r.at++
			r.failed = r.peek() != '"' && r.peek() != '\\'
		default:
			r.failed = c < ' ' || c > '~'
		}
		if !r.failed { // never past the end, where peek is 0
			r.at++
		}
	}
	return ""
}

// strings reads one string, or an array of at least one.
func (r *payloadReader) strings() (all []string) {
	if r.peek() == '"' {
		return []string{r.string()}
	}
	r.expect('[')
	for more := true; more && !r.failed; more = r.next() {
		all = append(all, r.string())
	}
	r.expect(']')
	return all
}

// integer reads a number without sign, fraction, exponent or leading zero.
func (r *payloadReader) integer() int64 {
	start := r.at
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.at++
	}
	digits := r.text[start:r.at]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		r.failed = true
	}
	return n
}

// skip reads a value of a member that a later server may send.
func (r *payloadReader) skip() {
	rest := r.text[min(r.at, len(r.text)):]
	switch c := r.peek(); {
	case c == '"' || c == '[':
		r.strings()
	case strings.HasPrefix(rest, "true"):
		r.at += len("true")
	case strings.HasPrefix(rest, "false"):
		r.at += len("false")
	default:
		r.integer()
	}
}
