// Package restapi is the management API under /api/v1: JSON over HTTP (RFC
// 9110) with problem documents (RFC 9457), described by an OpenAPI 3.1 document
// that is generated from the types here and kept in api/openapi.json.
//
// It establishes who acts, reads the request strictly, calls one use case of
// internal/lifecycle and renders the answer. It must not decide who may do
// what, and knows neither the store nor any other surface. Begin at New and
// the operations that it registers; Routes hands them to internal/web.
//
// huma makes the document and dispatches. Its own validation is left out: it
// would answer 422 before 404 and 403, and echo values (contract.md "Order of
// refusals").
package restapi
