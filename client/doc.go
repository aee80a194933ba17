// Package client speaks the management API of a Claviger server (/api/v1): it
// creates, lists, edits, rotates and deletes API credentials, and does what else
// the API does. The command line and the tests use it too.
//
// Call [New] with the server's address and a management access token (from
// "claviger token", or from the token endpoint for a credential that holds
// claviger: scopes), then the methods of [Client]. There is one for each
// operation of the API, named for it and generated from api/openapi.json
// (client.gen.go); beside them stand a few by hand, such as [Client.Credentials],
// which goes through all pages, and [Client.RotateSecret].
//
// A refusal is a [*Problem]. What is shown once, such as a client secret, is a
// [SecretText], which no way of printing shows; ask it to [SecretText.Reveal].
// To find out that somebody else saved in between, send the ETag of what you
// read as IfMatch.
//
// The package depends on the standard library alone.
package client
