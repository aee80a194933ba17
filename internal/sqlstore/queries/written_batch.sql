-- name: TakeBatch :execrows
INSERT INTO written_batches (stream, number, written_at)
VALUES (sqlc.arg(stream), sqlc.arg(number), sqlc.arg(written_at))
ON CONFLICT (stream) DO UPDATE SET number = excluded.number, written_at = excluded.written_at
WHERE written_batches.number < excluded.number;

-- name: DeleteBatchesWrittenBefore :execrows
DELETE FROM written_batches WHERE stream IN (
    SELECT o.stream FROM written_batches o WHERE o.written_at < CAST(sqlc.arg(before) AS BIGINT) LIMIT CAST(sqlc.arg(most) AS BIGINT)
);
