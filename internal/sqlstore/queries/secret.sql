-- name: ListSecrets :many
SELECT * FROM secrets WHERE client_id = $1 ORDER BY created_at, secret_id;

-- name: ListSecretsBetween :many
-- As ListCredentialsAfter.
SELECT client_id, secret_id, hash, pepper_id, created_at, expires_at, last_used_at FROM secrets WHERE client_id > sqlc.arg(after) AND client_id <= sqlc.arg(until)
ORDER BY client_id, secret_id;

-- name: InsertSecret :exec
INSERT INTO secrets (
    client_id, secret_id, label, hint, hash, pepper_id, created_at, expires_at, last_used_at, last_used_address,
    close_when_quiet, close_counted_from, account_id
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
    COALESCE((SELECT c.account_id FROM credentials c WHERE c.client_id = $1), '')
);

-- name: UpdateSecret :execrows
UPDATE secrets SET label = sqlc.arg(label), expires_at = sqlc.arg(expires_at),
    close_when_quiet = sqlc.arg(close_when_quiet), close_counted_from = sqlc.arg(close_counted_from)
WHERE client_id = sqlc.arg(client_id) AND secret_id = sqlc.arg(secret_id);

-- name: DeleteSecret :execrows
DELETE FROM secrets WHERE client_id = $1 AND secret_id = $2;

-- name: ClosingAsked :one
SELECT EXISTS (SELECT 1 FROM secrets WHERE close_when_quiet > 0 AND (expires_at = 0 OR expires_at > sqlc.arg(now)));

-- name: ListQuietSecrets :many
-- Those that may be closed by now, of credentials that work, beside another secret whose end has not come: what
-- decides reads them again. Quiet begins at known_from at the earliest.
SELECT s.client_id, s.secret_id, c.account_id FROM secrets AS s JOIN credentials AS c ON c.client_id = s.client_id
WHERE s.close_when_quiet > 0 AND (s.client_id > sqlc.arg(after_client) OR s.client_id = sqlc.arg(after_client) AND s.secret_id > sqlc.arg(after_secret))
    AND s.close_when_quiet + sqlc.arg(known_from) <= sqlc.arg(quiet)
    AND s.close_counted_from <= sqlc.arg(quiet) - s.close_when_quiet
    AND s.last_used_at <= sqlc.arg(quiet) - s.close_when_quiet
    AND c.updated_at <= sqlc.arg(quiet) - s.close_when_quiet
    AND (s.expires_at = 0 OR s.expires_at > sqlc.arg(now))
    AND c.disabled_at = 0 AND c.suspension = '' AND (c.expires_at = 0 OR c.expires_at > sqlc.arg(now))
    AND EXISTS (
        SELECT 1 FROM secrets AS o WHERE o.client_id = s.client_id AND o.secret_id <> s.secret_id
            AND (o.expires_at = 0 OR o.expires_at > sqlc.arg(now))
    )
ORDER BY s.client_id, s.secret_id LIMIT CAST(sqlc.arg(most) AS BIGINT);
