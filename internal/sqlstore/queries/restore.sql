-- name: SuspendRestored :exec
UPDATE credentials SET
    suspension = sqlc.arg(suspension),
    generation = CASE WHEN generation < sqlc.arg(generation) THEN sqlc.arg(generation) ELSE generation + 1 END,
    updated_at = sqlc.arg(updated_at), version = version + 1;

-- name: RaiseUserGenerations :exec
UPDATE users SET generation = CASE WHEN generation < sqlc.arg(generation) THEN sqlc.arg(generation) ELSE generation + 1 END;

-- name: CountCredentialsByAccount :many
SELECT account_id, COUNT(*) AS credentials FROM credentials GROUP BY account_id;

-- name: ListSuspendedAfter :many
SELECT * FROM credentials WHERE suspension = sqlc.arg(suspension) AND client_id > sqlc.arg(after)
ORDER BY client_id LIMIT CAST(sqlc.arg(most) AS BIGINT);

-- name: CountSecretsByPepper :many
-- An expired secret never works again, whatever it is hashed under.
SELECT pepper_id, COUNT(*) AS secrets FROM secrets WHERE expires_at = 0 OR expires_at > sqlc.arg(now) GROUP BY pepper_id;

-- name: ListClientsByPepper :many
-- The one that was used last longest ago first: it will hardly change over by itself.
SELECT c.client_id FROM credentials AS c WHERE EXISTS (
    SELECT 1 FROM secrets AS s
    WHERE s.client_id = c.client_id AND s.pepper_id = sqlc.arg(pepper_id) AND (s.expires_at = 0 OR s.expires_at > sqlc.arg(now))
) ORDER BY c.last_used_at, c.client_id LIMIT CAST(sqlc.arg(most) AS BIGINT);
