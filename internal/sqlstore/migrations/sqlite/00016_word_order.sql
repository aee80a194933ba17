-- +goose Up
-- The same column as ../postgres/00016_word_order.sql; a test compares them.
-- The folded name beside each word that a search finds it by, so that what a word finds can be read in the
-- order of names. Empty where an older program wrote the row.
ALTER TABLE credential_words ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
UPDATE credential_words SET name_folded = (SELECT c.name_folded FROM credentials AS c WHERE c.client_id = credential_words.client_id);
DROP INDEX credential_words_begin;
CREATE INDEX credential_words_begin ON credential_words (account_id, word, name_folded, client_id);
