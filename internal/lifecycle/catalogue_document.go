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

// MaxCatalogueSize is the largest catalogue file, in bytes (contract: 1 MiB).
const MaxCatalogueSize = 1 << 20

// DecodeCatalogue reads a catalogue file, YAML or JSON (which is YAML too).
// Unknown and repeated members, a second document and wrong types are refused.
// Errors: invalid or malformed, naming the line and the remedy.
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
		return c, apicred.Malformed("The catalogue cannot be read: " + yamlFault(err) + ".").Because(err)
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

// yamlFault says what is wrong and where, in words about the file and not about
// Go types.
func yamlFault(err error) string {
	var faults *yaml.TypeError
	if !errors.As(err, &faults) || len(faults.Errors) == 0 {
		return strings.TrimPrefix(err.Error(), "yaml: ")
	}
	first, _, _ := strings.Cut(faults.Errors[0], " in type ")
	first, _, _ = strings.Cut(first, " into ")
	return first
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
