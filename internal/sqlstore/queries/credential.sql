-- name: GetCredential :one
SELECT * FROM credentials WHERE account_id = $1 AND client_id = $2;

-- name: GetCredentialByClientID :one
SELECT * FROM credentials WHERE client_id = $1;

-- name: ListCredentialsOwned :many
SELECT * FROM credentials WHERE account_id = $1 AND owner_id = $2 ORDER BY client_id;

-- name: ListCredentialsAfter :many
-- What tokens and checks depend on, and no more: at a start it is read of every credential.
SELECT client_id, account_id, level, owner_id, scopes, api, authentication_method, key_set, tls_client_subject, allowed_cidrs,
    token_lifetime, requests_per_second, disabled_at, expires_at, suspension, generation, last_used_at
FROM credentials WHERE client_id > $1 ORDER BY client_id LIMIT CAST(sqlc.arg(most) AS BIGINT);

-- name: InsertCredential :exec
INSERT INTO credentials (
    client_id, account_id, name, name_folded, level, owner_id, scopes, api,
    authentication_method, allowed_cidrs, token_lifetime, requests_per_second,
    disabled_at, disabled_by, expires_at, suspension, generation, version,
    created_at, created_by, updated_at, last_used_at, last_used_address, enabled_at, secret_added_at, key_set,
    tls_client_subject
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
    $24, $25, $26, $27
);

-- name: UpdateCredential :execrows
UPDATE credentials SET
    name = sqlc.arg(name), name_folded = sqlc.arg(name_folded), scopes = sqlc.arg(scopes), api = sqlc.arg(api),
    authentication_method = sqlc.arg(authentication_method), key_set = sqlc.arg(key_set),
    tls_client_subject = sqlc.arg(tls_client_subject), allowed_cidrs = sqlc.arg(allowed_cidrs),
    token_lifetime = sqlc.arg(token_lifetime), requests_per_second = sqlc.arg(requests_per_second),
    disabled_at = sqlc.arg(disabled_at), disabled_by = sqlc.arg(disabled_by),
    enabled_at = sqlc.arg(enabled_at), expires_at = sqlc.arg(expires_at), suspension = sqlc.arg(suspension),
    generation = sqlc.arg(generation), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE account_id = sqlc.arg(account_id) AND client_id = sqlc.arg(client_id) AND version = sqlc.arg(version);

-- name: DeleteCredential :execrows
DELETE FROM credentials WHERE account_id = $1 AND client_id = $2;

-- name: RaiseCredentialSecretAdded :exec
UPDATE credentials SET secret_added_at = sqlc.arg(secret_added_at)
WHERE client_id = sqlc.arg(client_id) AND secret_added_at < sqlc.arg(secret_added_at);

-- name: DeleteCredentialScopes :exec
DELETE FROM credential_scopes WHERE client_id = $1;

-- name: ScopeHeld :one
SELECT EXISTS (SELECT 1 FROM credential_scopes WHERE scope = $1);

-- name: CountScopeHolders :one
SELECT COUNT(*) FROM credential_scopes WHERE scope = $1;

-- name: DeleteCredentialWords :exec
DELETE FROM credential_words WHERE client_id = $1;
