// Package api holds the OpenAPI document of the management API as it is served.
// The document is generated from the types of internal/restapi: after a change
// there, run
//
//	go generate ./api
package api

import _ "embed"

// OpenAPI is openapi.json: OpenAPI 3.1, JSON with two spaces of indentation.
//
//go:generate go test ../internal/restapi -run TestOpenAPIDocument -update
//go:embed openapi.json
var OpenAPI []byte
