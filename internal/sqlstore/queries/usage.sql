-- name: DeleteUsageHoursBefore :execrows
DELETE FROM usage_hours WHERE (client_id, hour, outcome, scope) IN (
    SELECT o.client_id, o.hour, o.outcome, o.scope FROM usage_hours o WHERE o.hour < CAST(sqlc.arg(before) AS BIGINT) LIMIT CAST(sqlc.arg(most) AS BIGINT)
);

-- name: DeleteUsageDaysBefore :execrows
DELETE FROM usage_days WHERE (client_id, day, outcome, scope) IN (
    SELECT o.client_id, o.day, o.outcome, o.scope FROM usage_days o WHERE o.day < CAST(sqlc.arg(before) AS BIGINT) LIMIT CAST(sqlc.arg(most) AS BIGINT)
);

-- name: ListUsageDays :many
SELECT day, outcome, scope, calls FROM usage_days
WHERE client_id = sqlc.arg(client_id) AND day >= sqlc.arg(first) AND day < sqlc.arg(until) ORDER BY day, outcome, scope;

-- name: ListUsageHours :many
SELECT hour, outcome, scope, calls FROM usage_hours
WHERE client_id = sqlc.arg(client_id) AND hour >= sqlc.arg(first) AND hour < sqlc.arg(until) ORDER BY hour, outcome, scope;
