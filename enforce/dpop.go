package enforce

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// proofWindow is how far the iat of a proof may lie from our clock, either way.
	proofWindow = time.Minute
	// maxProofID bounds a jti, in bytes.
	maxProofID = 255
)

// The causes of a refused proof of possession.
var (
	errProofCount       = errors.New("not exactly one header DPoP")
	errProofForm        = errors.New("no JWT in its one spelling, or too long")
	errProofHeader      = errors.New("the header is not that of a proof")
	errProofKey         = errors.New("the jwk is no public key that is taken")
	errProofPayload     = errors.New("a claim is missing or malformed")
	errProofMethod      = errors.New("htm is another method")
	errProofAddress     = errors.New("htu is another address")
	errProofTime        = errors.New("iat is more than a minute away")
	errProofNonce       = errors.New("a nonce, and none was given")
	errProofToken       = errors.New("ath is not of this access token")
	errProofHolder      = errors.New("the token is bound to another key")
	errProofSigned      = errors.New("the signature is wrong")
	errProofUsed        = errors.New("the proof was used before")
	errBoundBearer      = errors.New("bound to a key, and sent as Bearer")
	errBoundCertificate = errors.New("bound to a client certificate that the connection was not opened with")
	errPlainDPoP        = errors.New("not bound to a key, and sent as DPoP")
)

// proofError is why a proof was refused: invalid_dpop_proof (RFC 9449 section
// 7.1).
type proofError struct{ cause error }

func (e *proofError) Error() string { return "the DPoP proof: " + e.cause.Error() }
func (e *proofError) Unwrap() error { return e.cause }

// proof is a proof of possession (RFC 9449 section 4.2) whose signature was not
// looked at yet.
type proof struct {
	id, method string
	address    address
	issued     int64 // Unix seconds
	tokenHash  string
	nonce      bool
	key        proofKey
	parts      parts
}

// presented is an access token as somebody presented it.
type presented struct {
	token   string
	dpop    bool // by the scheme DPoP, not Bearer
	proofs  []string
	method  string
	address address
	// certificate, in DER, that the connection was opened with; nil: none.
	certificate []byte
}

// confirms checks that whoever presents a token holds what it is bound to, and
// returns the proof that it holds a key; nil where there is none to hold.
func (p *presented) confirms(t *token, now time.Time) (*proof, error) {
	switch bound := t.Confirmation; {
	case bound.Certificate != "" && !p.certified(bound.Certificate):
		return nil, errBoundCertificate
	case bound.Key == "" && p.dpop:
		return nil, errPlainDPoP
	case bound.Key == "":
		return nil, nil //nolint:nilnil // a plain token needs no proof
	case !p.dpop:
		return nil, errBoundBearer
	}
	checked, err := p.check(t.Confirmation.Key, now)
	if err != nil {
		return nil, &proofError{err}
	}
	return checked, nil
}

// certified tells whether the connection was opened with the certificate of a
// thumbprint (x5t#S256, RFC 8705 section 3). Who issued it was looked at when the
// token was.
func (p *presented) certified(thumbprint string) bool {
	sum := sha256.Sum256(p.certificate)
	return p.certificate != nil && subtle.ConstantTimeCompare([]byte(encoding.EncodeToString(sum[:])), []byte(thumbprint)) == 1
}

// check makes the checks of RFC 9449 section 4.3, but for the replay of jti. What
// is cheap comes first, the signature last.
func (p *presented) check(holder string, now time.Time) (*proof, error) {
	if len(p.proofs) != 1 {
		return nil, errProofCount // check 1
	}
	got, err := parseProof(p.proofs[0])
	if err != nil {
		return nil, err // checks 2 to 5, and 7
	}
	sum := sha256.Sum256([]byte(p.token))
	switch age := now.Sub(time.Unix(got.issued, 0)); {
	case got.method != p.method:
		return nil, errProofMethod // check 8; methods have case (RFC 9110 section 9.1)
	case got.address.normal() != p.address.normal():
		return nil, errProofAddress // check 9
	case got.nonce:
		return nil, errProofNonce // check 10: nobody was given one
	case age > proofWindow || age < -proofWindow:
		return nil, errProofTime // check 11
	case subtle.ConstantTimeCompare([]byte(encoding.EncodeToString(sum[:])), []byte(got.tokenHash)) != 1:
		return nil, errProofToken // check 12
	case subtle.ConstantTimeCompare([]byte(holder), []byte(got.key.thumbprint())) != 1:
		return nil, errProofHolder // check 12
	case !got.key.signed(got.parts.signed, got.parts.signature):
		return nil, errProofSigned // check 6
	}
	return got, nil
}

// parseProof takes a proof apart.
func parseProof(raw string) (*proof, error) {
	p, err := split(raw)
	if err != nil {
		return nil, errProofForm
	}
	header, err := readObject(p.header)
	if err != nil {
		return nil, errProofHeader
	}
	for _, refused := range []string{"crit", "b64", "jku", "x5u", "x5c"} {
		if _, there := header[refused]; there {
			return nil, errProofHeader
		}
	}
	var typ, algorithm, kid string
	if !textOf(header, "typ", &typ) || typ != "dpop+jwt" || !textOf(header, "alg", &algorithm) ||
		!slices.Contains(strings.Fields(proofAlgorithms), algorithm) {
		return nil, errProofHeader
	}
	if _, there := header["kid"]; there && !textOf(header, "kid", &kid) {
		return nil, errProofHeader
	}
	out, err := parseProofClaims(p.payload)
	if err != nil {
		return nil, err
	}
	var ok bool
	if out.key, ok = parseProofKey(header["jwk"], algorithm); !ok {
		return nil, errProofKey
	}
	out.parts = p
	return out, nil
}

func parseProofClaims(payload []byte) (*proof, error) {
	members, err := readObject(payload)
	if err != nil {
		return nil, errProofPayload
	}
	p := &proof{}
	var url string
	if !textOf(members, "jti", &p.id) || len(p.id) > maxProofID || !textOf(members, "htm", &p.method) || !textOf(members, "htu", &url) ||
		!secondsOf(members["iat"], &p.issued) {
		return nil, errProofPayload
	}
	if _, there := members["ath"]; there && !textOf(members, "ath", &p.tokenHash) {
		return nil, errProofPayload
	}
	_, p.nonce = members["nonce"]
	var ok bool
	if p.address, ok = addressOf(url); !ok {
		return nil, errProofAddress
	}
	return p, nil
}

// textOf reads a member that must be non-empty text.
func textOf(members map[string]json.RawMessage, name string, into *string) bool {
	raw := bytes.TrimSpace(members[name])
	return len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, into) == nil && *into != ""
}

// secondsOf reads a NumericDate (RFC 7519 section 2) as whole Unix seconds,
// rounded down.
func secondsOf(raw json.RawMessage, into *int64) bool {
	const longest = 20 // characters: more seconds than any clock shows
	whole, fraction, _ := strings.Cut(string(raw), ".")
	if len(raw) > longest || strings.Trim(fraction, "0123456789") != "" {
		return false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	*into = n
	return err == nil && n > 0
}
