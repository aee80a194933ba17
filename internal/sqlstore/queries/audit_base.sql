-- name: GetAuditBase :one
SELECT epoch, sequence, change, hash, signed_at, public_key, signature FROM audit_base WHERE one = 1;

-- name: SetAuditBase :exec
INSERT INTO audit_base (one, epoch, sequence, change, hash, signed_at, public_key, signature) VALUES (1, $1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence, change = excluded.change, hash = excluded.hash,
    signed_at = excluded.signed_at, public_key = excluded.public_key, signature = excluded.signature;

-- name: DeleteAuditEventsUpTo :execrows
DELETE FROM audit_events WHERE sequence <= $1;

-- name: DeleteCheckpointsBefore :exec
DELETE FROM audit_checkpoints WHERE sequence < $1;
