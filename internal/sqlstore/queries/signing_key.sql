-- name: ListSigningKeys :many
SELECT * FROM signing_keys ORDER BY created_at, kid;

-- name: InsertSigningKey :exec
INSERT INTO signing_keys (kid, algorithm, status, public_jwk, sealed, master_key_id, created_at, not_before, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: UpdateSigningKey :execrows
UPDATE signing_keys SET status = sqlc.arg(status), not_before = sqlc.arg(not_before), expires_at = sqlc.arg(expires_at)
WHERE kid = sqlc.arg(kid);

-- name: DeleteSigningKey :execrows
DELETE FROM signing_keys WHERE kid = $1;

-- name: ResealSigningKey :execrows
UPDATE signing_keys SET sealed = sqlc.arg(sealed), master_key_id = sqlc.arg(master_key_id) WHERE kid = sqlc.arg(kid);
