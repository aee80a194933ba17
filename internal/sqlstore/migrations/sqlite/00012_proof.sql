-- +goose Up
-- The same columns as ../postgres/00012_proof.sql; a test compares them.
-- Proofs that work once (client assertions), by a hash of whose they are and their jti, until
-- their end: a second row of the same name cannot be.
CREATE TABLE used_proofs (
    proof_hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_proofs_by_end ON used_proofs (expires_at);
