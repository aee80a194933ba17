package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/claviger/claviger/internal/apicred"
)

// MaxCatalogueSize is the largest catalogue file, in bytes (contract.md "Catalogue file").
const MaxCatalogueSize = 1 << 20

// DecodeCatalogue reads a catalogue file, YAML or JSON (which is YAML too).
// Errors: malformed for what is no YAML or more than one document; invalid for
// unknown and repeated members and wrong types, all at once, by their lines.
func DecodeCatalogue(data []byte) (apicred.Catalogue, error) {
	var c apicred.Catalogue
	if len(data) > MaxCatalogueSize {
		return c, apicred.Malformed("The catalogue is larger than 1 MiB. Split it, or leave out what is not used.")
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&c); errors.Is(err, io.EOF) {
		return c, apicred.Malformed("The catalogue is empty. It needs apis and scopes; see examples/vcc.yaml.")
	} else if err != nil {
		return apicred.Catalogue{}, documentFault(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return c, apicred.Malformed("The catalogue file holds more than one document. Keep one.")
	}
	return c, nil
}

// EncodeCatalogue writes a catalogue as YAML, as DecodeCatalogue reads it.
func EncodeCatalogue(c apicred.Catalogue) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(c); err != nil {
		return nil, fmt.Errorf("encode catalogue: %w", err)
	}
	return b.Bytes(), e.Close()
}

// documentFault says what is wrong and where, in words about the file and not
// about Go types.
func documentFault(err error) error {
	var faults *yaml.TypeError
	if !errors.As(err, &faults) || len(faults.Errors) == 0 {
		return apicred.Malformed("The catalogue cannot be read: " + syntaxFault(strings.TrimPrefix(err.Error(), "yaml: "))).Because(err)
	}
	var fields []apicred.FieldError
	for _, text := range faults.Errors {
		line, text, _ := strings.Cut(text, ": ")
		text, _, unknown := strings.Cut(text, " not found in type ")
		text, _, mistyped := strings.Cut(text, " into ")
		switch {
		case unknown:
			text = "There is no " + text + " here. Correct its spelling, or leave it out."
		case mistyped:
			text = strings.TrimPrefix(yamlKinds().Replace(text), "cannot unmarshal ") + " is of the wrong type here. See examples/vcc.yaml for the form."
		default:
			text = "It is there twice: " + text + ". Keep one."
		}
		fields = append(fields, apicred.FieldError{Location: line, Message: text})
	}
	e := apicred.Invalid(fields...).Because(err)
	e.Message = fields[0].Location + ": " + fields[0].Message
	return e
}

// syntaxFault adds the remedy to what the YAML parser says.
func syntaxFault(text string) string {
	if strings.HasSuffix(text, "found character that cannot start any token") {
		return text + ". Indent with spaces, not tabs, and put a text that begins with a special character in quotes."
	}
	return text + ". It must be YAML or JSON, as examples/vcc.yaml."
}

// yamlKinds puts words for YAML's tags.
func yamlKinds() *strings.Replacer {
	return strings.NewReplacer("!!str", "The text", "!!int", "The number", "!!float", "The number", "!!bool", "The value",
		"!!null", "The empty value", "!!timestamp", "The date", "!!seq", "A list", "!!map", "A mapping")
}

func sameCatalogue(a, b apicred.Catalogue) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, apicred.Internal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		return false, apicred.Internal(err)
	}
	return bytes.Equal(x, y), nil
}
