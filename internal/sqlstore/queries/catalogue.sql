-- name: GetCatalogue :one
SELECT document, version, revivals FROM catalogue WHERE one = 1;

-- name: UpdateCatalogue :execrows
UPDATE catalogue SET document = sqlc.arg(document), revivals = sqlc.arg(revivals), version = version + 1
WHERE one = 1 AND version = sqlc.arg(version);
