-- name: GetPerson :one
SELECT * FROM persons WHERE user_id = $1;

-- name: GetPersonByEmail :one
SELECT * FROM persons WHERE email_folded = $1;

-- name: InsertPerson :exec
INSERT INTO persons (user_id, email, email_folded, name, created_at) VALUES ($1, $2, $3, $4, $5);

-- name: GetUser :one
SELECT sqlc.embed(u), sqlc.embed(p) FROM users u JOIN persons p ON p.user_id = u.user_id
WHERE u.account_id = $1 AND u.user_id = $2;

-- name: ListUsers :many
SELECT sqlc.embed(u), sqlc.embed(p) FROM users u JOIN persons p ON p.user_id = u.user_id
WHERE u.account_id = $1 ORDER BY u.joined_at, u.user_id;

-- name: ListMemberships :many
SELECT sqlc.embed(u), sqlc.embed(p) FROM users u JOIN persons p ON p.user_id = u.user_id
WHERE u.user_id = $1 ORDER BY u.joined_at, u.account_id;

-- name: ListUsersAfter :many
SELECT sqlc.embed(u), sqlc.embed(p) FROM users u JOIN persons p ON p.user_id = u.user_id
WHERE (u.account_id, u.user_id) > (CAST(sqlc.arg(after_account_id) AS TEXT), CAST(sqlc.arg(after_user_id) AS TEXT))
ORDER BY u.account_id, u.user_id LIMIT CAST(sqlc.arg(most) AS BIGINT);

-- name: CountActiveAdmins :one
SELECT COUNT(*) FROM users WHERE account_id = $1 AND role = 'admin' AND status = 'active';

-- name: InsertUser :exec
INSERT INTO users (account_id, user_id, role, status, generation, joined_at, last_seen_at, version, invited_email, invited_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: UpdateUser :execrows
UPDATE users SET role = sqlc.arg(role), status = sqlc.arg(status), generation = sqlc.arg(generation),
    invited_email = sqlc.arg(invited_email), invited_name = sqlc.arg(invited_name), version = version + 1
WHERE account_id = sqlc.arg(account_id) AND user_id = sqlc.arg(user_id) AND version = sqlc.arg(version);

-- name: RaiseUserLastSeen :exec
UPDATE users SET last_seen_at = sqlc.arg(last_seen_at)
WHERE account_id = sqlc.arg(account_id) AND user_id = sqlc.arg(user_id) AND last_seen_at < sqlc.arg(last_seen_at);

-- name: ErasePerson :exec
-- The first time stays.
UPDATE persons SET email = '', email_folded = user_id, name = '',
    erased_at = CASE WHEN erased_at = 0 THEN sqlc.arg(erased_at) ELSE erased_at END
WHERE user_id = sqlc.arg(user_id);

-- name: EraseMemberships :exec
UPDATE users SET invited_email = '', invited_name = '', last_seen_at = 0 WHERE user_id = $1;

-- name: CountErased :one
SELECT COUNT(*) FROM persons WHERE user_id IN (sqlc.arg(one), sqlc.arg(other)) AND erased_at <> 0;

-- name: EraseAddressesOfCredentials :exec
UPDATE credentials SET last_used_address = ''
WHERE account_id IN (SELECT u.account_id FROM users AS u WHERE u.user_id = $1) AND owner_id = $1;

-- name: EraseAddressesOfSecrets :exec
UPDATE secrets SET last_used_address = '' WHERE client_id IN (
    SELECT c.client_id FROM credentials AS c
    WHERE c.account_id IN (SELECT u.account_id FROM users AS u WHERE u.user_id = $1) AND c.owner_id = $1
);

-- name: EraseAddressesOfEvents :execrows
-- What the person did, what was done for them by their credentials and tokens,
-- what followed of itself in the same request, and what was done to them.
DELETE FROM audit_personal WHERE sequence IN (
    SELECT e.sequence FROM audit_events AS e
    WHERE e.actor_id = $1 OR e.acting_as = $1 OR (e.target_type = 'user' AND e.target_id = $1)
        OR (e.actor_type = 'system' AND e.request_id <> '' AND e.request_id IN (
            SELECT m.request_id FROM audit_events AS m WHERE m.actor_id = $1 OR m.acting_as = $1
        ))
);
