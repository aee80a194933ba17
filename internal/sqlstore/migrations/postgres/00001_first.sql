-- +goose Up
-- The same tables and columns as ../sqlite/00001_first.sql; a test compares them.
-- Times are Unix microseconds and durations microseconds; 0 is none. Switches are
-- 0 or 1. Texts compare by bytes (COLLATE "C"), as SQLite compares them; what is
-- compared without regard to case stands folded in a column of its own.

CREATE TABLE installation (
    one        BIGINT PRIMARY KEY CHECK (one = 1),
    epoch      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    account_id                TEXT COLLATE "C" PRIMARY KEY,
    name                      TEXT COLLATE "C" NOT NULL,
    name_folded               TEXT COLLATE "C" NOT NULL UNIQUE,
    operator                  BIGINT NOT NULL,
    api_credentials_enabled   BIGINT NOT NULL,
    account_level_credentials TEXT COLLATE "C" NOT NULL,
    max_token_lifetime        BIGINT NOT NULL,
    max_secret_age            BIGINT NOT NULL,
    unused_warn_after         BIGINT NOT NULL,
    unused_disable_after      BIGINT NOT NULL,
    created_at                BIGINT NOT NULL,
    updated_at                BIGINT NOT NULL,
    version                   BIGINT NOT NULL
);
-- One operator account.
CREATE UNIQUE INDEX accounts_operator ON accounts (operator) WHERE operator = 1;

CREATE TABLE persons (
    user_id      TEXT COLLATE "C" PRIMARY KEY,
    email        TEXT COLLATE "C" NOT NULL,
    email_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    name         TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL
);

-- Memberships: a person with a role in an account.
CREATE TABLE users (
    account_id   TEXT COLLATE "C" NOT NULL REFERENCES accounts (account_id),
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES persons (user_id),
    role         TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    generation   BIGINT NOT NULL,
    joined_at    BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
);
CREATE INDEX users_person ON users (user_id);

CREATE TABLE credentials (
    client_id             TEXT COLLATE "C" PRIMARY KEY,
    account_id            TEXT COLLATE "C" NOT NULL REFERENCES accounts (account_id),
    name                  TEXT COLLATE "C" NOT NULL,
    name_folded           TEXT COLLATE "C" NOT NULL,
    level                 TEXT COLLATE "C" NOT NULL,
    owner_id              TEXT COLLATE "C",
    scopes                TEXT COLLATE "C" NOT NULL,
    api                   TEXT COLLATE "C" NOT NULL,
    authentication_method TEXT COLLATE "C" NOT NULL,
    allowed_cidrs         TEXT COLLATE "C" NOT NULL,
    token_lifetime        BIGINT NOT NULL,
    requests_per_second   BIGINT NOT NULL,
    disabled_at           BIGINT NOT NULL,
    disabled_by           TEXT COLLATE "C" NOT NULL,
    expires_at            BIGINT NOT NULL,
    suspension            TEXT COLLATE "C" NOT NULL,
    generation            BIGINT NOT NULL,
    version               BIGINT NOT NULL,
    created_at            BIGINT NOT NULL,
    created_by            TEXT COLLATE "C" NOT NULL,
    updated_at            BIGINT NOT NULL,
    last_used_at          BIGINT NOT NULL,
    last_used_address     TEXT COLLATE "C" NOT NULL,
    FOREIGN KEY (account_id, owner_id) REFERENCES users (account_id, user_id)
);
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
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    scope      TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (client_id, scope)
);
CREATE INDEX credential_scopes_held ON credential_scopes (scope, account_id, client_id);

-- credentials.name_folded from each beginning of a word, to search by prefix.
CREATE TABLE credential_words (
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    word       TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (client_id, word)
);
CREATE INDEX credential_words_begin ON credential_words (account_id, word, client_id);

CREATE TABLE secrets (
    client_id         TEXT COLLATE "C" NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    secret_id         TEXT COLLATE "C" NOT NULL,
    label             TEXT COLLATE "C" NOT NULL,
    hint              TEXT COLLATE "C" NOT NULL,
    hash              BYTEA NOT NULL,
    pepper_id         TEXT COLLATE "C" NOT NULL,
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    last_used_at      BIGINT NOT NULL,
    last_used_address TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (client_id, secret_id)
);

CREATE TABLE catalogue (
    one      BIGINT PRIMARY KEY CHECK (one = 1),
    document TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL
);
INSERT INTO catalogue (one, document, version) VALUES (1, '{"apis":[],"scopes":[]}', 0);

CREATE TABLE idempotency_keys (
    account_id      TEXT COLLATE "C" NOT NULL,
    actor_id        TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    body_hash       BYTEA NOT NULL,
    client_id       TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, actor_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The audit chain. change is the number in the change feed, NULL for refusals.
CREATE TABLE audit_events (
    sequence        BIGINT PRIMARY KEY,
    change          BIGINT,
    event_id        TEXT COLLATE "C" NOT NULL UNIQUE,
    happened_at     BIGINT NOT NULL,
    account_id      TEXT COLLATE "C" NOT NULL,
    actor_type      TEXT COLLATE "C" NOT NULL,
    actor_id        TEXT COLLATE "C" NOT NULL,
    acting_as       TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    target_type     TEXT COLLATE "C" NOT NULL,
    target_id       TEXT COLLATE "C" NOT NULL,
    outcome         TEXT COLLATE "C" NOT NULL,
    rule            TEXT COLLATE "C" NOT NULL,
    occurrences     BIGINT NOT NULL,
    request_id      TEXT COLLATE "C" NOT NULL,
    before_state    TEXT COLLATE "C" NOT NULL,
    after_state     TEXT COLLATE "C" NOT NULL,
    personal_digest BYTEA,
    hash            BYTEA NOT NULL
);
CREATE UNIQUE INDEX audit_events_changes ON audit_events (change) WHERE change IS NOT NULL;
CREATE INDEX audit_events_of_account ON audit_events (account_id, sequence);
CREATE INDEX audit_events_by_actor ON audit_events (account_id, actor_id, sequence);
CREATE INDEX audit_events_by_action ON audit_events (account_id, action, sequence);
CREATE INDEX audit_events_by_target ON audit_events (account_id, target_id, sequence);

-- Personal data of events, beside the chain: deleting a row erases it.
CREATE TABLE audit_personal (
    sequence BIGINT PRIMARY KEY REFERENCES audit_events (sequence) ON DELETE CASCADE,
    salt     BYTEA NOT NULL,
    address  TEXT COLLATE "C" NOT NULL
);

-- Where the chain and the change feed end. Every change holds this row's lock.
CREATE TABLE audit_head (
    one      BIGINT PRIMARY KEY CHECK (one = 1),
    sequence BIGINT NOT NULL,
    change   BIGINT NOT NULL,
    hash     BYTEA NOT NULL
);
INSERT INTO audit_head (one, sequence, change, hash)
VALUES (1, 0, 0, '\x0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE signing_keys (
    kid           TEXT COLLATE "C" PRIMARY KEY,
    algorithm     TEXT COLLATE "C" NOT NULL,
    status        TEXT COLLATE "C" NOT NULL,
    public_jwk    TEXT COLLATE "C" NOT NULL,
    sealed        BYTEA NOT NULL,
    master_key_id TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    not_before    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);

CREATE TABLE one_time_links (
    hash       BYTEA PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    reusable   BIGINT NOT NULL
);
CREATE INDEX one_time_links_by_user ON one_time_links (user_id, kind);

CREATE TABLE sessions (
    session_id   TEXT COLLATE "C" PRIMARY KEY,
    hash         BYTEA NOT NULL UNIQUE,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES persons (user_id),
    account_id   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    address      TEXT COLLATE "C" NOT NULL,
    user_agent   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE usage_hours (
    client_id TEXT COLLATE "C" NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    hour      BIGINT NOT NULL,
    outcome   TEXT COLLATE "C" NOT NULL,
    scope     TEXT COLLATE "C" NOT NULL,
    calls     BIGINT NOT NULL,
    PRIMARY KEY (client_id, hour, outcome, scope)
);
CREATE INDEX usage_hours_by_age ON usage_hours (hour);

CREATE TABLE usage_days (
    client_id TEXT COLLATE "C" NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    day       BIGINT NOT NULL,
    outcome   TEXT COLLATE "C" NOT NULL,
    scope     TEXT COLLATE "C" NOT NULL,
    calls     BIGINT NOT NULL,
    PRIMARY KEY (client_id, day, outcome, scope)
);
CREATE INDEX usage_days_by_age ON usage_days (day);
