package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// small has one of each thing that needs a decision.
const small = `{"openapi":"3.1.0","paths":{"/things/{id}":{"patch":{"operationId":"editThing","security":[{}],
"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/ThingChange"}},"application/merge-patch+json":{}}},
"responses":{"200":{"description":"OK","headers":{"ETag":{}},"content":{"application/json":{"example":{},"schema":{"$ref":"#/components/schemas/Thing"}}}},
"404":{"$ref":"#/components/responses/NotFound"}}}}},
"components":{"schemas":{
"Owner":{"type":["object","null"],"properties":{}},
"Problem":{"type":"object","properties":{}},
"Thing":{"type":"object","required":["client_secret","end","owner","kind"],"properties":{
 "client_secret":{"type":"string"},"end":{"type":["string","null"],"format":"date-time"},
 "owner":{"$ref":"#/components/schemas/Owner"},"kind":{"type":"string","enum":["a"],"format":"uuid"}}},
"ThingChange":{"type":"object","properties":{"end":{"type":["string","null"],"format":"date-time"},"on":{"type":"boolean"},"word":{"type":"string","format":"password"}}}}}}`

func TestPrepare_SaysWhatTheGeneratorCannotKnow(t *testing.T) {
	var out bytes.Buffer
	if err := run(strings.NewReader(small), &out); err != nil {
		t.Fatal(err)
	}
	var d object
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	member := func(schema, name string) object { return at(d, "components", "schemas", schema, "properties", name) }
	for what, got := range map[string][2]any{
		"a secret cannot be printed":             {member("Thing", "client_secret")["x-go-type"], "SecretText"},
		"null is nullable":                       {member("Thing", "end")["nullable"], true},
		"a value that may be null is a pointer":  {member("Thing", "end")["x-go-type-skip-optional-pointer"], false},
		"an object that may be null is, too":     {member("Thing", "owner")["x-go-type"], "*Owner"},
		"enumerations are open":                  {member("Thing", "kind")["enum"], nil},
		"IDs are text":                           {member("Thing", "kind")["format"], nil},
		"an answer's ETag has a place":           {member("Thing", "ETag")["x-go-json-ignore"], true},
		"an edit tells null from nothing":        {member("ThingChange", "end")["x-go-type"], "Member[time.Time]"},
		"a password is not printed":              {member("ThingChange", "word")["x-go-type"], "PasswordText"},
		"an edit tells false from nothing":       {member("ThingChange", "on")["x-go-type-skip-optional-pointer"], false},
		"refusals are no types of the operation": {at(d, "paths", "/things/{id}", "patch", "responses")["404"], nil},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: got %v, want %v", what, got[0], got[1])
		}
	}
	if content := at(d, "paths", "/things/{id}", "patch", "requestBody", "content"); len(content) != 1 {
		t.Errorf("the body has the types %v, want JSON alone", content)
	}
	if run(strings.NewReader("{"), &out) == nil {
		t.Error("took what is no JSON")
	}
}
