-- +goose Up
-- The same columns as ../sqlite/00005_checkpoint.sql; a test compares them.
-- Signed statements of where the audit chain stood.
CREATE TABLE audit_checkpoints (
    sequence   BIGINT NOT NULL,
    public_key BYTEA NOT NULL,
    epoch      TEXT COLLATE "C" NOT NULL,
    hash       BYTEA NOT NULL,
    signed_at  BIGINT NOT NULL,
    signature  BYTEA NOT NULL,
    PRIMARY KEY (sequence, public_key)
);
