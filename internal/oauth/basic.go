package oauth

import (
	"encoding/base64"
	"strings"
)

// parseBasic reads the value of an Authorization header of the Basic scheme, in
// any letter case (RFC 7617 section 2), with ID and secret each form-encoded
// inside (RFC 6749 section 2.3.1). It reports false for everything else.
func parseBasic(value string) (clientID, secret string, ok bool) {
	scheme, encoded, found := strings.Cut(value, " ")
	if !found || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	plain, err := base64.StdEncoding.Strict().DecodeString(strings.Trim(encoded, " "))
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
