package restapi

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// version is that of the API, not of the program: it changes when the contract does.
const version = "1.0.0"

// The groups of operations.
const (
	tagCredentials = "API credentials"
	tagSecrets     = "Client secrets"
	tagCatalogue   = "Scopes and APIs"
	tagPeople      = "People and account"
	tagAudit       = "Audit log"
	tagSigningKeys = "Signing keys"
)

// Names of the ways to prove who asks.
const (
	schemeBearer  = "accessToken"
	schemeSession = "session"
	schemeAccount = "account"
)

// Document returns the OpenAPI 3.1 document of the operations as they are in
// the code. api/openapi.json holds the same bytes; a test says so.
func (s *Surface) Document() ([]byte, error) {
	out, err := json.MarshalIndent(s.openapi, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	return append(out, '\n'), nil
}

func documentConfig() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Claviger management API", Version: version, Description: introduction,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: prefix, Description: "This installation."}},
			Tags: []*huma.Tag{
				{Name: tagCredentials, Description: "Client ID, name and scopes, and what becomes of them."},
				{Name: tagSecrets, Description: "What a credential proves itself by. Shown once, kept as a keyed hash."},
				{Name: tagCatalogue, Description: "What there is to call, and what opens it."},
				{Name: tagPeople, Description: "Who asks, and the account acted in."},
				{Name: tagAudit, Description: "Who did what, when and from where. Nothing changes it."},
				{Name: tagSigningKeys, Description: "What access tokens are signed with, for the whole installation."},
			},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: securitySchemes(),
			},
		},
		// No paths for document, pages and schemas, and no hooks: huma's pages load
		// from elsewhere, and its hook adds "$schema" to every body.
		Formats:       map[string]huma.Format{mediaJSON: {Marshal: encode}, "json": {Marshal: encode}}, // "json" is for …+json
		DefaultFormat: mediaJSON,
		Transformers:  []huma.Transformer{ownErrors},
	}
}

// encode writes an answer. When the connection is gone nobody is left to tell,
// and huma would make a panic of it.
func encode(w io.Writer, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	_, _ = w.Write(append(text, '\n'))
	return nil
}

const introduction = `What the console does, it does through this API, and so can every program that may.

**Who asks.** Send an access token whose audience is ` + "`<issuer>/api/v1`" + `: from the token endpoint, for a credential that holds
` + "`claviger:`" + ` scopes, or from ` + "`claviger token`" + `. A credential acts as its owner; an account-level one manages account-level
credentials only. The console sends its session cookie and the account it acts in.

**Refusals** are problem documents (RFC 9457) with a ` + "`code`" + ` for programs, a ` + "`detail`" + ` for people, the ` + "`request_id`" + ` that the log
knows, and ` + "`errors`" + ` that name each member. They come in this order: size and syntax (413, 415, 400), who asks (401), what may be
seen (404), what may be done (403), members (422), version (412). What you may not see does not exist.

**Members** that have no value are null, lists without entries empty. Times are RFC 3339 in UTC. New members may appear in
answers; unknown ones in requests are refused.`

// schemaName names the schema of a Go type: credentialJSON is Credential, and
// the types of the catalogue file are Catalogue…
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "JSON")
	switch {
	case t.PkgPath() == reflect.TypeFor[apicred.Catalogue]().PkgPath() && name != "Catalogue":
		return "Catalogue" + name
	case strings.HasPrefix(name, "Api"):
		return "API" + strings.TrimPrefix(name, "Api")
	}
	return name
}

func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		schemeBearer: {
			Type: "http", Scheme: "bearer", BearerFormat: "JWT",
			Description: "An access token (RFC 9068) whose audience is `<issuer>/api/v1`. The scopes named at an operation are those it needs. " +
				"One that is bound to a key comes as `Authorization: DPoP` with a proof in the header `DPoP` (RFC 9449).",
		},
		schemeSession: {
			Type: "apiKey", In: "cookie", Name: login.CookieName(true),
			Description: "The console's session; without `__Host-` where the server is not https.",
		},
		schemeAccount: {
			Type: "apiKey", In: "header", Name: accountHeader,
			Description: "ID of the account that a session acts in. GET /me lists them.",
		},
	}
}

// security says how an operation may be asked for.
func (o *operation) security() []map[string][]string {
	scopes := []string{}
	if o.scope != "" {
		scopes = append(scopes, o.scope)
	}
	out := []map[string][]string{{schemeBearer: scopes}, {schemeSession: {}, schemeAccount: {}}}
	if o.withoutAccount {
		out = append(out, map[string][]string{schemeSession: {}})
	}
	return out
}

// errorResponses are the refusals of an operation, by reference.
func (o *operation) errorResponses() map[string]*huma.Response {
	statuses := append([]int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable,
	}, o.refusals...)
	if o.scope != "" || o.Method != http.MethodGet {
		statuses = append(statuses, http.StatusForbidden)
	}
	if o.takes != nil {
		statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	out := map[string]*huma.Response{}
	for _, status := range statuses {
		out[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + responseName(status)}
	}
	return out
}

func responseName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// finishDocument makes the document say what huma cannot know.
func finishDocument(d *huma.OpenAPI) {
	registry := d.Components.Schemas
	d.Components.Responses = problemResponses(registry)
	schemas := registry.Map()
	delete(schemas, "ErrorModel") // huma's own error; never sent
	delete(schemas, "ErrorDetail")
	describeForeign(schemas)
	requests := requestSchemas(d)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		finishSchema(schemas[name], slices.Contains(requests, name))
	}
	for _, name := range []string{"NewCredential", "CredentialChange"} {
		schemas[name].Properties["allowed_cidrs"].Nullable = true
	}
	for _, name := range []string{"before", "after"} {
		p := schemas["AuditEvent"].Properties[name]
		p.Type, p.Nullable, p.AdditionalProperties = huma.TypeObject, true, true
	}
}

// requestSchemas names the schemas of request bodies; they take no other members.
func requestSchemas(d *huma.OpenAPI) []string {
	names := []string{"CatalogueAPI", "CatalogueRoute", "CatalogueScope"}
	for _, item := range d.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch} {
			if op != nil && op.RequestBody != nil {
				names = append(names, strings.TrimPrefix(op.RequestBody.Content[mediaJSON].Schema.Ref, "#/components/schemas/"))
			}
		}
	}
	return names
}

// finishSchema: lists are not null (huma would have every list nullable),
// answers may grow members, and an enumeration that may be null lists null.
func finishSchema(s *huma.Schema, request bool) {
	if s.Type == huma.TypeObject && !request {
		s.AdditionalProperties = nil
	}
	for _, p := range s.Properties {
		if p.Type == huma.TypeArray {
			p.Nullable = false
		}
		if p.Nullable && len(p.Enum) > 0 {
			p.Enum = append(p.Enum, nil)
		}
	}
}

// describeForeign describes members of types that other rooms own.
func describeForeign(schemas map[string]*huma.Schema) {
	texts := map[string]string{
		"Problem.type":       "about:blank: the status says what kind it is.",
		"Problem.title":      "The status in words.",
		"Problem.status":     "The status of the answer.",
		"Problem.detail":     "What is wrong and what to do, for people.",
		"Problem.code":       "What is wrong, for programs.",
		"Problem.request_id": "Names the request; the server's log knows it.",
		"Problem.errors":     "One entry for each member that is wrong.",
		"Problem.client_id":  "With an Idempotency-Key that was used: the credential it made.",
		"Problem.scopes":     "Alternatives of which any one would do.",

		"ProblemField.location": "Where: body.name, body.scopes[1], query.page_size, header.If-Match.",
		"ProblemField.message":  "What is wrong with it and what to do.",

		"Catalogue.apis":   "Resource servers.",
		"Catalogue.scopes": "Scopes that open them.",

		"CatalogueAPI.id":                    "1 to 64 lower-case letters, digits, dots, dashes, underscores.",
		"CatalogueAPI.name":                  "Left out: the ID.",
		"CatalogueAPI.audience":              "An absolute URI without fragment (RFC 8707); each API has its own.",
		"CatalogueAPI.hosts":                 "Hosts it answers on; none: any.",
		"CatalogueAPI.base_path":             "Stands before the path of every route; empty or /segment…",
		"CatalogueAPI.upstream":              "Where the built-in gateway sends allowed calls: http or https, host and port.",
		"CatalogueAPI.direct_credentials":    "Programs may send client ID and secret as Basic.",
		"CatalogueAPI.forward_authorization": "The gateway passes a Bearer header on.",
		"CatalogueAPI.accounts":              "IDs of the accounts that may hold its scopes; none: every account.",
		"CatalogueAPI.retired":               "It stays listed and grants nothing.",
		"CatalogueAPI.routes":                "Each opens to any one of its scopes.",

		"CatalogueRoute.methods": "In upper case; none: every method but OPTIONS. GET includes HEAD.",
		"CatalogueRoute.path":    "Literal segments, {x} for one segment, /** at the end for any depth.",
		"CatalogueRoute.scopes":  "Any one of them suffices; each stands under scopes.",

		"CatalogueScope.value":       "1 to 64 printable ASCII characters without space, quote and backslash; not claiming claviger:.",
		"CatalogueScope.description": "What people choose it by: 1 to 128 characters.",
		"CatalogueScope.api":         "ID of the API it belongs to.",
		"CatalogueScope.roles":       "admin, supervisor: whose credentials may hold it. Left out: admin. Admins may hold every scope.",
		"CatalogueScope.retired":     "It stays listed and grants nothing.",
	}
	for place, text := range texts {
		schema, member, _ := strings.Cut(place, ".")
		schemas[schema].Properties[member].Description = text
	}
	for _, optional := range []string{"CatalogueAPI.name", "CatalogueScope.roles"} {
		schema, member, _ := strings.Cut(optional, ".")
		schemas[schema].Required = slices.DeleteFunc(schemas[schema].Required, func(name string) bool { return name == member })
	}
}

// problemResponses are the refusals that operations refer to.
func problemResponses(registry huma.Registry) map[string]*huma.Response {
	schema := registry.Schema(reflect.TypeFor[web.Problem](), true, "")
	out := map[string]*huma.Response{}
	for _, example := range exampleRefusals() {
		problem := web.NewProblem(example.err, exampleRequestID)
		response := &huma.Response{
			Description: example.meaning, Headers: example.headers(),
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema, Example: problem}},
		}
		out[responseName(problem.Status)] = response
	}
	return out
}
