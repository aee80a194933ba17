// Package keyring makes signing keys, seals them at rest under the master key,
// and publishes them as a JWK Set (RFC 7517). It also derives every other key
// of the installation from the master key: the pepper of secret hashes, the key
// of audit checkpoints, and one for each purpose that something is sealed for, as page tokens (S28). It must
// not know HTTP or SQL.
//
// Call NewMaster first, then Open; Master.Hasher hashes client secrets.
package keyring
