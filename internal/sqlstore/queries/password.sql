-- name: GetPassword :one
SELECT * FROM passwords WHERE user_id = $1;

-- name: SetPassword :exec
INSERT INTO passwords (user_id, sealed, master_key_id, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE
SET sealed = excluded.sealed, master_key_id = excluded.master_key_id, changed_at = excluded.changed_at;

-- name: CountPasswordsByMasterKey :many
SELECT master_key_id, COUNT(*) AS passwords FROM passwords GROUP BY master_key_id;
