-- +goose Up
-- The same columns as ../postgres/00003_password.sql; a test compares them.
-- sealed holds an argon2id hash with its parameters, encrypted under the master
-- key that master_key_id names.
CREATE TABLE passwords (
    user_id       TEXT PRIMARY KEY REFERENCES persons (user_id),
    sealed        BLOB NOT NULL,
    master_key_id TEXT NOT NULL,
    changed_at    INTEGER NOT NULL
) STRICT;

-- When and how the person of a session last proved who they are. Sessions of
-- before, and of an older server beside this one, have not: 0 and empty.
ALTER TABLE sessions ADD COLUMN authenticated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN authenticated_by TEXT NOT NULL DEFAULT '';
