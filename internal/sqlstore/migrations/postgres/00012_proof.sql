-- +goose Up
-- The same columns as ../sqlite/00012_proof.sql; a test compares them.
-- Proofs that work once (client assertions), by a hash of whose they are and their jti, until
-- their end: a second row of the same name cannot be.
CREATE TABLE used_proofs (
    proof_hash BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_proofs_by_end ON used_proofs (expires_at);
