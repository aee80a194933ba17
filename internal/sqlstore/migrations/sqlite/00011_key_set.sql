-- +goose Up
-- The same columns as ../postgres/00011_key_set.sql; a test compares them.
-- The public keys of a credential that signs its assertions, as a JWK Set; empty for others.
ALTER TABLE credentials ADD COLUMN key_set TEXT NOT NULL DEFAULT '';
