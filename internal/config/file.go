package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlDetail cuts the parser's name off its errors.
var yamlDetail = regexp.MustCompile(`^yaml: (line (\d+): )?`)

// parseFile reads a YAML or JSON file of settings. Values are kept as written:
// whether 0600 is a number is for the setting to say.
func parseFile(path string, data []byte) (layer, Faults) {
	name := filepath.Base(path)
	parse := parseYAML
	if trimmed := bytes.TrimSpace(data); bytes.HasPrefix(trimmed, []byte("{")) {
		parse = parseJSON
	}
	entries, err := parse(data)
	if err != nil {
		return layer{}, Faults{{Key: "config", Origin: "file " + name, Message: sentence(err)}}
	}
	out, faults := layer{}, Faults(nil)
	for _, e := range entries {
		value := e.given
		value.origin = "file " + name
		if e.line > 0 {
			value.origin += " line " + strconv.Itoa(e.line)
		}
		if _, twice := out[e.key]; twice {
			faults = append(faults, Fault{shownKey(e.key), value.origin, "The setting stands in the file twice. Keep one of the two."})
			continue
		}
		if value.text != "" || value.fault != "" {
			out[e.key] = value
		}
	}
	return out, faults
}

// entry is one setting of a file.
type entry struct {
	key  string
	line int // 0: not known
	given
}

func parseYAML(data []byte) ([]entry, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, badYAML(err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file holds more than one document. Keep one, without ---")
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("the file is not a list of settings. Write one a line, as listen: 127.0.0.1:8420")
	}
	var out []entry
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		out = append(out, entry{key: key.Value, line: key.Line, given: yamlValue(value)})
	}
	return out, nil
}

// badYAML keeps the line and drops the rest of the parser's error, which may
// repeat a piece of the file, and that a secret.
func badYAML(err error) error {
	if line := yamlDetail.FindStringSubmatch(err.Error()); len(line) == 3 && line[2] != "" {
		return fmt.Errorf("line %s is not YAML. Write settings as key: value, and quote values with special characters", line[2])
	}
	return errors.New("the file is not YAML. Write settings as key: value, and quote values with special characters")
}

func yamlValue(node *yaml.Node) given {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return given{}
	case node.Kind == yaml.ScalarNode:
		return given{text: node.Value}
	case node.Kind != yaml.SequenceNode:
		return given{fault: "it is not a plain value. Write text, a number, or a list of those"}
	}
	var parts []string
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			return given{fault: "the list holds something else than plain values. Write text or numbers only"}
		}
		parts = append(parts, item.Value)
	}
	return given{text: strings.Join(parts, listMark)}
}

// parseJSON walks the outer object by hand: encoding/json would let the last of
// two equal members win.
func parseJSON(data []byte) ([]entry, error) {
	errSyntax := errors.New("the file is not JSON. Write one object of settings, as {\"listen\": \"127.0.0.1:8420\"}")
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errSyntax
	}
	var out []entry
	for decoder.More() {
		key, err := decoder.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, errSyntax
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, errSyntax
		}
		out = append(out, entry{key: name, given: jsonValue(value)})
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errSyntax
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file goes on after its object. Keep one object")
	}
	return out, nil
}

func jsonValue(value any) given {
	if value == nil {
		return given{}
	}
	if text, ok := jsonScalar(value); ok {
		return given{text: text}
	}
	list, ok := value.([]any)
	if !ok {
		return given{fault: "it is not a plain value. Write text, a number, true or false, or a list of those"}
	}
	var parts []string
	for _, item := range list {
		text, ok := jsonScalar(item)
		if !ok {
			return given{fault: "the list holds something else than plain values. Write text or numbers only"}
		}
		parts = append(parts, text)
	}
	return given{text: strings.Join(parts, listMark)}
}

func jsonScalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
