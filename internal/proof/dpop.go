package proof

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

// DPoPWindow is how far the iat of a proof may lie from now, either way, and
// hence how long it takes at most until its jti can be forgotten, counted from
// that iat.
const DPoPWindow = time.Minute

// The causes of a refused DPoP proof.
var (
	ErrDPoPType    = errors.New("the proof's typ is not dpop+jwt")
	ErrDPoPKey     = errors.New("the proof's jwk is not a public key that is taken")
	ErrDPoPRequest = errors.New("the proof's htm or htu is of another request")
	ErrDPoPNonce   = errors.New("the proof has a nonce, and none is given out here")
	ErrDPoPTime    = errors.New("the proof's iat is more than a minute off")
	ErrDPoPToken   = errors.New("the proof is not for this access token")
)

// DPoP is a DPoP proof (RFC 9449 section 4.2) with a right signature.
type DPoP struct {
	// Thumbprint of the key that signed it (RFC 7638), as in cnf.jkt.
	Thumbprint string
	// ID is the jti.
	ID       string
	method   string
	url      string
	nonce    bool
	issued   time.Time
	tokenSum []byte // ath; nil: absent
}

// ParseDPoP takes a proof apart and checks its signature with the key that it
// carries: checks 2 to 7 of RFC 9449 section 4.3. Its errors are causes.
func ParseDPoP(raw string) (*DPoP, error) {
	j, err := parseJWS(raw)
	if err != nil {
		return nil, err
	}
	if typ, _ := j.typ(); typ != "dpop+jwt" {
		return nil, ErrDPoPType
	}
	var jwk, members map[string]json.RawMessage
	if json.Unmarshal(j.header["jwk"], &jwk) != nil {
		return nil, ErrDPoPKey
	}
	key, fault := parseKey(jwk)
	if fault != "" || key.algorithm != "" && key.algorithm != j.algorithm {
		return nil, ErrDPoPKey
	}
	if !j.signedBy(key.public) {
		return nil, ErrSignature
	}
	if json.Unmarshal(j.payload, &members) != nil {
		return nil, ErrPayload
	}
	p := &DPoP{Thumbprint: key.Thumbprint}
	var issued int64
	if !identifier(members, &p.ID) || !text(members, "htm", &p.method) || !text(members, "htu", &p.url) || !seconds(members, "iat", true, &issued) {
		return nil, ErrPayload
	}
	p.issued = time.Unix(issued, 0)
	_, p.nonce = members["nonce"]
	if _, there := members["ath"]; there {
		var sum string
		if !text(members, "ath", &sum) {
			return nil, ErrPayload
		}
		if p.tokenSum, err = encoding.DecodeString(sum); err != nil {
			return nil, ErrPayload
		}
	}
	return p, nil
}

// Judge checks that the proof is for a request made now: checks 8 to 11 of RFC
// 9449 section 4.3. address is the URL that the program called, whose query and
// fragment do not count. Its errors are causes.
func (p *DPoP) Judge(method, address string, now time.Time) error {
	called, ok := normalURL(address)
	meant, plausible := normalURL(p.url)
	switch {
	case p.method != method || !ok || !plausible || called != meant:
		return ErrDPoPRequest
	case p.nonce:
		return ErrDPoPNonce
	case p.issued.Before(now.Add(-DPoPWindow)), p.issued.After(now.Add(DPoPWindow)):
		return ErrDPoPTime
	}
	return nil
}

// ForgetAt is when the proof would be refused for its age anyhow, so that its
// jti need not be remembered any longer.
func (p *DPoP) ForgetAt() time.Time { return p.issued.Add(DPoPWindow + time.Second) }

// Binds tells whether the proof is for token, which is bound to the key with
// thumbprint: check 12 of RFC 9449 section 4.3.
func (p *DPoP) Binds(token, thumbprint string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(p.tokenSum, sum[:]) == 1 && thumbprint != "" && p.Thumbprint == thumbprint
}

// normalURL writes an http or https URL without query and fragment as RFC 3986
// section 6.2.2 and 6.2.3 would: scheme and host in lower case, no default port,
// no empty path, percent-encoding in upper case and only where needed.
func normalURL(address string) (string, bool) {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Host == "" || u.Opaque != "" {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	default:
		return "", false
	}
	return scheme + "://" + strings.TrimSuffix(host, ":") + normalPath(u.EscapedPath()), true
}

// normalPath decodes what need not be encoded and writes the rest in upper case.
func normalPath(path string) string {
	if path == "" {
		return "/"
	}
	if !strings.Contains(path, "%") {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		code := strings.ToUpper(path[i : i+3])
		if plain, err := url.PathUnescape(code); err == nil && unreserved(plain[0]) {
			code = plain
		}
		b.WriteString(code)
		i += 2
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
