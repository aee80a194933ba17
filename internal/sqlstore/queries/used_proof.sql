-- name: InsertUsedProof :execrows
INSERT INTO used_proofs (proof_hash, expires_at) VALUES ($1, $2) ON CONFLICT (proof_hash) DO NOTHING;

-- name: DeleteUsedProofsEndedBefore :exec
DELETE FROM used_proofs WHERE expires_at < $1;
