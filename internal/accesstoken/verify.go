package accesstoken

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Verified is a live access token: what it says, and what is true of its
// bearer now. It is shared: do not change it.
type Verified struct {
	*Claims
	// UserID is the person acted as; empty for account-level credentials.
	UserID string
	// EffectiveScopes are those of the token's scopes that work now.
	EffectiveScopes []string
	// Client is the credential; set unless Person.
	Client Client
	// Member is the membership of a Person.
	Member *Member
	// Account the token acts in.
	Account *apicred.Account

	land *landscape // in which the scopes of a Person were found
}

// MeantFor tells whether audience is among the token's; an empty one never is.
func (v *Verified) MeantFor(audience string) bool {
	return audience != "" && slices.Contains(v.Audience, audience)
}

// Actor is the bearer as it acts in the management API. Address and request ID
// are the surface's to fill in.
func (v *Verified) Actor() apicred.Actor {
	if !v.Person {
		return v.Client.Actor(v.EffectiveScopes)
	}
	return apicred.Actor{
		Type: apicred.ActorUser, ID: v.UserID, UserID: v.UserID, AccountID: v.AccountID, Role: v.Member.Role,
		Scopes: v.EffectiveScopes, OperatorAccount: v.Account.Operator,
	}
}

// Verifier decides whether an access token is alive.
type Verifier struct {
	directory *Directory
	signer    Signer
	seen      *verifiedCache
	proofs    *proofMemory
}

// NewVerifier returns a Verifier of tokens for the credentials of d, signed by
// keys of s.
func NewVerifier(d *Directory, s Signer) *Verifier {
	return &Verifier{directory: d, signer: s, seen: newVerifiedCache(defaultSeen), proofs: newProofMemory(maxProofs)}
}

// Verify judges a token that must be meant for audience, and that is not bound
// to anything (Confirmation): whoever holds it may use it. arrival is when the
// request came in (zero: now). Errors are *apicred.Error: unauthenticated for
// any token that is not alive, given only on a view newer than arrival where
// the view decided; unavailable when the database is needed and away.
//
// A token may be alive and yet lack a scope. Before refusing for that, call
// Fresh with the arrival and Verify again: the scopes may have changed.
func (v *Verifier) Verify(ctx context.Context, raw, audience string, arrival time.Time) (*Verified, error) {
	verified, err := v.VerifyAnyAudience(ctx, raw, arrival)
	if err == nil && !verified.MeantFor(audience) {
		return nil, invalidToken(errTokenAudience)
	}
	return verified, err
}

// VerifyAnyAudience is Verify for a caller that must tell a missing scope from a
// wrong audience and therefore asks MeantFor itself, before it lets anything
// pass.
func (v *Verifier) VerifyAnyAudience(ctx context.Context, raw string, arrival time.Time) (*Verified, error) {
	return v.VerifyPresentedAnyAudience(ctx, &Presented{Token: raw, Arrival: arrival})
}

// VerifyPresented is Verify for a token that may be bound, with what came along
// to prove that its bearer is who it was issued to. One that is bound and not
// proved is unauthenticated as any other dead one.
func (v *Verifier) VerifyPresented(ctx context.Context, p *Presented, audience string) (*Verified, error) {
	verified, err := v.VerifyPresentedAnyAudience(ctx, p)
	if err == nil && !verified.MeantFor(audience) {
		return nil, invalidToken(errTokenAudience)
	}
	return verified, err
}

// VerifyPresentedAnyAudience is to VerifyPresented as VerifyAnyAudience is to
// Verify.
func (v *Verifier) VerifyPresentedAnyAudience(ctx context.Context, p *Presented) (*Verified, error) {
	return v.judge(ctx, p.Token, p.Arrival, p)
}

// judge decides whether a token is alive and, unless p is nil, whether who
// presents it may.
func (v *Verifier) judge(ctx context.Context, raw string, arrival time.Time, p *Presented) (*Verified, error) {
	now := v.directory.options.Clock()
	if arrival.IsZero() {
		arrival = now
	}
	if err := v.directory.gate(ctx, now); err != nil {
		return nil, err
	}
	c, err := v.claims(ctx, raw, arrival)
	if err != nil {
		return nil, err
	}
	if err := c.judge(v.directory.options.Issuer, now); err != nil {
		return nil, invalidToken(&DeadTokenError{err, c.ClientID, c.JTI})
	}
	if p != nil {
		if err := p.confirms(c, now); err != nil {
			return nil, invalidToken(&DeadTokenError{err, c.ClientID, c.JTI})
		}
	}
	verified, err := v.live(c, now)
	if err != nil {
		if fresh := v.directory.Fresh(ctx, arrival); fresh != nil {
			return nil, fresh
		}
		if verified, err = v.live(c, now); err != nil {
			return nil, invalidToken(&DeadTokenError{err, c.ClientID, c.JTI})
		}
	}
	if p != nil && p.proof != nil { // last: only what would be let in uses a proof up
		if err := v.useUp(p, c); err != nil {
			return nil, err
		}
	}
	return verified, nil
}

// DeadTokenError is why a token of ours, with a right signature, is not alive: a
// cause, for the log and for explanations.
type DeadTokenError struct {
	Cause    error
	ClientID string
	JTI      string
}

// Error is the cause alone: the log has the client beside it.
func (e *DeadTokenError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *DeadTokenError) Unwrap() error { return e.Cause }

func invalidToken(cause error) *apicred.Error {
	return apicred.Unauthenticated("The access token is invalid or has expired. Request a new one.").Because(cause)
}

// claims returns the claims of a token with a right signature.
func (v *Verifier) claims(ctx context.Context, raw string, arrival time.Time) (*claims, error) {
	if len(raw) > maxTokenSize {
		return nil, invalidToken(errTokenSize)
	}
	digest := digestOf(raw)
	if c := v.seen.find(digest); c != nil {
		// The key may have been removed since.
		if key, published := v.signer.Public(c.kid); published && key == c.key {
			return c, nil
		}
	}
	p, err := splitToken(raw)
	if err != nil {
		return nil, invalidToken(err)
	}
	algorithm, kid, err := parseHeader(p.header)
	if err != nil {
		return nil, invalidToken(err)
	}
	key, err := v.key(ctx, kid, arrival)
	if err != nil {
		return nil, err
	}
	if key.Algorithm() != algorithm {
		return nil, invalidToken(errTokenHeader)
	}
	if !key.Verify([]byte(p.signed), p.signature) {
		return nil, invalidToken(errTokenSignature)
	}
	c, err := parseClaims(string(p.payload))
	if err != nil {
		return nil, invalidToken(err)
	}
	c.key, c.kid = key, kid
	v.seen.add(digest, c)
	return c, nil
}

// digestOf hashes a token, without copying it to the heap if it has a usual
// length.
func digestOf(raw string) tokenDigest {
	var buffer [1024]byte
	if len(raw) > len(buffer) {
		return sha256.Sum256([]byte(raw))
	}
	return sha256.Sum256(buffer[:copy(buffer[:], raw)])
}

// key finds a signing key. An unknown one may be newer than our view: the feed
// tells (Options.OnKeysChanged), by one read for all who ask.
func (v *Verifier) key(ctx context.Context, kid string, arrival time.Time) (PublicKey, error) {
	if key, ok := v.signer.Public(kid); ok {
		return key, nil
	}
	if err := v.directory.Fresh(ctx, arrival); err != nil {
		return nil, err
	}
	if key, ok := v.signer.Public(kid); ok {
		return key, nil
	}
	return nil, invalidToken(errTokenKey)
}

// live judges the bearer on the present view. Its errors are causes.
func (v *Verifier) live(c *claims, now time.Time) (*Verified, error) {
	t := v.directory.current.Load()
	if t.revoked.has(c.JTI) {
		return nil, errTokenRevoked
	}
	if c.Person {
		return c.livePerson(t)
	}
	return c.liveClient(t, now)
}

func (c *claims) liveClient(t *table, now time.Time) (*Verified, error) {
	e := t.find(c.id)
	if !e.known() {
		return nil, errTokenClient
	}
	client := t.client(e, c.ClientID)
	switch {
	case client.account.ID != c.AccountID:
		return nil, errTokenClient
	case c.gen != e.generation:
		// Below: dead. Above: from a future that this view, even a fresh one,
		// does not know, as after a restored backup.
		return nil, errTokenGeneration
	case client.StatusAt(now) != apicred.StatusActive:
		return nil, errTokenStatus
	}
	if last := c.last.Load(); last != nil && last.Client == client {
		return last, nil
	}
	verified := &Verified{
		Claims: &c.Claims, UserID: client.OwnerID(), EffectiveScopes: intersect(c, &client), Client: client, Account: client.account,
	}
	c.last.Store(verified)
	return verified, nil
}

// intersect returns the token's scopes that the credential has now and has had
// since the token was issued, as far as the catalogue goes: what came back does
// not come back to tokens from before (contract.md "What ends a token").
func intersect(c *claims, client *Client) []string {
	out := make([]string, 0, len(c.TokenScopes))
	for _, s := range c.TokenScopes {
		if client.Holds(s) && !client.plan.grantedAfter(s, c.issued) {
			out = append(out, s)
		}
	}
	return out
}

func (c *claims) livePerson(t *table) (*Verified, error) {
	accounts, members := t.account(c.AccountID), t.member(c.AccountID, c.owner)
	if accounts == nil || members == nil {
		return nil, errTokenMember
	}
	account, member := accounts.now.Load(), members.now.Load()
	switch {
	case account == nil || !member.Active():
		return nil, errTokenMember
	case c.gen != member.Generation:
		return nil, errTokenGeneration
	}
	land := t.land.Load()
	if last := c.last.Load(); last != nil && last.land == land && last.Member == member && last.Account == account {
		return last, nil
	}
	verified := &Verified{
		Claims: &c.Claims, UserID: c.owner, Member: member, Account: account, land: land,
		EffectiveScopes: land.catalogue.EffectiveScopes(c.TokenScopes, member.Role, account),
	}
	c.last.Store(verified)
	return verified, nil
}
