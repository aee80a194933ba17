-- name: PutUsageMark :exec
INSERT INTO usage_marks (process, through, lost, offline)
VALUES (sqlc.arg(process), sqlc.arg(through), sqlc.arg(lost), sqlc.arg(offline))
ON CONFLICT (process) DO UPDATE SET through = excluded.through, lost = excluded.lost, offline = excluded.offline;

-- name: ListUsageMarks :many
SELECT * FROM usage_marks ORDER BY process;

-- name: DeleteUsageMarksBefore :exec
-- offline is below 0 for a process that ended.
DELETE FROM usage_marks WHERE through < sqlc.arg(through) OR offline < 0 AND lost = 0 AND through < sqlc.arg(ended);
