// Package audit is the hash chain over audit events: how one event is linked to
// the one before it (Link), and how a whole chain is verified (Verify), online
// or offline on a copy of the database.
//
// Each event's hash covers the hash before it, the event, and a salted digest of
// the personal data that stands beside the chain. Erasing the personal data
// therefore leaves the chain intact (R14), and changing, removing or reordering
// events does not (S32). The hash is SHA-256 (FIPS 180-4). Whoever owns the
// database can recompute every hash; only a signed Checkpoint saved elsewhere
// shows that. The Notary writes one every ten minutes in which the chain grew.
//
// It must not know SQL or HTTP; time comes from the clock it is given.
package audit
