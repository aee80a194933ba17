// Package keyring makes signing keys, seals them at rest under the master key,
// and publishes them as a JWK Set (RFC 7517). It also derives every other key
// of the installation from the master key: the pepper of secret hashes and the
// key that authenticates page tokens. It must not know HTTP or SQL.
//
// Call NewMaster first, then Open; Master.Hasher hashes client secrets.
package keyring
