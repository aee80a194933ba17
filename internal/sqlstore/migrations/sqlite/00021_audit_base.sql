-- +goose Up
-- The same columns as ../postgres/00021_audit_base.sql; a test compares them.
-- Where the audit chain begins, once it was pruned: behind the event with this
-- sequence. Signed, so that nobody cuts the beginning off who has not the key.
CREATE TABLE audit_base (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    epoch      TEXT NOT NULL,
    sequence   INTEGER NOT NULL,
    change     INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    signed_at  INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    signature  BLOB NOT NULL
) STRICT;
