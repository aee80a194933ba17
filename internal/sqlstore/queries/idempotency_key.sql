-- name: GetIdempotencyKey :one
SELECT * FROM idempotency_keys
WHERE account_id = $1 AND actor_id = $2 AND idempotency_key = $3 AND created_at >= sqlc.arg(not_before);

-- name: InsertIdempotencyKey :exec
INSERT INTO idempotency_keys (account_id, actor_id, idempotency_key, body_hash, client_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, actor_id, idempotency_key)
DO UPDATE SET body_hash = excluded.body_hash, client_id = excluded.client_id, created_at = excluded.created_at;

-- name: DeleteIdempotencyKeysBefore :exec
DELETE FROM idempotency_keys WHERE created_at < $1;

-- name: DeleteIdempotencyKeysOf :exec
DELETE FROM idempotency_keys WHERE actor_id = $1;
