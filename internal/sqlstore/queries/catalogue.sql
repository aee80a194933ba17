-- name: GetCatalogue :one
SELECT document, version FROM catalogue WHERE one = 1;

-- name: UpdateCatalogue :execrows
UPDATE catalogue SET document = $1, version = version + 1 WHERE one = 1 AND version = $2;
