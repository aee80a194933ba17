-- +goose Up
-- The same table as ../sqlite/00018_compatibility.sql; a test compares them.
-- The least schema version that a program must know to work with this schema. A
-- migration that takes something away raises it, in the same transaction, to the
-- version whose programs were the first to do without; see CONTRIBUTING.md.
CREATE TABLE schema_compatibility (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    since BIGINT NOT NULL
);
INSERT INTO schema_compatibility (one, since) VALUES (1, 18);
