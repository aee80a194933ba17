-- +goose Up
-- The same column as ../sqlite/00022_erased_person.sql; a test compares them.
-- When the data of a person was erased; 0: it was not. Their e-mail address and
-- name are empty then, and the folded address is their ID.
ALTER TABLE persons ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;
