-- +goose Up
-- The same tables and columns as ../sqlite/00004_policy.sql; a test compares them.
-- Since when the account's rule for unused credentials has been as strict as it
-- is; 0: there is none.
ALTER TABLE accounts ADD COLUMN unused_rule_at BIGINT NOT NULL DEFAULT 0;

-- When it was enabled last, and when a secret was added last, be it gone since.
ALTER TABLE credentials ADD COLUMN enabled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN secret_added_at BIGINT NOT NULL DEFAULT 0;
UPDATE credentials SET secret_added_at =
    (SELECT COALESCE(MAX(s.created_at), 0) FROM secrets s WHERE s.client_id = credentials.client_id);

-- The credential's account, to find secrets by their end within one.
ALTER TABLE secrets ADD COLUMN account_id TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE secrets SET account_id = (SELECT c.account_id FROM credentials c WHERE c.client_id = secrets.client_id);

-- One for each cause of attention (credential_attention.go). Idle is since when
-- nothing happened with a credential: it was not made, used or enabled.
CREATE INDEX credentials_idle ON credentials (account_id,
    (CASE WHEN last_used_at >= created_at AND last_used_at >= enabled_at THEN last_used_at
          WHEN enabled_at >= created_at THEN enabled_at ELSE created_at END), client_id) WHERE disabled_at = 0;
CREATE INDEX credentials_unrotated ON credentials (account_id, secret_added_at, client_id) WHERE disabled_at = 0;
CREATE INDEX secrets_ending ON secrets (account_id, expires_at, client_id) WHERE expires_at <> 0;
CREATE INDEX secrets_by_age ON secrets (account_id, created_at, client_id);

-- What came back in the catalogue lately, and when (apicred.Revival); not part of
-- the operator's document.
ALTER TABLE catalogue ADD COLUMN revivals TEXT COLLATE "C" NOT NULL DEFAULT '[]';
