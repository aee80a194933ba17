-- name: GetSession :one
SELECT * FROM sessions WHERE hash = $1;

-- name: InsertSession :exec
INSERT INTO sessions (session_id, hash, user_id, account_id, created_at, last_seen_at, expires_at, address, user_agent, authenticated_at, authenticated_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: TouchSession :execrows
UPDATE sessions SET last_seen_at = sqlc.arg(last_seen_at), address = sqlc.arg(address), account_id = sqlc.arg(account_id)
WHERE session_id = sqlc.arg(session_id);

-- name: DeleteSession :execrows
DELETE FROM sessions WHERE session_id = $1;

-- name: DeleteSessionsEndedBefore :exec
DELETE FROM sessions WHERE expires_at < $1;

-- name: DeleteSessionsOf :exec
DELETE FROM sessions WHERE user_id = $1;

-- name: DeleteOtherSessionsOf :execrows
DELETE FROM sessions WHERE user_id = $1 AND session_id <> $2;

-- name: ListSessions :many
SELECT * FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, session_id DESC;

-- name: ProveSession :execrows
UPDATE sessions SET authenticated_at = sqlc.arg(authenticated_at), authenticated_by = sqlc.arg(authenticated_by)
WHERE session_id = sqlc.arg(session_id);
