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
SELECT pepper_id, COUNT(*) AS secrets FROM secrets GROUP BY pepper_id;
