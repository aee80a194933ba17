-- name: ListCheckpoints :many
SELECT * FROM audit_checkpoints ORDER BY sequence, public_key;

-- name: GetLastCheckpoint :one
SELECT * FROM audit_checkpoints ORDER BY sequence DESC, signed_at DESC LIMIT 1;

-- name: InsertCheckpoint :exec
INSERT INTO audit_checkpoints (sequence, epoch, hash, signed_at, public_key, signature) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;
