package restapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type referencePage struct{ body []byte }

func newReferencePage(_ *huma.OpenAPI) (referencePage, error) { return referencePage{}, nil }

func (p referencePage) serve(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(p.body) }
