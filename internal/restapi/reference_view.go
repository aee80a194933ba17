package restapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// reader turns the OpenAPI document into the views of the reference page.
type reader struct {
	document *huma.OpenAPI
	issuer   string
}

func (r *reader) page() (pageView, error) {
	info := r.document.Info
	v := pageView{Title: info.Title, Version: info.Version, Introduction: info.Description, Document: prefix + "/openapi.json"}
	for _, name := range []string{schemeBearer, schemeSession, schemeAccount} {
		v.Proofs = append(v.Proofs, r.proof(name))
	}
	for _, tag := range r.document.Tags {
		group := groupView{ID: anchor(tag.Name), Name: tag.Name, Description: tag.Description}
		for _, op := range r.operations(tag.Name) {
			view, err := r.operation(op)
			if err != nil {
				return pageView{}, err
			}
			group.Operations = append(group.Operations, view)
		}
		v.Groups = append(v.Groups, group)
	}
	for _, status := range statuses(r.document.Components.Responses) {
		refusal, err := r.refusal(status)
		if err != nil {
			return pageView{}, err
		}
		v.Refusals = append(v.Refusals, refusal)
	}
	schemas := r.document.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		v.Schemas = append(v.Schemas, schemaView{Name: name, Members: r.members(schemas[name])})
	}
	return v, nil
}

func (r *reader) proof(name string) proofView {
	s := r.document.Components.SecuritySchemes[name]
	switch s.In {
	case "cookie":
		return proofView{"Cookie " + s.Name, s.Description}
	case "header":
		return proofView{"Header " + s.Name, s.Description}
	}
	return proofView{"Header Authorization: Bearer", s.Description}
}

// operations of a group, by path and then in the order people look for them.
func (r *reader) operations(tag string) []*huma.Operation {
	var out []*huma.Operation
	for _, path := range slices.Sorted(maps.Keys(r.document.Paths)) {
		item := r.document.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil && slices.Contains(op.Tags, tag) {
				out = append(out, op)
			}
		}
	}
	return out
}

func (r *reader) operation(op *huma.Operation) (operationView, error) {
	v := operationView{
		ID: op.OperationID, Method: op.Method, Path: prefix + op.Path, Summary: op.Summary, Description: op.Description,
		Status: op.DefaultStatus,
	}
	if scopes := op.Security[0][schemeBearer]; len(scopes) > 0 {
		v.Scope = scopes[0]
	}
	for _, p := range op.Parameters {
		v.Parameters = append(v.Parameters, memberView{Name: p.Name, In: p.In, Description: p.Description, Type: typeOf(p.Schema), Required: p.Required})
	}
	var err error
	if op.RequestBody != nil {
		media := slices.Sorted(maps.Keys(op.RequestBody.Content))
		if v.Body, err = bodyOf(strings.Join(media, " or "), op.RequestBody.Content[mediaJSON]); err != nil {
			return v, err
		}
	}
	answer := op.Responses[strconv.Itoa(op.DefaultStatus)]
	for _, name := range slices.Sorted(maps.Keys(answer.Headers)) {
		s := answer.Headers[name].Schema
		v.Headers = append(v.Headers, memberView{Name: name, Description: s.Description, Type: typeOf(s)})
	}
	if media := answer.Content[mediaJSON]; media != nil {
		if v.Answer, err = bodyOf(mediaJSON, media); err != nil {
			return v, err
		}
	}
	for _, response := range op.Responses {
		if response.Ref != "" {
			v.Refusals = append(v.Refusals, r.named(schemaOf(response.Ref)))
		}
	}
	slices.SortFunc(v.Refusals, func(a, b refusalView) int { return a.Status - b.Status })
	v.Command, err = r.command(op)
	return v, err
}

func bodyOf(media string, m *huma.MediaType) (*bodyView, error) {
	example, err := pretty(m.Example)
	return &bodyView{Media: media, Schema: schemaOf(m.Schema.Ref), Example: example}, err
}

// command is the operation as a line for the terminal.
func (r *reader) command(op *huma.Operation) (string, error) {
	var b strings.Builder
	b.WriteString("curl ")
	if op.Method != http.MethodGet {
		b.WriteString("-X " + op.Method + " ")
	}
	b.WriteString(r.issuer + prefix + op.Path + " \\\n  -H \"Authorization: Bearer $CLAVIGER_TOKEN\"")
	if op.RequestBody == nil {
		return b.String(), nil
	}
	example, err := pretty(op.RequestBody.Content[mediaJSON].Example)
	b.WriteString(" \\\n  -H 'Content-Type: application/json' -d '" + example + "'")
	return b.String(), err
}

// named finds a refusal's status and meaning by the name of its response.
func (r *reader) named(name string) refusalView {
	for _, status := range statuses(r.document.Components.Responses) {
		if responseName(status) == name {
			return refusalView{Status: status, Name: http.StatusText(status), Means: r.document.Components.Responses[name].Description}
		}
	}
	return refusalView{Name: name}
}

func (r *reader) refusal(status int) (refusalView, error) {
	v := r.named(responseName(status))
	var err error
	v.Example, err = pretty(r.document.Components.Responses[responseName(status)].Content["application/problem+json"].Example)
	return v, err
}

// statuses of all refusals, ascending.
func statuses(responses map[string]*huma.Response) []int {
	var out []int
	for status := http.StatusBadRequest; status < 600; status++ {
		if responses[responseName(status)] != nil && http.StatusText(status) != "" {
			out = append(out, status)
		}
	}
	return out
}

// members of a schema: required ones as they are declared, then the others.
func (r *reader) members(s *huma.Schema) []memberView {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var out []memberView
	for _, name := range names {
		p := s.Properties[name]
		out = append(out, memberView{Name: name, Description: p.Description, Type: typeOf(p), Required: slices.Contains(s.Required, name)})
	}
	return out
}

// anchor is a text as the name of a place on the page.
func anchor(text string) string { return strings.ReplaceAll(strings.ToLower(text), " ", "-") }
