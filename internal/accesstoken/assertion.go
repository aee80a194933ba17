package accesstoken

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

var (
	errAssertionClient = errors.New(apicred.CauseClientMismatch)
	errProofUsed       = errors.New(apicred.CauseProofUsed)
)

// proofMargin is how much longer than its end a used proof is remembered: another
// node's clock may be behind.
const proofMargin = time.Minute

// AuthenticateByAssertion proves a client by an assertion that it signed (RFC
// 7523 section 2.2, S14). a.ClientID is the client_id beside it, which may be
// empty; a.Secret is not looked at. Errors as Authenticate's, and unavailable
// whenever the database is away: that an assertion works once is only sure with
// it.
func (d *Directory) AuthenticateByAssertion(ctx context.Context, a ClientAuth, raw string) (Client, error) {
	if err := d.gateProof(ctx); err != nil {
		return Client{}, err
	}
	assertion, cause := proof.ParseAssertion(raw)
	if cause == nil && a.ClientID != "" && a.ClientID != assertion.ClientID {
		cause = errAssertionClient
	}
	if cause == nil {
		a.ClientID = assertion.ClientID
	}
	client, now, err := d.proved(ctx, &a, func(now time.Time) (Client, error) {
		if cause != nil {
			return Client{}, cause
		}
		return d.judgeAssertion(ctx, assertion, a.Address, now)
	})
	if err != nil {
		return Client{}, err
	}
	if err := d.useProof(ctx, "assertion", client.id, assertion.ID, assertion.ExpiresAt); err != nil {
		if errors.Is(err, errProofUsed) {
			return Client{}, d.refuse(&a, err, now)
		}
		return Client{}, err
	}
	d.use(client.entry.id, uid{}, &client.entry.used, lastUse{at: now, address: a.Address})
	return client, nil
}

// gateProof is gate for what needs the database: a proof that works once.
func (d *Directory) gateProof(ctx context.Context) error {
	if err := d.gate(ctx, d.options.Clock()); err != nil {
		return err
	}
	if d.State() != StateNormal {
		return unavailable(nil)
	}
	return nil
}

// judgeAssertion decides on the present view. One signature is checked whether
// there is such a client and key or not (S3).
func (d *Directory) judgeAssertion(ctx context.Context, assertion *proof.Assertion, address netip.Addr, now time.Time) (Client, error) {
	t := d.current.Load()
	var e held
	if id, ok := parseUID(assertion.ClientID); ok {
		e = t.find(id)
	}
	keys := e.keys()
	thumbprint, err := d.costly.signedBy(ctx, assertion, keys)
	switch {
	case err != nil:
		return Client{}, err
	case !e.known():
		return Client{}, errClientUnknown
	case keys == nil:
		return Client{}, errClientMethod
	case thumbprint == "":
		return Client{}, proof.ErrSignature
	}
	if err := assertion.Judge(d.options.Issuer, now); err != nil {
		return Client{}, err
	}
	client := t.client(e, assertion.ClientID)
	client.key, client.address = thumbprint, address
	return client, client.judge(now)
}

// oneByOne lets one costly signature be checked at a time. Anybody may send
// them, and they are checked before it is known who fails too often (S3, S6):
// together they must leave the other cores to everybody else (S34).
type oneByOne chan struct{}

// signedBy is assertion.SignedBy when its turn has come; unavailable when ctx
// ends before.
func (o oneByOne) signedBy(ctx context.Context, assertion *proof.Assertion, keys *proof.KeySet) (string, error) {
	if !assertion.Costly() {
		return assertion.SignedBy(keys), nil
	}
	select {
	case o <- struct{}{}:
		defer func() { <-o }()
		return assertion.SignedBy(keys), nil
	case <-ctx.Done():
		return "", unavailable(ctx.Err())
	}
}

// useProof takes a proof for used on every node, until its end; errProofUsed
// when it was before. kind, whose it is and its jti name it. Any other error is
// unavailable.
func (d *Directory) useProof(ctx context.Context, kind, whose, jti string, end time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, headTimeout)
	defer cancel()
	// No part but the last can hold a NUL: kinds, UUIDs and thumbprints.
	name := sha256.Sum256([]byte(kind + "\x00" + whose + "\x00" + jti))
	err := d.store.UseProof(ctx, name[:], d.options.Clock(), end.Add(proofMargin))
	switch {
	case err == nil:
		return nil
	case apicred.IsKind(err, apicred.KindConflict):
		return errProofUsed
	}
	return unavailable(err)
}
