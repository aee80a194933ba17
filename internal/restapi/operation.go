package restapi

import (
	"context"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
)

// operation is one operation: what the document says of it, and what the
// surface must know before huma is asked.
type operation struct {
	huma.Operation
	// scope is what an access token needs; empty: any token of this API passes.
	scope string
	// takes describes the request body; nil when there is none.
	takes *requestBody
	// example of the answer's body.
	example any
	// withoutAccount: a session need not name the account it acts in.
	withoutAccount bool
	// risky: a session must have proved lately who it is (S21). The use case
	// refuses, in lifecycle.Service.needScope, after existence and role.
	risky bool
	// strengthens: risky where the credential has a scope for risky acts, which
	// the use case finds out.
	strengthens bool
	// refusals are the statuses that this operation may answer beside those
	// that every one may.
	refusals []int
}

// requestBody describes what an operation takes.
type requestBody struct {
	of       reflect.Type
	media    []string // the first is JSON
	limit    int64    // in bytes; 0 is maxBody
	required bool
	example  any
}

func (o *operation) limit() int64 {
	if o.takes == nil || o.takes.limit == 0 {
		return maxBody
	}
	return o.takes.limit
}

func (o *operation) media() []string {
	if o.takes == nil {
		return []string{mediaJSON}
	}
	return o.takes.media
}

func (o *operation) queryParameter(name string) *huma.Param {
	for _, p := range o.Parameters {
		if p.In == "query" && p.Name == name {
			return p
		}
	}
	return nil
}

// queryNames says which parameters there are.
func (o *operation) queryNames() string {
	var names []string
	for _, p := range o.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return "This operation takes none."
	}
	return "Known are " + strings.Join(names, ", ") + "."
}

var idPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// kidPattern is an RFC 7638 thumbprint with SHA-256.
var kidPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// namesIDs tells whether every parameter of the path could be an ID at all.
func (c *call) namesIDs() bool {
	for _, p := range c.operation.Parameters {
		pattern := idPattern
		if p.Name == "kid" {
			pattern = kidPattern
		}
		if p.In == "path" && !pattern.MatchString(c.request.PathValue(p.Name)) {
			return false
		}
	}
	return true
}

// steps are how an operation answers: parse judges the request alone (400), and
// act runs the use case for the actor. In between lies authentication.
type steps[I, P, O any] struct {
	parse func(*call, *I) (P, error)
	act   func(context.Context, apicred.Actor, P) (*O, error)
}

// asIs is the parse step of operations that have nothing to judge.
func asIs[I any](_ *call, in *I) (*I, error) { return in, nil }

// add registers an operation. The order of refusals is made here once: syntax,
// then who asks, then what the use case says.
func add[I, P, O any](s *Surface, a huma.API, op *operation, do steps[I, P, O]) {
	op.SkipValidateParams, op.SkipValidateBody = true, true // readQuery and the use cases judge
	op.Security = op.security()
	if op.risky {
		op.Description += " A session that has not proved itself for 15 minutes gets 403 `reauthentication_required`."
	}
	if op.strengthens {
		op.Description += " Where scopes are at stake that open what is risky, as `claviger:users:write`, a session that has not proved itself for 15 minutes gets 403 `reauthentication_required`."
	}
	op.Responses = op.errorResponses()
	huma.Register(a, op.Operation, func(ctx context.Context, in *I) (*O, error) {
		c := callFrom(ctx)
		out, err := run(ctx, s, c, in, do)
		if err != nil {
			return nil, c.fail(err)
		}
		return out, nil
	})
	op.adopt(a.OpenAPI())
	s.operations[op.Method+" "+prefix+op.Path] = op
}

func run[I, P, O any](ctx context.Context, s *Surface, c *call, in *I, do steps[I, P, O]) (*O, error) {
	parsed, err := do.parse(c, in)
	if err != nil {
		return nil, err
	}
	actor, err := s.door.admit(ctx, c)
	if err != nil {
		return nil, err
	}
	if !c.namesIDs() {
		return nil, apicred.NotFound()
	}
	return do.act(ctx, actor, parsed)
}

// adopt completes what huma has made of the operation in the document, and
// keeps that as the operation's own description.
func (o *operation) adopt(document *huma.OpenAPI) {
	made := documented(document.Paths[o.Path], o.Method)
	if o.takes != nil {
		made.RequestBody = o.takes.document(document.Components.Schemas)
	}
	for _, p := range made.Parameters {
		p.Schema.Description = "" // huma says it twice
	}
	status := strconv.Itoa(made.DefaultStatus)
	if media := made.Responses[status].Content[mediaJSON]; media != nil {
		media.Example = o.example
	}
	o.Operation = *made
}

func documented(item *huma.PathItem, method string) *huma.Operation {
	switch method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	}
	return item.Delete
}

func (b *requestBody) document(registry huma.Registry) *huma.RequestBody {
	out := &huma.RequestBody{Required: b.required, Content: map[string]*huma.MediaType{}}
	for _, media := range b.media {
		out.Content[media] = &huma.MediaType{Schema: registry.Schema(b.of, true, ""), Example: b.example}
	}
	return out
}
