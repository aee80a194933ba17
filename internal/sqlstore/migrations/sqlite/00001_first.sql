-- +goose Up
-- The same tables and columns as ../postgres/00001_first.sql; a test compares them.
-- Times are Unix microseconds and durations microseconds; 0 is none. Switches are
-- 0 or 1. Texts compare by bytes; what is compared without regard to case stands
-- folded in a column of its own.

CREATE TABLE installation (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    epoch      TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    account_id                TEXT PRIMARY KEY,
    name                      TEXT NOT NULL,
    name_folded               TEXT NOT NULL UNIQUE,
    operator                  INTEGER NOT NULL,
    api_credentials_enabled   INTEGER NOT NULL,
    account_level_credentials TEXT NOT NULL,
    max_token_lifetime        INTEGER NOT NULL,
    max_secret_age            INTEGER NOT NULL,
    unused_warn_after         INTEGER NOT NULL,
    unused_disable_after      INTEGER NOT NULL,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL,
    version                   INTEGER NOT NULL
) STRICT;
-- One operator account.
CREATE UNIQUE INDEX accounts_operator ON accounts (operator) WHERE operator = 1;

CREATE TABLE persons (
    user_id      TEXT PRIMARY KEY,
    email        TEXT NOT NULL,
    email_folded TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

-- Memberships: a person with a role in an account.
CREATE TABLE users (
    account_id   TEXT NOT NULL REFERENCES accounts (account_id),
    user_id      TEXT NOT NULL REFERENCES persons (user_id),
    role         TEXT NOT NULL,
    status       TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    joined_at    INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id)
) STRICT;
CREATE INDEX users_person ON users (user_id);

CREATE TABLE credentials (
    client_id             TEXT PRIMARY KEY,
    account_id            TEXT NOT NULL REFERENCES accounts (account_id),
    name                  TEXT NOT NULL,
    name_folded           TEXT NOT NULL,
    level                 TEXT NOT NULL,
    owner_id              TEXT,
    scopes                TEXT NOT NULL,
    api                   TEXT NOT NULL,
    authentication_method TEXT NOT NULL,
    allowed_cidrs         TEXT NOT NULL,
    token_lifetime        INTEGER NOT NULL,
    requests_per_second   INTEGER NOT NULL,
    disabled_at           INTEGER NOT NULL,
    disabled_by           TEXT NOT NULL,
    expires_at            INTEGER NOT NULL,
    suspension            TEXT NOT NULL,
    generation            INTEGER NOT NULL,
    version               INTEGER NOT NULL,
    created_at            INTEGER NOT NULL,
    created_by            TEXT NOT NULL,
    updated_at            INTEGER NOT NULL,
    last_used_at          INTEGER NOT NULL,
    last_used_address     TEXT NOT NULL,
    FOREIGN KEY (account_id, owner_id) REFERENCES users (account_id, user_id)
) STRICT;
-- One for each order of a list, read in either direction.
CREATE INDEX credentials_by_name ON credentials (account_id, name_folded, client_id);
CREATE INDEX credentials_by_creation ON credentials (account_id, created_at, client_id);
CREATE INDEX credentials_by_use ON credentials (account_id, last_used_at, client_id);
-- One for each filter that may select few rows of many (credential_list.go).
CREATE INDEX credentials_owned ON credentials (account_id, owner_id, client_id);
CREATE INDEX credentials_of_account ON credentials (account_id, client_id) WHERE level = 'account';
CREATE INDEX credentials_disabled ON credentials (account_id, client_id) WHERE disabled_at <> 0;
CREATE INDEX credentials_expiring ON credentials (account_id, expires_at, client_id) WHERE expires_at <> 0;
CREATE INDEX credentials_suspended ON credentials (account_id, client_id) WHERE suspension <> '';

-- credentials.scopes taken apart, to filter by.
CREATE TABLE credential_scopes (
    client_id  TEXT NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    scope      TEXT NOT NULL,
    account_id TEXT NOT NULL,
    PRIMARY KEY (client_id, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_scopes_held ON credential_scopes (scope, account_id, client_id);

-- credentials.name_folded from each beginning of a word, to search by prefix.
CREATE TABLE credential_words (
    client_id  TEXT NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    word       TEXT NOT NULL,
    account_id TEXT NOT NULL,
    PRIMARY KEY (client_id, word)
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_words_begin ON credential_words (account_id, word, client_id);

CREATE TABLE secrets (
    client_id         TEXT NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    secret_id         TEXT NOT NULL,
    label             TEXT NOT NULL,
    hint              TEXT NOT NULL,
    hash              BLOB NOT NULL,
    pepper_id         TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    last_used_at      INTEGER NOT NULL,
    last_used_address TEXT NOT NULL,
    PRIMARY KEY (client_id, secret_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    document TEXT NOT NULL,
    version  INTEGER NOT NULL
) STRICT;
INSERT INTO catalogue (one, document, version) VALUES (1, '{"apis":[],"scopes":[]}', 0);

CREATE TABLE idempotency_keys (
    account_id      TEXT NOT NULL,
    actor_id        TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash       BLOB NOT NULL,
    client_id       TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, actor_id, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The audit chain. change is the number in the change feed, NULL for refusals.
CREATE TABLE audit_events (
    sequence        INTEGER PRIMARY KEY,
    change          INTEGER,
    event_id        TEXT NOT NULL UNIQUE,
    happened_at     INTEGER NOT NULL,
    account_id      TEXT NOT NULL,
    actor_type      TEXT NOT NULL,
    actor_id        TEXT NOT NULL,
    acting_as       TEXT NOT NULL,
    action          TEXT NOT NULL,
    target_type     TEXT NOT NULL,
    target_id       TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    rule            TEXT NOT NULL,
    occurrences     INTEGER NOT NULL,
    request_id      TEXT NOT NULL,
    before_state    TEXT NOT NULL,
    after_state     TEXT NOT NULL,
    personal_digest BLOB,
    hash            BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX audit_events_changes ON audit_events (change) WHERE change IS NOT NULL;
CREATE INDEX audit_events_of_account ON audit_events (account_id, sequence);
CREATE INDEX audit_events_by_actor ON audit_events (account_id, actor_id, sequence);
CREATE INDEX audit_events_by_action ON audit_events (account_id, action, sequence);
CREATE INDEX audit_events_by_target ON audit_events (account_id, target_id, sequence);

-- Personal data of events, beside the chain: deleting a row erases it.
CREATE TABLE audit_personal (
    sequence INTEGER PRIMARY KEY REFERENCES audit_events (sequence) ON DELETE CASCADE,
    salt     BLOB NOT NULL,
    address  TEXT NOT NULL
) STRICT;

-- Where the chain and the change feed end. Every change holds this row's lock.
CREATE TABLE audit_head (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL,
    change   INTEGER NOT NULL,
    hash     BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (one, sequence, change, hash)
VALUES (1, 0, 0, X'0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE signing_keys (
    kid           TEXT PRIMARY KEY,
    algorithm     TEXT NOT NULL,
    status        TEXT NOT NULL,
    public_jwk    TEXT NOT NULL,
    sealed        BLOB NOT NULL,
    master_key_id TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    not_before    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE one_time_links (
    hash       BLOB PRIMARY KEY,
    kind       TEXT NOT NULL,
    account_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    reusable   INTEGER NOT NULL
) STRICT;
CREATE INDEX one_time_links_by_user ON one_time_links (user_id, kind);

CREATE TABLE sessions (
    session_id   TEXT PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE,
    user_id      TEXT NOT NULL REFERENCES persons (user_id),
    account_id   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    address      TEXT NOT NULL,
    user_agent   TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE usage_hours (
    client_id TEXT NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    hour      INTEGER NOT NULL,
    outcome   TEXT NOT NULL,
    scope     TEXT NOT NULL,
    calls     INTEGER NOT NULL,
    PRIMARY KEY (client_id, hour, outcome, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_hours_by_age ON usage_hours (hour);

CREATE TABLE usage_days (
    client_id TEXT NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    day       INTEGER NOT NULL,
    outcome   TEXT NOT NULL,
    scope     TEXT NOT NULL,
    calls     INTEGER NOT NULL,
    PRIMARY KEY (client_id, day, outcome, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_days_by_age ON usage_days (day);
