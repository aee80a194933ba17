-- name: InsertRevokedToken :execrows
INSERT INTO revoked_tokens (jti, account_id, client_id, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (jti) DO NOTHING;

-- name: ListRevokedTokensAfter :many
SELECT * FROM revoked_tokens WHERE jti > sqlc.arg(after) ORDER BY jti LIMIT CAST(sqlc.arg(most) AS BIGINT);

-- name: DeleteRevokedTokensEndedBefore :exec
DELETE FROM revoked_tokens WHERE expires_at < $1;
