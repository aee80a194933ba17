-- name: GetPassword :one
SELECT * FROM passwords WHERE user_id = $1;

-- name: SetPassword :exec
INSERT INTO passwords (user_id, sealed, master_key_id, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE
SET sealed = excluded.sealed, master_key_id = excluded.master_key_id, changed_at = excluded.changed_at;

-- name: CountPasswordsByMasterKey :many
SELECT master_key_id, COUNT(*) AS passwords FROM passwords GROUP BY master_key_id;

-- name: ListPasswordsNotUnder :many
SELECT * FROM passwords WHERE master_key_id <> sqlc.arg(master_key_id) AND user_id > sqlc.arg(after)
ORDER BY user_id LIMIT CAST(sqlc.arg(most) AS BIGINT);

-- name: ResealPassword :execrows
-- Nothing is written over what the person changed, or who signed in renewed, meanwhile.
UPDATE passwords SET sealed = sqlc.arg(sealed), master_key_id = sqlc.arg(master_key_id)
WHERE user_id = sqlc.arg(user_id) AND sealed = sqlc.arg(was);

-- name: DeletePassword :exec
DELETE FROM passwords WHERE user_id = $1;
