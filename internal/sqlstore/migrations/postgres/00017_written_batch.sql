-- +goose Up
-- The same columns as ../sqlite/00017_written_batch.sql; a test compares them.
-- How far each stream of numbered batches (usage, refusals; one a process) has been written, in the
-- transaction of the batch itself: one that is brought again counts once.
CREATE TABLE written_batches (
    stream     TEXT COLLATE "C" PRIMARY KEY,
    number     BIGINT NOT NULL,
    written_at BIGINT NOT NULL
);
CREATE INDEX written_batches_by_time ON written_batches (written_at);
