package proof

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

// DPoPWindow is how far the iat of a proof may lie from our clock, either way.
const DPoPWindow = time.Minute

// The causes of a refused proof of possession, for the log and explanations.
var (
	ErrDPoPCount   = errors.New("dpop: not exactly one header DPoP")
	ErrDPoPForm    = errors.New("dpop: no JWT in its one spelling, or too long")
	ErrDPoPHeader  = errors.New("dpop: the header is not that of a proof")
	ErrDPoPKey     = errors.New("dpop: the jwk is no public key that is taken")
	ErrDPoPPayload = errors.New("dpop: a claim is missing or malformed")
	ErrDPoPMethod  = errors.New("dpop: htm is another method")
	ErrDPoPAddress = errors.New("dpop: htu is another address")
	ErrDPoPTime    = errors.New("dpop: iat is more than a minute away")
	ErrDPoPNonce   = errors.New("dpop: a nonce, and none was given")
	ErrDPoPToken   = errors.New("dpop: ath is not of this access token")
	ErrDPoPHolder  = errors.New("dpop: the token is bound to another key")
	ErrDPoPSigned  = errors.New("dpop: the signature is wrong")
)

// DPoP is a proof of possession (RFC 9449 section 4.2) that was checked.
type DPoP struct {
	// Thumbprint of the key that signed it (RFC 7638, SHA-256, base64url).
	Thumbprint string
	// ID is the jti, up to MaxID bytes. That it was not used before is for others
	// to find out.
	ID string
	// Until is when the proof is too old for anybody.
	Until time.Time
}

// DPoPUse is the request that a proof must be of.
type DPoPUse struct {
	Method  string
	Address Address
	// Token is the access token beside the proof; empty at the token endpoint,
	// where there is none.
	Token string
	// Holder is the thumbprint that the token is bound to; empty there.
	Holder string
	// Now is when the request came in.
	Now time.Time
}

// CheckDPoP checks the values of all DPoP headers of a request by RFC 9449
// section 4.3, but for the replay of jti. What is cheap comes first, the
// signature last. Its errors are the causes above.
func CheckDPoP(headers []string, use *DPoPUse) (*DPoP, error) {
	if len(headers) != 1 {
		return nil, ErrDPoPCount // check 1
	}
	j, err := parseJWS(headers[0])
	switch {
	case errors.Is(err, ErrForm):
		return nil, ErrDPoPForm // check 2
	case err != nil:
		return nil, ErrDPoPHeader // check 5: alg
	}
	var typ string
	if !text(j.header, "typ", &typ) || typ != "dpop+jwt" {
		return nil, ErrDPoPHeader // check 4
	}
	claims, err := parseDPoPClaims(j.payload)
	if err != nil {
		return nil, err // check 3
	}
	if err := claims.judge(use); err != nil {
		return nil, err
	}
	key, err := embeddedKey(j)
	switch {
	case err != nil:
		return nil, err // check 7
	case use.Holder != "" && subtle.ConstantTimeCompare([]byte(use.Holder), []byte(key.Thumbprint)) != 1:
		return nil, ErrDPoPHolder // check 12
	case !j.signedBy(key.public):
		return nil, ErrDPoPSigned // check 6
	}
	return &DPoP{Thumbprint: key.Thumbprint, ID: claims.id, Until: time.Unix(claims.issued, 0).Add(DPoPWindow)}, nil
}

// embeddedKey reads the public key in the header. Its kind and size are bounded
// as those of uploaded ones (S15), and it must be for the header's algorithm.
func embeddedKey(j *jws) (Key, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(j.header["jwk"], &members) != nil {
		return Key{}, ErrDPoPKey
	}
	key, fault := parseKey(members)
	if fault != "" || key.algorithm != "" && key.algorithm != j.algorithm {
		return Key{}, ErrDPoPKey
	}
	return key, nil
}

// dpopClaims is the payload of a proof.
type dpopClaims struct {
	id, method string
	address    Address
	issued     int64 // Unix seconds
	tokenHash  string
	nonce      bool
}

func parseDPoPClaims(payload []byte) (*dpopClaims, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil {
		return nil, ErrDPoPPayload
	}
	c := &dpopClaims{}
	var address string
	if !identifier(members, &c.id) || !text(members, "htm", &c.method) || !text(members, "htu", &address) ||
		!seconds(members, "iat", true, &c.issued) {
		return nil, ErrDPoPPayload
	}
	if _, there := members["ath"]; there && !text(members, "ath", &c.tokenHash) {
		return nil, ErrDPoPPayload
	}
	_, c.nonce = members["nonce"]
	var ok bool
	if c.address, ok = AddressOf(address); !ok {
		return nil, ErrDPoPAddress
	}
	return c, nil
}

// judge compares a proof with the request that it came with.
func (c *dpopClaims) judge(use *DPoPUse) error {
	switch age := use.Now.Sub(time.Unix(c.issued, 0)); {
	case c.method != use.Method:
		return ErrDPoPMethod // check 8; methods have case (RFC 9110 section 9.1)
	case !c.address.Is(use.Address):
		return ErrDPoPAddress // check 9
	case c.nonce:
		return ErrDPoPNonce // check 10: nobody was given one
	case age > DPoPWindow || age < -DPoPWindow:
		return ErrDPoPTime // check 11
	}
	if use.Token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(use.Token))
	if subtle.ConstantTimeCompare([]byte(encoding.EncodeToString(sum[:])), []byte(c.tokenHash)) != 1 {
		return ErrDPoPToken // check 12
	}
	return nil
}
