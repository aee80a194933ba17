package oauth

import (
	"net/url"
	"slices"
	"strings"
)

// maxParameters is how many parameters a request may have (S34).
const maxParameters = 200

// form is what the endpoints for programs read of a request's body. An empty member is
// an absent parameter (RFC 6749 section 3.2).
type form struct {
	grantType    string
	scope        string
	resource     string
	clientID     string
	clientSecret string
	token        string // to introspect or to revoke
	// of RFC 7521 section 4.2
	assertionType string
	assertion     string
}

// What is wrong with a form, as sentences for the client.
const (
	faultTooMany  = "The request has more than 200 parameters. Send only those that the grant needs."
	faultEncoding = "The body is not well-formed application/x-www-form-urlencoded: a percent sign must be followed by two hex digits."
	faultRepeated = "A parameter stands in the request twice. Send each parameter once."
)

// parseForm reads an application/x-www-form-urlencoded body. Unknown parameters
// are ignored (RFC 6749 section 3.2), repeated ones are not, known or unknown,
// since two programs may disagree on which of them counts. fault is empty for a
// good form.
func parseForm(body string) (f form, fault string) {
	var seen [16]string // on the stack for all but odd requests
	names := seen[:0]
	count := 0
	for rest, more := body, body != ""; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		if count++; count > maxParameters {
			return form{}, faultTooMany
		}
		name, value, _ := strings.Cut(pair, "=")
		name, goodName := decoded(name)
		value, goodValue := decoded(value)
		if !goodName || !goodValue {
			return form{}, faultEncoding
		}
		if value == "" {
			continue // as if it were not there
		}
		if slices.Contains(names, name) {
			return form{}, faultRepeated
		}
		names = append(names, name)
		f.set(name, value)
	}
	return f, ""
}

// decoded undoes the form encoding. Most of what programs send, a token above
// all, has none, and two looks find that out faster than a walk does.
func decoded(text string) (string, bool) {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return text, true
	}
	plain, err := url.QueryUnescape(text)
	return plain, err == nil
}

func (f *form) set(name, value string) {
	switch name {
	case "grant_type":
		f.grantType = value
	case "scope":
		f.scope = value
	case "resource":
		f.resource = value
	case "client_id":
		f.clientID = value
	case "client_secret":
		f.clientSecret = value
	case "token":
		f.token = value
	case "client_assertion_type":
		f.assertionType = value
	case "client_assertion":
		f.assertion = value
	}
}

// isForm tells whether a Content-Type is application/x-www-form-urlencoded, in
// any letter case and with any parameters.
func isForm(contentType string) bool {
	const want = "application/x-www-form-urlencoded"
	mediaType, _, _ := strings.Cut(contentType, ";")
	return len(mediaType) >= len(want) && strings.EqualFold(strings.Trim(mediaType, " \t"), want)
}
