package oauth

import (
	"encoding/base64"
	"strings"
)

// basicEncoding is strict about the last character's spare bits.
var basicEncoding = base64.StdEncoding.Strict()

// parseBasic reads the value of an Authorization header of the Basic scheme, in
// any letter case (RFC 7617 section 2), with ID and secret each form-encoded
// inside (RFC 6749 section 2.3.1). It reports false for everything else.
func parseBasic(value string) (clientID, secret string, ok bool) {
	scheme, encoded, found := strings.Cut(value, " ")
	if !found || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	var buffer [256]byte // on the stack for all but odd lengths
	plain, err := basicEncoding.AppendDecode(buffer[:0], []byte(strings.Trim(encoded, " ")))
	if err != nil || strings.ContainsAny(encoded, "\r\n") { // which the decoder would skip
		return "", "", false
	}
	clientID, secret, found = strings.Cut(string(plain), ":")
	clientID, goodID := decoded(clientID)
	secret, goodSecret := decoded(secret)
	if !found || !goodID || !goodSecret {
		return "", "", false
	}
	return clientID, secret, true
}
