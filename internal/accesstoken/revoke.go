package accesstoken

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
)

// ErrForeignToken refuses the revocation of a token that was issued to another
// client (RFC 7009 section 2.1).
var ErrForeignToken = errors.New("the token belongs to another client")

// RevokeRequest is a revocation request after client authentication.
type RevokeRequest struct {
	Token     string
	Address   string // of the client, for the audit log
	RequestID string
	// Arrival is when the request came in, for "fresh before no"; zero: now.
	Arrival time.Time
}

// Revoke ends one token of an authenticated client, everywhere and for good
// (RFC 7009). It is nil, too, for what was no live token of ours in the first
// place. Errors: ErrForeignToken; rate_limited; unavailable when the revocation
// could not be kept, in which case the token lives on (S12).
func (v *Verifier) Revoke(ctx context.Context, client Client, r RevokeRequest) error {
	d := v.directory
	now := d.options.Clock()
	if r.Arrival.IsZero() {
		r.Arrival = now
	}
	c, err := v.claims(ctx, r.Token, r.Arrival)
	switch {
	case apicred.IsKind(err, apicred.KindUnauthenticated):
		return nil // unknown
	case err != nil:
		return err
	case c.Issuer != d.options.Issuer:
		return nil
	case c.Person || c.ClientID != client.ID():
		return ErrForeignToken
	}
	// A token that is of no time yet (another node's clock is ahead, or ours
	// behind) will live, and one that has just expired may when the clock is set
	// right: only what is long past is dead for good.
	if time.Unix(c.expires, 0).Add(ClockSetBack).Before(now) || d.current.Load().revoked.has(c.JTI) {
		return nil
	}
	if wait := d.throttle.revoke(client.entry.id, now); wait > 0 {
		return apicred.RateLimited(wait)
	}
	event, err := revocationEvent(&client, c, r, now)
	if err != nil {
		return err
	}
	revoked := RevokedToken{
		JTI: c.JTI, AccountID: c.AccountID, ClientID: c.ClientID, ExpiresAt: time.Unix(c.expires, 0), RevokedAt: now,
	}
	if err := d.store.RevokeToken(ctx, revoked, event); err != nil {
		return err
	}
	return d.CatchUp(ctx) // at once on this node (R11)
}

func revocationEvent(client *Client, c *claims, r RevokeRequest, now time.Time) (apicred.AuditEvent, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return apicred.AuditEvent{}, apicred.Internal(err)
	}
	after, err := json.Marshal(map[string]any{"client_id": c.ClientID, "expires_at": time.Unix(c.expires, 0).UTC()})
	if err != nil {
		return apicred.AuditEvent{}, apicred.Internal(err)
	}
	return apicred.AuditEvent{
		EventID: id.String(), At: now, AccountID: c.AccountID, ActorType: apicred.ActorCredential, ActorID: c.ClientID,
		ActingAs: client.OwnerID(), Action: "token.revoke", TargetType: apicred.TargetToken, TargetID: c.JTI,
		Outcome: apicred.OutcomeDone, Count: 1, Address: r.Address, RequestID: r.RequestID, After: after,
	}, nil
}
