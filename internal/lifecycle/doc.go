// Package lifecycle holds the use cases of Claviger's management side: create,
// list, edit, rotate, disable and delete API credentials, the catalogue, the
// accounts and their people. Every permission is decided here and nowhere else
// (permission.go holds the table of R2), and every change commits
// together with its audit event.
//
// It owns its Store interface and knows neither SQL nor HTTP. Surfaces
// establish an apicred.Actor, call a use case of Service and render what comes
// back; every error is an *apicred.Error.
package lifecycle

//go:generate go test . -run TestPermissionsDocument -update
