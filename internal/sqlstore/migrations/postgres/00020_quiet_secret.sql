-- +goose Up
-- The same columns as ../sqlite/00020_quiet_secret.sql; a test compares them.
-- A secret that is to be closed when nobody has used it for so long (microseconds; 0: it is not), counted from when.
ALTER TABLE secrets ADD COLUMN close_when_quiet BIGINT NOT NULL DEFAULT 0;
ALTER TABLE secrets ADD COLUMN close_counted_from BIGINT NOT NULL DEFAULT 0;
CREATE INDEX secrets_closing ON secrets (client_id, secret_id) WHERE close_when_quiet > 0;
-- Up to which moment each process has written every use that it counted. lost is the last moment at which it may
-- have lost one (0: none), offline how long it goes on without the database.
CREATE TABLE usage_marks (
    process TEXT COLLATE "C" PRIMARY KEY,
    through BIGINT NOT NULL,
    lost    BIGINT NOT NULL,
    offline BIGINT NOT NULL
);
