package lifecycle

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// Sizes of a page.
const (
	defaultPageSize = 50
	maxPageSize     = 200
)

// pageSize is how many rows a page has at most; 0 asks for the usual number.
func pageSize(wanted int) (int, error) {
	switch {
	case wanted == 0:
		return defaultPageSize, nil
	case wanted < 1 || wanted > maxPageSize:
		return 0, malformedQuery("query.page_size", "page_size must be 1 to 200.")
	}
	return wanted, nil
}

const pageTokenPurpose = "page token"

// pageBinding ties a page token to list, caller and query (S28): another list,
// another caller or another filter cannot use it.
func pageBinding(list string, actor *apicred.Actor, query ...string) []byte {
	h := sha256.New()
	for _, part := range append([]string{list, actor.AccountID, string(actor.Type), actor.ID}, query...) {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return h.Sum(nil)
}

// sealPosition makes the page token of the page that begins behind a position,
// which encodes as JSON.
func (s *Service) sealPosition(position any, binding []byte) (string, error) {
	plain, err := json.Marshal(position)
	if err != nil {
		return "", apicred.Internal(err)
	}
	return base64.RawURLEncoding.EncodeToString(s.sealer.Seal(pageTokenPurpose, plain, binding)), nil
}

// openPosition reads a page token into position; none leaves it as it is, at the
// beginning. Error: malformed, when it was not made for this binding.
func (s *Service) openPosition(token string, binding []byte, position any) error {
	if token == "" {
		return nil
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err == nil && strings.ContainsAny(token, "\r\n") { // which the decoder would skip
		err = base64.CorruptInputError(0)
	}
	if err == nil {
		sealed, err = s.sealer.Open(pageTokenPurpose, sealed, binding)
	}
	if err == nil {
		err = json.Unmarshal(sealed, position)
	}
	if err != nil {
		return malformedQuery("query.page_token", "This page_token is not one of this list's. Take next_page_token from the answer to the same query, or begin without one.")
	}
	return nil
}

func malformedQuery(location, message string) error {
	e := apicred.Malformed(message)
	e.Fields = []apicred.FieldError{{Location: location, Message: message}}
	return e
}
