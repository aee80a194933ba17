package restapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

type catalogueInput struct {
	IfMatch string `header:"If-Match" doc:"ETag of the version you saw: refused with 412 when somebody applied another in between. * or left out: whatever stands." example:"\"3\""`
}

type catalogueOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body apicred.Catalogue
}

// application is a catalogue to apply, not yet decoded: that costs too much for
// strangers.
type application struct {
	text    []byte
	version int64
}

func (s *Surface) registerCatalogue(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "getCatalogue", Method: http.MethodGet, Path: "/catalogue", Tags: []string{tagCatalogue},
			Summary: "Read the catalogue", Description: "The document as it was applied, without Claviger's own scopes. It belongs to the installation: admins of the operator account only.",
		},
		scope: apicred.ScopeCatalogueRead, example: exampleCatalogue(),
	}, steps[struct{}, *struct{}, catalogueOutput]{parse: asIs[struct{}], act: s.catalogue})

	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "applyCatalogue", Method: http.MethodPut, Path: "/catalogue", Tags: []string{tagCatalogue},
			Summary: "Apply a catalogue",
			Description: "Replaces the whole document, up to 1 MiB. All faults are answered at once. A scope that some credential holds " +
				"cannot be dropped (409): retire it. Sessions send JSON only.",
		},
		scope: apicred.ScopeCatalogueWrite, risky: true, example: exampleCatalogue(),
		takes: &requestBody{
			of: reflect.TypeFor[apicred.Catalogue](), media: []string{mediaJSON, mediaYAML}, limit: lifecycle.MaxCatalogueSize,
			required: true, example: exampleCatalogue(),
		},
		refusals: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, steps[catalogueInput, application, catalogueOutput]{parse: parseApplication, act: s.applyCatalogue})
}

func (s *Surface) catalogue(ctx context.Context, actor apicred.Actor, _ *struct{}) (*catalogueOutput, error) {
	document, version, err := s.lifecycle.Catalogue(ctx, actor)
	if err != nil {
		return nil, err
	}
	return renderCatalogue(document, version), nil
}

func renderCatalogue(document apicred.Catalogue, version int64) *catalogueOutput {
	document.APIs, document.Scopes = filled(document.APIs), filled(document.Scopes)
	return &catalogueOutput{ETag: versionTag(version), Body: document}
}

func parseApplication(c *call, _ *catalogueInput) (application, error) {
	version, err := c.wantedVersion()
	switch {
	case err != nil:
		return application{}, err
	case len(c.body) == 0:
		return application{}, malformedAt("body", "The request body is missing. Send a catalogue.")
	case c.media == mediaJSON && !json.Valid(c.body):
		return application{}, malformedAt("body", "The body is not one JSON value. Check quotes, commas and brackets, and that nothing follows it.")
	}
	return application{c.body, version}, nil
}

func (s *Surface) applyCatalogue(ctx context.Context, actor apicred.Actor, in application) (*catalogueOutput, error) {
	if err := s.lifecycle.MayApplyCatalogue(ctx, actor); err != nil {
		return nil, err
	}
	document, err := lifecycle.DecodeCatalogue(in.text)
	if err != nil {
		return nil, inBody(err)
	}
	version, _, err := s.lifecycle.ApplyCatalogue(ctx, actor, document, in.version)
	if err != nil {
		return nil, inBody(err)
	}
	applied, err := document.Normalize()
	if err != nil {
		return nil, err
	}
	return renderCatalogue(applied, version), nil
}

// inBody puts the places that a catalogue's faults name into the body. A line is
// no member: it goes into the message.
func inBody(err error) error {
	var e *apicred.Error
	if !errors.As(err, &e) || e.Kind != apicred.KindInvalid || len(e.Fields) == 0 {
		return err
	}
	moved := *e
	moved.Fields = make([]apicred.FieldError, 0, len(e.Fields))
	for _, f := range e.Fields {
		at := apicred.FieldError{Location: "body." + f.Location, Message: f.Message}
		if strings.HasPrefix(f.Location, "line ") {
			at = apicred.FieldError{Location: "body", Message: f.Location + ": " + f.Message}
		}
		moved.Fields = append(moved.Fields, at)
	}
	return &moved
}
