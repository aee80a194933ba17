package restapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed reference.gohtml
var referenceText string

//go:embed reference.css
var referenceStyle string

var referenceTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"spans": spans, "paragraphs": paragraphs}).Parse(
	referenceText + `{{define "style"}}` + referenceStyle + `{{end}}`))

// referencePage is the API reference for people: the OpenAPI document as one
// page without scripts, made once.
type referencePage struct {
	body   []byte
	policy string
}

// newReferencePage renders the page. issuer stands in its examples.
func newReferencePage(d *huma.OpenAPI, issuer string) (referencePage, error) {
	r := &reader{document: d, issuer: issuer}
	view, err := r.page()
	if err != nil {
		return referencePage{}, err
	}
	var out bytes.Buffer
	if err := referenceTemplate.Execute(&out, view); err != nil {
		return referencePage{}, fmt.Errorf("render the API reference: %w", err)
	}
	_, rest, _ := strings.Cut(out.String(), "<style>")
	style, _, found := strings.Cut(rest, "</style>")
	if !found {
		return referencePage{}, errors.New("the API reference has no style")
	}
	sum := sha256.Sum256([]byte(style))
	return referencePage{
		body: out.Bytes(),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}, nil
}

func (p referencePage) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy)
	_, _ = w.Write(p.body) // the connection may be gone; nobody is left to tell
}

// The views below are what the template shows.

type pageView struct {
	Title, Version, Introduction, Document string
	Proofs                                 []proofView
	Groups                                 []groupView
	Refusals                               []refusalView
	Schemas                                []schemaView
}

type proofView struct{ Name, Description string }

type groupView struct {
	ID, Name, Description string
	Operations            []operationView
}

type operationView struct {
	ID, Method, Path, Summary, Description, Scope, Command string
	Parameters                                             []memberView
	Body                                                   *bodyView
	Status                                                 int
	Answer                                                 *bodyView
	Headers                                                []memberView
	Refusals                                               []refusalView
}

type memberView struct {
	Name, In, Description string
	Type                  typeView
	Required              bool
}

// typeView is a type in words; Schema is the name of one to link to, Choices
// are the only values it takes.
type typeView struct {
	Before, Schema, After string
	Choices               []string
}

type bodyView struct {
	Media, Schema, Example string
}

type refusalView struct {
	Status               int
	Name, Means, Example string
}

type schemaView struct {
	Name, Description string
	Members           []memberView
}

// span is a piece of prose.
type span struct {
	Text         string
	Code, Strong bool
}

// spans takes the two marks of our prose apart: `code` and **strong**.
func spans(text string) []span {
	var out []span
	for i, piece := range strings.Split(text, "`") {
		if i%2 == 1 {
			out = append(out, span{Text: piece, Code: true})
			continue
		}
		for j, part := range strings.Split(piece, "**") {
			if part != "" {
				out = append(out, span{Text: part, Strong: j%2 == 1})
			}
		}
	}
	return out
}

func paragraphs(text string) []string { return strings.Split(text, "\n\n") }

// pretty is an example as people read it.
func pretty(example any) (string, error) {
	if example == nil {
		return "", nil
	}
	text, err := json.MarshalIndent(example, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode an example: %w", err)
	}
	return string(text), nil
}

// typeOf says what values a schema takes.
func typeOf(s *huma.Schema) typeView {
	v := typeView{}
	switch {
	case s.Ref != "":
		v.Schema = schemaOf(s.Ref)
	case s.Type == huma.TypeArray:
		v = typeOf(s.Items)
		v.Before = "list of " + v.Before
	case len(s.Enum) > 0:
		v.Choices = words(s.Enum)
	case s.Format == "date-time":
		v.Before = "time"
	case s.Format == "uuid":
		v.Before = "UUID"
	case s.Type == huma.TypeString:
		v.Before = "text"
	case s.Type == huma.TypeInteger:
		v.Before = "whole number" + bounds(s)
	case s.Type == huma.TypeBoolean:
		v.Before = "true or false"
	}
	if s.Nullable {
		v.After += " or null"
	}
	return v
}

func words(values []any) []string {
	var out []string
	for _, value := range values {
		if value != nil {
			out = append(out, fmt.Sprint(value))
		}
	}
	return out
}

func bounds(s *huma.Schema) string {
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf(", %d to %d", int64(*s.Minimum), int64(*s.Maximum))
	case s.Maximum != nil:
		return ", at most " + strconv.FormatInt(int64(*s.Maximum), 10)
	}
	return ""
}

func schemaOf(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
