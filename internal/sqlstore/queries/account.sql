-- name: GetAccount :one
SELECT * FROM accounts WHERE account_id = $1;

-- name: GetAccountByName :one
SELECT * FROM accounts WHERE name_folded = $1;

-- name: ListAccounts :many
SELECT * FROM accounts ORDER BY created_at, account_id;

-- name: InsertAccount :exec
INSERT INTO accounts (
    account_id, name, name_folded, operator, api_credentials_enabled, account_level_credentials,
    max_token_lifetime, max_secret_age, unused_warn_after, unused_disable_after, created_at, updated_at, version,
    unused_rule_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: UpdateAccount :execrows
UPDATE accounts SET
    name = sqlc.arg(name), name_folded = sqlc.arg(name_folded),
    api_credentials_enabled = sqlc.arg(api_credentials_enabled),
    account_level_credentials = sqlc.arg(account_level_credentials),
    max_token_lifetime = sqlc.arg(max_token_lifetime), max_secret_age = sqlc.arg(max_secret_age),
    unused_warn_after = sqlc.arg(unused_warn_after), unused_disable_after = sqlc.arg(unused_disable_after),
    unused_rule_at = sqlc.arg(unused_rule_at),
    updated_at = sqlc.arg(updated_at), version = version + 1
WHERE account_id = sqlc.arg(account_id) AND version = sqlc.arg(version);
