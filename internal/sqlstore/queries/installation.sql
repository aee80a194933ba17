-- name: InsertInstallation :exec
INSERT INTO installation (one, epoch, created_at) VALUES (1, $1, $2)
ON CONFLICT (one) DO NOTHING;
