package restapi

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
)

// readQuery judges a query by what the operation documents of its parameters:
// unknown, repeated and unreadable ones are refused by name. It returns the
// query in one spelling, without empty parameters, which do not filter.
func readQuery(op *operation, raw string) (string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", malformedAt("query", "The query cannot be read. Write it as name=value pairs joined by &, with other characters percent-encoded.")
	}
	var faults []apicred.FieldError
	for _, name := range slices.Sorted(maps.Keys(values)) {
		parameter := op.queryParameter(name)
		fault := ""
		switch {
		case parameter == nil:
			fault = "There is no query parameter of this name here. " + op.queryNames()
		case len(values[name]) > 1:
			fault = name + " is there twice. Send it once."
		case values[name][0] == "":
			values.Del(name)
		default:
			fault = queryFault(name, parameter.Schema, values[name][0])
		}
		if fault != "" {
			faults = append(faults, apicred.FieldError{Location: queryLocation(name), Message: fault})
		}
	}
	if len(faults) > 0 {
		e := apicred.Malformed(faults[0].Message)
		e.Fields = faults
		return "", e
	}
	return values.Encode(), nil
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// queryLocation names a parameter, unless its name is too odd to repeat.
func queryLocation(name string) string {
	if plainName.MatchString(name) {
		return "query." + name
	}
	return "query"
}

// queryFault says what is wrong with a value, or nothing.
func queryFault(name string, schema *huma.Schema, value string) string {
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return name + " has characters that are not text. Remove them."
	case len(schema.Enum) > 0 && !slices.Contains(schema.Enum, any(value)):
		return fmt.Sprintf("%s must be one of %s.", name, joined(schema.Enum))
	case schema.Type == huma.TypeBoolean && value != "true" && value != "false":
		return name + " must be true or false."
	case schema.Type == huma.TypeInteger && !wholeNumber(value, schema):
		return fmt.Sprintf("%s must be a whole number from %d to %d.", name, int64(*schema.Minimum), int64(*schema.Maximum))
	case schema.MaxLength != nil && utf8.RuneCountInString(value) > *schema.MaxLength:
		return fmt.Sprintf("%s is longer than %d characters. Shorten it.", name, *schema.MaxLength)
	}
	return ""
}

func wholeNumber(text string, schema *huma.Schema) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && float64(n) >= *schema.Minimum && float64(n) <= *schema.Maximum
}

func joined(values []any) string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, ", ")
}
