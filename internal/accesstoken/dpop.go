package accesstoken

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

var errDPoPUsed = errors.New(apicred.CauseDPoPUsed)

// ProofError is why a proof of possession was refused: invalid_dpop_proof (RFC
// 9449 sections 5 and 7.1).
type ProofError struct{ Cause error }

// Error is the cause alone, as explanations know it.
func (e *ProofError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *ProofError) Unwrap() error { return e.Cause }

// Advice is a sentence about the fault for who made the proof. It shows them
// nothing but what they sent.
func (e *ProofError) Advice() string {
	return "The DPoP proof is refused: " + strings.TrimPrefix(e.Cause.Error(), "dpop: ") +
		". Make a new one for each request, for its method and URL, with a jti of its own and the present time."
}

// ProofRequest is a token request whose client wants the token bound to its key.
type ProofRequest struct {
	// Proofs are the values of all DPoP headers.
	Proofs []string
	// Method and Address of the request.
	Method  string
	Address proof.Address
	// From is where it came from, for the usage count.
	From netip.Addr
}

// ProveKey checks the proof of possession of an authenticated client that asks
// for a token (RFC 9449 section 5), uses it up on every node, and returns the
// thumbprint of its key for the token to be bound to. Errors: *ProofError, and
// *apicred.Error: unavailable when the database is away, for only with it a proof
// is sure to count once.
func (d *Directory) ProveKey(ctx context.Context, client *Client, r *ProofRequest) (thumbprint string, err error) {
	if err := d.gateProof(ctx); err != nil {
		return "", err
	}
	checked, err := proof.CheckDPoP(r.Proofs, &proof.DPoPUse{Method: r.Method, Address: r.Address, Now: d.options.Clock()})
	if err == nil {
		err = d.useProof(ctx, "dpop", checked.Thumbprint, checked.ID, checked.Until)
	}
	switch {
	case err == nil:
		return checked.Thumbprint, nil
	case errors.Is(err, errProofUsed):
		err = errDPoPUsed
	case apicred.IsKind(err, apicred.KindUnavailable):
		return "", err
	}
	d.Count(client, OutcomeProof, "", r.From)
	return "", &ProofError{err}
}

// useUp takes the proof that came with a live token for used in this process.
func (v *Verifier) useUp(p *Presented, c *claims) error {
	checked := p.proof
	p.proof = nil
	switch v.proofs.take(checked, c.ClientID, v.directory.options.Clock) {
	case proofTaken:
		p.used = true
		return nil
	case proofSeen:
		return invalidToken(&DeadTokenError{&ProofError{errDPoPUsed}, c.ClientID, c.JTI})
	case proofOld:
		return invalidToken(&DeadTokenError{&ProofError{proof.ErrDPoPTime}, c.ClientID, c.JTI})
	case proofTooMany:
		return apicred.RateLimited(time.Second)
	}
	return unavailable(errProofMemory)
}

// TokenChallenges are the values of WWW-Authenticate for a token refused for err
// (RFC 6750 section 3, RFC 9449 sections 7.1 and 7.2), of the scheme that the
// caller used: dpop, or bearer, the door's words for that. Who sent a bound token
// as Bearer hears of both.
func TokenChallenges(err error, dpop bool, bearer string) []string {
	var refused *ProofError
	switch {
	case dpop && errors.As(err, &refused):
		return []string{dpopChallenge(`error="invalid_dpop_proof", `)}
	case dpop:
		return []string{dpopChallenge(`error="invalid_token", `)}
	case errors.Is(err, ErrBoundAsBearer):
		return []string{bearer, dpopChallenge("")}
	}
	return []string{bearer}
}

// ScopeChallenges are those for a caller who lacks scope.
func ScopeChallenges(scope string, dpop bool) []string {
	fault := `error="insufficient_scope", scope="` + scope + `"`
	if dpop {
		return []string{dpopChallenge(fault + ", ")}
	}
	return []string{"Bearer " + fault}
}

func dpopChallenge(fault string) string {
	return "DPoP " + fault + `algs="` + strings.Join(proof.Algorithms(), " ") + `"`
}
