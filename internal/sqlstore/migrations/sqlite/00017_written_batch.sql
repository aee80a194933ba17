-- +goose Up
-- The same columns as ../postgres/00017_written_batch.sql; a test compares them.
-- How far each stream of numbered batches (usage, refusals; one a process) has been written, in the
-- transaction of the batch itself: one that is brought again counts once.
CREATE TABLE written_batches (
    stream     TEXT PRIMARY KEY,
    number     INTEGER NOT NULL,
    written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX written_batches_by_time ON written_batches (written_at);
