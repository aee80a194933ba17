-- +goose Up
-- The same columns as ../sqlite/00015_client_certificate.sql; a test compares them.
-- The name in the certificate by which a credential proves itself (tls_client_auth); empty for others.
ALTER TABLE credentials ADD COLUMN tls_client_subject TEXT COLLATE "C" NOT NULL DEFAULT '';
