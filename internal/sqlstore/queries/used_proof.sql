-- name: UseProof :execrows
INSERT INTO used_proofs (proof_hash, expires_at) VALUES (sqlc.arg(proof_hash), sqlc.arg(expires_at))
ON CONFLICT (proof_hash) DO UPDATE SET expires_at = excluded.expires_at WHERE used_proofs.expires_at < sqlc.arg(now);

-- name: DeleteUsedProofsEndedBefore :exec
DELETE FROM used_proofs WHERE expires_at < $1;
