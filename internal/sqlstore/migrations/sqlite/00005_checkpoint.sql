-- +goose Up
-- The same columns as ../postgres/00005_checkpoint.sql; a test compares them.
-- Signed statements of where the audit chain stood.
CREATE TABLE audit_checkpoints (
    sequence   INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    epoch      TEXT NOT NULL,
    hash       BLOB NOT NULL,
    signed_at  INTEGER NOT NULL,
    signature  BLOB NOT NULL,
    PRIMARY KEY (sequence, public_key)
) STRICT;
