-- +goose Up
-- The same columns as ../sqlite/00021_audit_base.sql; a test compares them.
-- Where the audit chain begins, once it was pruned: behind the event with this
-- sequence. Signed, so that nobody cuts the beginning off who has not the key.
CREATE TABLE audit_base (
    one        BIGINT PRIMARY KEY CHECK (one = 1),
    epoch      TEXT COLLATE "C" NOT NULL,
    sequence   BIGINT NOT NULL,
    change     BIGINT NOT NULL,
    hash       BYTEA NOT NULL,
    signed_at  BIGINT NOT NULL,
    public_key BYTEA NOT NULL,
    signature  BYTEA NOT NULL
);
