// Package apicred is the middle of Claviger: the words of the product as Go
// types and the rules that need nothing but those types. Credential, Secret,
// Scope, API, Catalogue, Account, User, Role, AuditEvent and Error live here.
//
// It has no I/O, no clock and no randomness: times and random bytes are passed
// in. It knows neither HTTP nor SQL, and imports nothing of this module.
// Start with Credential and Catalogue.
package apicred
