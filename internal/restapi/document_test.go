package restapi_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/claviger/claviger/api"
	"github.com/claviger/claviger/internal/restapi"
)

var update = flag.Bool("update", false, "write api/openapi.json")

func TestOpenAPIDocument_IsWhatTheCodeSays(t *testing.T) {
	surface, err := restapi.New(restapi.Deps{Issuer: "https://claviger.example"})
	if err != nil {
		t.Fatal(err)
	}
	document, err := surface.Document()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../../api/openapi.json", document, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(document, api.OpenAPI) {
		t.Error("api/openapi.json is not what the code says. After a change that is meant, run: go generate ./api")
	}
}
