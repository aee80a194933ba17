-- name: InsertInstallation :exec
INSERT INTO installation (one, epoch, created_at) VALUES (1, $1, $2)
ON CONFLICT (one) DO NOTHING;

-- name: SetEpoch :exec
UPDATE installation SET epoch = $1 WHERE one = 1;

-- name: RenameEpoch :exec
UPDATE installation SET epoch = sqlc.arg(epoch) WHERE one = 1 AND epoch = sqlc.arg(former);
