-- name: GetOneTimeLink :one
SELECT * FROM one_time_links WHERE hash = $1;

-- name: InsertOneTimeLink :exec
INSERT INTO one_time_links (hash, kind, account_id, user_id, created_at, expires_at, used_at, reusable)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: UseOneTimeLink :execrows
UPDATE one_time_links SET used_at = sqlc.arg(used_at) WHERE hash = sqlc.arg(hash) AND (used_at = 0 OR reusable = 1);

-- name: DeleteOneTimeLinks :exec
DELETE FROM one_time_links WHERE user_id = $1 AND kind = $2;

-- name: DeleteOneTimeLinksOfMember :exec
DELETE FROM one_time_links WHERE user_id = $1 AND account_id = $2 AND kind = $3;

-- name: EndOneTimeLinksOfMember :exec
DELETE FROM one_time_links WHERE user_id = $1 AND account_id = $2 AND reusable = 0;

-- name: EndOneTimeLinksOf :exec
DELETE FROM one_time_links WHERE user_id = $1 AND reusable = 0;

-- name: DeleteEveryOneTimeLinkOf :exec
DELETE FROM one_time_links WHERE user_id = $1;
