-- +goose Up
-- The same columns as ../postgres/00002_invitation.sql; a test compares them.
-- What an admin entered who added the person, until the person accepts; empty
-- once they have, and for members whom the operator made.
ALTER TABLE users ADD COLUMN invited_email TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN invited_name TEXT NOT NULL DEFAULT '';
