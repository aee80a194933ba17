-- name: ListSecrets :many
SELECT * FROM secrets WHERE client_id = $1 ORDER BY created_at, secret_id;

-- name: ListSecretsBetween :many
-- As ListCredentialsAfter.
SELECT client_id, secret_id, hash, pepper_id, created_at, expires_at, last_used_at FROM secrets WHERE client_id > sqlc.arg(after) AND client_id <= sqlc.arg(until)
ORDER BY client_id, secret_id;

-- name: InsertSecret :exec
INSERT INTO secrets (
    client_id, secret_id, label, hint, hash, pepper_id, created_at, expires_at, last_used_at, last_used_address, account_id
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
    COALESCE((SELECT c.account_id FROM credentials c WHERE c.client_id = $1), '')
);

-- name: UpdateSecret :execrows
UPDATE secrets SET label = sqlc.arg(label), expires_at = sqlc.arg(expires_at)
WHERE client_id = sqlc.arg(client_id) AND secret_id = sqlc.arg(secret_id);

-- name: DeleteSecret :execrows
DELETE FROM secrets WHERE client_id = $1 AND secret_id = $2;
