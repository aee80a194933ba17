package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// object is a JSON object of the document.
type object = map[string]any

// methods are the members of a path item that are operations.
func methods() []string { return []string{"get", "put", "post", "patch", "delete"} }

const (
	mediaJSON    = "application/json"
	schemaPrefix = "#/components/schemas/"
)

func run(in io.Reader, out io.Writer) error {
	var d object
	if err := json.NewDecoder(in).Decode(&d); err != nil {
		return fmt.Errorf("the document is no JSON: %w", err)
	}
	schemas := at(d, "components", "schemas")
	tagged, changes := prepareOperations(at(d, "paths"))
	nullable := map[string]bool{}
	for name := range schemas {
		nullable[name] = downgrade(at(schemas, name))
	}
	for name := range schemas {
		prepareSchema(name, at(schemas, name), slices.Contains(changes, name))
		pointReferences(at(schemas, name), nullable)
	}
	for _, name := range tagged {
		ownField(at(schemas, name), "ETag", "string", "ETag names the version, for IfMatch. It comes with the answer's header.")
	}
	ownField(at(schemas, "Problem"), "RetryAfter", "time.Duration", "RetryAfter is how long to wait before asking again; 0: not said.")
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object{
		"openapi": "3.0.3", "info": object{"title": "Claviger management API", "version": "1"},
		"paths": d["paths"], "components": object{"schemas": schemas},
	})
}

// at walks down to an object; the zero object where there is none.
func at(o object, path ...string) object {
	for _, name := range path {
		o, _ = o[name].(object)
	}
	return o
}

// prepareOperations leaves of each operation what a client needs. It returns the
// schemas whose answers carry an ETag, and those of the bodies of edits.
func prepareOperations(paths object) (tagged, changes []string) {
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range methods() {
			o := at(paths, path, method)
			if o == nil {
				continue
			}
			delete(o, "security")
			o["operationId"] = strings.ReplaceAll(o["operationId"].(string), "Apis", "APIs")
			tagged = append(tagged, prepareAnswers(at(o, "responses"))...)
			if body := at(o, "requestBody", "content"); body != nil {
				o["requestBody"].(object)["content"] = object{mediaJSON: object{"schema": at(body, mediaJSON)["schema"]}}
				if method == "patch" {
					changes = append(changes, referred(at(body, mediaJSON, "schema")))
				}
			}
			parameters, _ := o["parameters"].([]any)
			for _, p := range parameters {
				downgrade(at(p.(object), "schema"))
			}
		}
	}
	slices.Sort(tagged)
	return slices.Compact(tagged), changes
}

// prepareAnswers drops refusals, which are problems everywhere, and everything
// of the others but the schema.
func prepareAnswers(answers object) (tagged []string) {
	for status, answer := range answers {
		if !strings.HasPrefix(status, "2") {
			delete(answers, status)
			continue
		}
		a := answer.(object)
		schema := at(a, "content", mediaJSON, "schema")
		if schema != nil && at(a, "headers", "ETag") != nil {
			tagged = append(tagged, referred(schema))
		}
		kept := object{"description": a["description"]}
		if etag := at(a, "headers", "ETag"); etag != nil {
			kept["headers"] = object{"ETag": object{"schema": object{"type": "string"}}}
		}
		if schema != nil {
			kept["content"] = object{mediaJSON: object{"schema": schema}}
		}
		answers[status] = kept
	}
	return tagged
}

func referred(schema object) string {
	ref, _ := schema["$ref"].(string)
	return strings.TrimPrefix(ref, schemaPrefix)
}

// prepareSchema decides how each member looks in Go. change: the schema is the
// body of an edit, in which a member that is left out, one that is null and one
// that is zero are three things.
func prepareSchema(schema string, s object, change bool) {
	required, _ := s["required"].([]any)
	for name, p := range at(s, "properties") {
		member := p.(object)
		null := downgrade(member)
		goType, plain := kind(member)
		if spelt, ok := spellings()[name]; ok {
			member["x-go-name"] = spelt
		}
		switch {
		case shownOnce(schema, name):
			member["x-go-type"], member["x-go-type-skip-optional-pointer"] = "SecretText", true
		case member["format"] == "password":
			member["x-go-type"], member["x-go-type-skip-optional-pointer"] = "PasswordText", true
		case change && null && plain:
			member["x-go-type"], member["x-go-type-skip-optional-pointer"] = "Member["+goType+"]", true
			member["x-omitempty"], member["x-omitzero"] = false, true
		case change || null && plain:
			member["x-go-type-skip-optional-pointer"] = strings.HasPrefix(goType, "[]")
		default:
			member["x-go-type-skip-optional-pointer"] = slices.Contains(required, any(name)) || plain
		}
	}
}

// pointReferences puts pointers before objects that may be absent or null.
func pointReferences(s object, nullable map[string]bool) {
	required, _ := s["required"].([]any)
	for name, p := range at(s, "properties") {
		to := referred(p.(object))
		if to == "" || !nullable[to] && slices.Contains(required, any(name)) {
			continue
		}
		at(s, "properties")[name] = object{
			"type": "object", "description": at(p.(object))["description"],
			"x-go-type": "*" + to, "x-go-type-skip-optional-pointer": true,
		}
	}
}

// shownOnce tells which members are secrets in an answer.
func shownOnce(schema, member string) bool {
	return member == "client_secret" || schema == "SetUpLink" && member == "url"
}

// spellings are names in Go that no rule about initials gives.
func spellings() map[string]string {
	return map[string]string{"allowed_cidrs": "AllowedCIDRs", "apis": "APIs"}
}

// downgrade says in OpenAPI 3.0 what the document says in 3.1, and reports
// whether null is allowed. Enumerations become plain text: answers may hold
// words that this client does not know yet.
func downgrade(s object) (null bool) {
	delete(s, "examples")
	delete(s, "enum")
	if items := at(s, "items"); items != nil {
		downgrade(items)
	}
	if kinds, ok := s["type"].([]any); ok {
		null = slices.Contains(kinds, any("null"))
		s["type"], s["nullable"] = kinds[0], null
	}
	if s["format"] == "uuid" {
		delete(s, "format") // an ID is text to its reader
	}
	return null
}

// kind is the Go type of a member, and whether it is one that a pointer or
// Member can stand before: not an object.
func kind(s object) (goType string, plain bool) {
	switch s["type"] {
	case "string":
		if s["format"] == "date-time" {
			return "time.Time", true
		}
		return "string", true
	case "integer":
		return "int64", true
	case "number":
		return "float64", true
	case "boolean":
		return "bool", true
	case "array":
		of, _ := kind(at(s, "items"))
		return "[]" + of, true
	}
	return referred(s), false
}

// ownField adds a Go field that is not on the wire.
func ownField(s object, name, goType, doc string) {
	at(s, "properties")[name] = object{
		"type": "string", "description": doc, "x-go-name": name, "x-go-type": goType, "x-go-json-ignore": true,
		"x-go-type-skip-optional-pointer": true,
	}
}
