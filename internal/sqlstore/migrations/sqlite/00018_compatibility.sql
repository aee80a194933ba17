-- +goose Up
-- The same table as ../postgres/00018_compatibility.sql; a test compares them.
-- The least schema version that a program must know to work with this schema. A
-- migration that takes something away raises it, in the same transaction, to the
-- version whose programs were the first to do without; see CONTRIBUTING.md.
CREATE TABLE schema_compatibility (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    since INTEGER NOT NULL
) STRICT;
INSERT INTO schema_compatibility (one, since) VALUES (1, 18);
