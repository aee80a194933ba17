package restapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// maxDepth is how deep a body may nest; nothing of ours needs more than two.
	maxDepth = 16
	// maxFaults is how many faults of one body are told. Bodies are read before
	// anybody is asked who they are, so a stranger's must not cost more for being
	// all wrong (S27); nobody mends a hundred members at once either.
	maxFaults = 100
)

// object is the JSON object of a request body, read strictly (S27). What is not
// JSON is refused at once; what is wrong with a member is collected in faults,
// for the use case to answer in its turn.
type object struct {
	members map[string]json.RawMessage
	known   []string
	faults  []apicred.FieldError
}

// readObject reads a body. Its error is malformed.
func readObject(body []byte) (*object, error) {
	switch {
	case len(body) == 0:
		return nil, malformedAt("body", "The request body is missing. Send a JSON object.")
	case !utf8.Valid(body):
		return nil, malformedAt("body", "The body is not UTF-8. Send JSON in UTF-8.")
	case depth(body) > maxDepth:
		return nil, malformedAt("body", fmt.Sprintf("The body is nested deeper than %d levels. Flatten it.", maxDepth))
	case !json.Valid(body):
		return nil, malformedAt("body", "The body is not one JSON value. Check quotes, commas and brackets, and that nothing follows it.")
	}
	o := &object{members: map[string]json.RawMessage{}}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		o.fault("body", "The body must be a JSON object.")
		return o, nil //nolint:nilerr // the fault is collected with the others
	}
	for decoder.More() {
		if err := o.readMember(decoder); err != nil {
			return nil, malformedAt("body", "The body cannot be read as JSON.").Because(err)
		}
	}
	return o, nil
}

func (o *object) readMember(decoder *json.Decoder) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	name, _ := token.(string) // keys of valid JSON are strings
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return err
	}
	if _, twice := o.members[name]; twice {
		o.fault(location(name), "This member is there twice. Send it once.")
	}
	o.members[name] = raw
	return nil
}

// depth is the deepest nesting of brackets outside of strings, whether or not
// the text is JSON.
func depth(body []byte) int {
	deepest, now, inString := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

func (o *object) fault(location, message string) {
	if len(o.faults) >= maxFaults {
		return
	}
	o.faults = append(o.faults, apicred.FieldError{Location: location, Message: message})
}

// location names a member, unless its name is too odd to repeat.
func location(name string) string {
	if plainName.MatchString(name) {
		return "body." + name
	}
	return "body"
}

// meaning is the SHA-256 of what the body says, whatever its white space and
// the order of its members.
func (o *object) meaning() []byte {
	canonical := map[string]any{}
	for name, raw := range o.members {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			value = string(raw) // not met: the body was valid
		}
		canonical[name] = value
	}
	text, err := json.Marshal(canonical) // sorts members at every depth
	if err != nil {
		text = nil // not met: what JSON gave, JSON takes
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// take reads a member with read, which says what is wrong with the value, or
// nothing. It reports whether the member is there. null stands for the zero
// value where a member can be left out; elsewhere it is a fault.
func (o *object) take(name string, removable bool, read func(raw []byte) string) bool {
	o.known = append(o.known, name)
	raw, there := o.members[name]
	if !there {
		return false
	}
	fault := ""
	switch null := string(raw) == "null"; {
	case null && !removable:
		fault = "This member cannot be null. Leave it out, or give it a value."
	case !null:
		fault = read(raw)
	}
	if fault != "" {
		o.fault("body."+name, fault)
	}
	return true
}

// rest faults every member that was not taken.
func (o *object) rest(readOnly ...string) []apicred.FieldError {
	var names []string
	for name := range o.members {
		if !slices.Contains(o.known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(readOnly, name) {
			o.fault("body."+name, "This member cannot be set. Leave it out.")
			continue
		}
		o.fault(location(name), fmt.Sprintf("There is no member of this name here. Known are %s.", strings.Join(o.known, ", ")))
	}
	return o.faults
}

func (o *object) text(name string, removable bool, into *string) bool {
	return o.take(name, removable, func(raw []byte) string {
		if json.Unmarshal(raw, into) != nil {
			*into = ""
			return "This must be text."
		}
		return ""
	})
}

// texts reads a list of texts. One that is none is a fault of its own place,
// and an empty text in the list.
func (o *object) texts(name string, removable bool, into *[]string) bool {
	return o.take(name, removable, func(raw []byte) string {
		var values []json.RawMessage
		if json.Unmarshal(raw, &values) != nil {
			return "This must be a list of texts."
		}
		*into = make([]string, len(values))
		for i, value := range values {
			if value[0] != '"' || json.Unmarshal(value, &(*into)[i]) != nil {
				o.fault(fmt.Sprintf("body.%s[%d]", name, i), "This must be text.")
			}
		}
		return ""
	})
}

// moment reads a time that lies after 1970; the zero time stands for none.
func (o *object) moment(name string, into *time.Time) bool {
	return o.take(name, true, func(raw []byte) string {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return "This must be a time as text, as 2030-01-31T12:00:00Z."
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || at.Unix() <= 0 {
			return "This must be a time of RFC 3339, as 2030-01-31T12:00:00Z."
		}
		*into = at.UTC()
		return ""
	})
}

// number reads a whole number of at least least.
func (o *object) number(name string, least int64, into *int64) bool {
	return o.take(name, true, func(raw []byte) string {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil || n < least {
			return fmt.Sprintf("This must be a whole number of %d or more.", least)
		}
		*into = n
		return ""
	})
}

func (o *object) ranges(name string, into *[]netip.Prefix) bool {
	var texts []string
	there := o.texts(name, true, &texts)
	*into = make([]netip.Prefix, len(texts))
	for i, text := range texts {
		at := fmt.Sprintf("body.%s[%d]", name, i)
		prefix, err := netip.ParsePrefix(text)
		switch {
		case o.faulty(at):
		case err != nil:
			o.fault(at, "This must be an address range, as 192.0.2.0/24, 192.0.2.7/32 or 2001:db8::/32.")
		case prefix.Addr().Is4In6():
			o.fault(at, "Write the IPv4 range as such, as 192.0.2.0/24.")
		default:
			(*into)[i] = prefix
		}
	}
	return there
}

func (o *object) faulty(location string) bool {
	return slices.ContainsFunc(o.faults, func(f apicred.FieldError) bool { return f.Location == location })
}
