-- +goose Up
-- The same rows as ../sqlite/00014_secret_added.sql.
-- No credential is without a new secret for longer than it exists: what is listed
-- as unrotated, newest first, begins there (credential_attention.go).
UPDATE credentials SET secret_added_at = created_at WHERE secret_added_at < created_at;
