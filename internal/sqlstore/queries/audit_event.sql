-- name: GetHead :one
SELECT i.epoch, h.sequence, h.change, h.hash FROM audit_head h JOIN installation i ON i.one = h.one WHERE h.one = 1;

-- name: LockHead :one
UPDATE audit_head SET sequence = sequence WHERE one = 1 RETURNING sequence, change, hash;

-- name: SetHead :exec
UPDATE audit_head SET sequence = $1, change = $2, hash = $3 WHERE one = 1;

-- name: GetAuditHash :one
SELECT hash FROM audit_events WHERE sequence = $1;

-- name: InsertAuditEvent :exec
INSERT INTO audit_events (
    sequence, change, event_id, happened_at, account_id, actor_type, actor_id, acting_as, action,
    target_type, target_id, outcome, rule, occurrences, request_id, before_state, after_state, personal_digest, hash
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19);

-- name: InsertAuditPersonal :exec
INSERT INTO audit_personal (sequence, salt, address) VALUES ($1, $2, $3);

-- name: ListChangesAfter :many
SELECT change, happened_at, target_type, target_id, account_id FROM audit_events
WHERE change > sqlc.arg(after) ORDER BY change LIMIT CAST(sqlc.arg(most) AS BIGINT);

-- name: ListAuditChainAfter :many
SELECT sqlc.embed(e), p.salt, p.address FROM audit_events e LEFT JOIN audit_personal p ON p.sequence = e.sequence
WHERE e.sequence > sqlc.arg(after) ORDER BY e.sequence LIMIT CAST(sqlc.arg(most) AS BIGINT);

-- name: LastChangeBefore :one
SELECT change FROM audit_events WHERE change IS NOT NULL AND happened_at < sqlc.arg(before) ORDER BY change DESC LIMIT 1;

-- name: ListLastingChangesBetween :many
SELECT target_type, target_id, account_id, CAST(MAX(change) AS BIGINT) AS change FROM audit_events
WHERE change > sqlc.arg(after) AND change <= sqlc.arg(up_to) AND target_type IN ('credential', 'user', 'catalogue', 'token', 'signing_key')
    AND action NOT IN ('credential.create', 'token.mint', 'user.create')
GROUP BY target_type, target_id, account_id ORDER BY 4;
