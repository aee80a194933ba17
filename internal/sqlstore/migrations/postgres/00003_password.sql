-- +goose Up
-- The same columns as ../sqlite/00003_password.sql; a test compares them.
-- sealed holds an argon2id hash with its parameters, encrypted under the master
-- key that master_key_id names.
CREATE TABLE passwords (
    user_id       TEXT COLLATE "C" PRIMARY KEY REFERENCES persons (user_id),
    sealed        BYTEA NOT NULL,
    master_key_id TEXT COLLATE "C" NOT NULL,
    changed_at    BIGINT NOT NULL
);

-- When and how the person of a session last proved who they are. Sessions of
-- before, and of an older server beside this one, have not: 0 and empty.
ALTER TABLE sessions ADD COLUMN authenticated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN authenticated_by TEXT COLLATE "C" NOT NULL DEFAULT '';
