-- +goose Up
-- The same columns as ../sqlite/00011_key_set.sql; a test compares them.
-- The public keys of a credential that signs its assertions, as a JWK Set; empty for others.
ALTER TABLE credentials ADD COLUMN key_set TEXT COLLATE "C" NOT NULL DEFAULT '';
