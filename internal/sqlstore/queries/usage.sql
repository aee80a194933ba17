-- name: AddUsageHour :exec
INSERT INTO usage_hours (client_id, hour, outcome, scope, calls)
SELECT c.client_id, CAST(sqlc.arg(hour) AS BIGINT), CAST(sqlc.arg(outcome) AS TEXT), CAST(sqlc.arg(scope) AS TEXT), CAST(sqlc.arg(calls) AS BIGINT)
FROM credentials c WHERE c.client_id = sqlc.arg(client_id)
ON CONFLICT (client_id, hour, outcome, scope) DO UPDATE SET calls = usage_hours.calls + excluded.calls;

-- name: AddUsageDay :exec
INSERT INTO usage_days (client_id, day, outcome, scope, calls)
SELECT c.client_id, CAST(sqlc.arg(day) AS BIGINT), CAST(sqlc.arg(outcome) AS TEXT), CAST(sqlc.arg(scope) AS TEXT), CAST(sqlc.arg(calls) AS BIGINT)
FROM credentials c WHERE c.client_id = sqlc.arg(client_id)
ON CONFLICT (client_id, day, outcome, scope) DO UPDATE SET calls = usage_days.calls + excluded.calls;

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
