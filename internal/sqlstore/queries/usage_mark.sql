-- name: PutUsageMark :exec
INSERT INTO usage_marks (process, through, lost, offline)
VALUES (sqlc.arg(process), sqlc.arg(through), sqlc.arg(lost), sqlc.arg(offline))
ON CONFLICT (process) DO UPDATE SET through = excluded.through, lost = excluded.lost, offline = excluded.offline;

-- name: ListUsageMarks :many
SELECT * FROM usage_marks ORDER BY process;

-- name: DeleteUsageMark :exec
DELETE FROM usage_marks WHERE process = $1;

-- name: DeleteUsageMarksBefore :exec
DELETE FROM usage_marks WHERE through < $1;
