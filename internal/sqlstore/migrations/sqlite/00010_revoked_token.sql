-- +goose Up
-- The same columns as ../postgres/00010_revoked_token.sql; a test compares them.
-- Tokens that were revoked before their end (RFC 7009), until that end.
CREATE TABLE revoked_tokens (
    jti        TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_tokens_by_end ON revoked_tokens (expires_at);
