package accesstoken

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// maxPeppers bounds the peppers that hashes may be under: the current one and
// the old ones still in use. Each costs one more hash per authentication.
const maxPeppers = 4

// The causes of a failed client authentication, for the log alone.
var (
	errClientUnknown   = errors.New(apicred.CauseClientUnknown)
	errSecretWrong     = errors.New(apicred.CauseSecretWrong)
	errSecretExpired   = errors.New(apicred.CauseSecretExpired)
	errClientMethod    = errors.New(apicred.CauseClientMethod)
	errClientDisabled  = errors.New(apicred.CauseClientDisabled)
	errClientExpired   = errors.New(apicred.CauseClientExpired)
	errClientSuspended = errors.New(apicred.CauseClientSuspended)
	errClientAddress   = errors.New(apicred.CauseClientAddress)
	errClientKey       = errors.New(apicred.CauseClientKey)
)

// ClientAuth is what a client presents: ID and secret, as RFC 6749 section
// 2.3.1 has it, and where it comes from.
type ClientAuth struct {
	ClientID string
	Secret   string
	// Address of the client, for allowed ranges and throttling.
	Address netip.Addr
	// Arrival is when the request came in, for "fresh before no"; zero: now.
	Arrival time.Time
}

// Authenticate proves a client by its secret. Errors, all *apicred.Error:
// unauthenticated, one and the same for every cause (the cause is hidden in it
// for the log); rate_limited after too many failures, or when the credential is
// used above its own rate; unavailable when the database is needed and away.
func (d *Directory) Authenticate(ctx context.Context, a ClientAuth) (Client, error) {
	now := d.options.Clock()
	if a.Arrival.IsZero() {
		a.Arrival = now
	}
	if err := d.gate(ctx, now); err != nil {
		return Client{}, err
	}
	sums := d.sums(a.Secret)
	client, err := d.judge(&a, &sums, now)
	if err != nil {
		if fresh := d.Fresh(ctx, a.Arrival); fresh != nil {
			return Client{}, fresh
		}
		now = d.options.Clock()
		if client, err = d.judge(&a, &sums, now); err != nil {
			d.countRefused(&client, err)
			return Client{}, d.refuse(&a, err, now)
		}
	}
	if err := client.TakeCall(now); err != nil {
		d.Count(&client, OutcomeRateLimited, "", a.Address)
		return Client{}, err
	}
	d.useSecret(&client, &sums, now)
	return client, nil
}

// proved is what Authenticate does, for proofs other than a secret: judge decides
// on the present view, and once more on a fresh one before it is "no". It returns
// the moment of the decision. (Authenticate has its own lines, without a function
// to be made for each call: it is what a token costs.)
func (d *Directory) proved(ctx context.Context, a *ClientAuth, judge func(now time.Time) (Client, error)) (Client, time.Time, error) {
	now := d.options.Clock()
	if a.Arrival.IsZero() {
		a.Arrival = now
	}
	client, err := judge(now)
	if err != nil {
		if fresh := d.Fresh(ctx, a.Arrival); fresh != nil {
			return Client{}, now, fresh
		}
		now = d.options.Clock()
		client, err = judge(now)
	}
	switch {
	case apicred.IsKind(err, apicred.KindUnavailable): // nothing was decided
		return Client{}, now, err
	case err != nil:
		d.countRefused(&client, err)
		return Client{}, now, d.refuse(a, err, now)
	}
	if err := client.TakeCall(now); err != nil {
		d.Count(&client, OutcomeRateLimited, "", a.Address)
		return Client{}, now, err
	}
	return client, now, nil
}

// refuse counts a failure. All causes get the same answer.
func (d *Directory) refuse(a *ClientAuth, cause error, now time.Time) error {
	if wait := d.throttle.fail(a.ClientID, a.Address, now); wait > 0 {
		return apicred.RateLimited(wait).Because(cause)
	}
	return unauthenticated(cause)
}

func unauthenticated(cause error) *apicred.Error {
	return apicred.Unauthenticated("The client could not be authenticated. Check the client ID, the secret, and that the credential is active.").Because(cause)
}

// sums hashes a presented secret under every pepper, whether the client exists
// or not, so that the time tells nothing.
func (d *Directory) sums(secret string) (sums [maxPeppers]SecretSum) {
	for i := range min(d.hasher.Peppers(), maxPeppers) {
		sums[i] = d.hasher.Sum(i, secret)
	}
	return sums
}

// judge decides on the present view. The work up to the comparison's end is the
// same for every ID: unknown ones are compared with a dummy.
func (d *Directory) judge(a *ClientAuth, sums *[maxPeppers]SecretSum, now time.Time) (Client, error) {
	t := d.current.Load()
	id, known := parseUID(a.ClientID)
	e := t.find(id)
	if known = known && e.known(); !known {
		e = d.dummy
	}
	matched := e.compare(sums, d.dummy)
	if !known {
		return Client{}, errClientUnknown
	}
	client := t.client(e, a.ClientID)
	client.secret, client.address = matched, a.Address
	return client, client.judge(now)
}

// judge decides whether an authenticated client may go on.
func (c *Client) judge(now time.Time) error {
	switch {
	case c.key != "":
		if !c.entry.keys().Has(c.key) {
			return errClientKey
		}
		return c.judgeState(now)
	case c.certificate != nil:
		if !c.certificate.Is(c.entry.certificateSubject()) {
			return errCertificateSubject
		}
		return c.judgeState(now)
	case c.secret == noSecret:
		return errSecretWrong
	case c.entry.slot(c.secret).expired(c.account.MaxSecretAge, now):
		return errSecretExpired
	case c.entry.flags&flagOtherMethod != 0:
		return errClientMethod
	}
	return c.judgeState(now)
}

// judgeState decides whether a client that proved itself may go on.
func (c *Client) judgeState(now time.Time) error {
	switch c.StatusAt(now) {
	case apicred.StatusDisabled:
		return errClientDisabled
	case apicred.StatusExpired:
		return errClientExpired
	case apicred.StatusSuspended:
		return errClientSuspended
	case apicred.StatusActive:
	}
	if !c.AllowsAddress(c.address) {
		return errClientAddress
	}
	return nil
}

// compare finds the secret with one of sums, or noSecret. It always compares as
// many times, to the end, in constant time each; empty slots are filled with
// the dummy's.
func (h held) compare(sums *[maxPeppers]SecretSum, dummy held) int {
	matched := noSecret
	for i := range apicred.MaxSecrets {
		slot, filled := h.slot(i), 1
		if slot == nil || slot.pepper == noPepper {
			slot, filled = &dummy.secret, 0
		}
		equal := subtle.ConstantTimeCompare(slot.sum[:], sums[slot.pepper][:])
		matched = subtle.ConstantTimeSelect(equal&filled, i, matched)
	}
	return matched
}

// newDummy makes the entry that unknown client IDs are compared with. Its sum
// is random: no secret has it.
func newDummy() held {
	e := &entry{}
	_, _ = rand.Read(e.secret.sum[:]) // never fails (crypto/rand)
	return held{entry: e}
}

// Renew returns the client as it is on a view newer than arrival: call it when
// a scope check failed, and check again before saying no. A secret deleted
// meanwhile, or a client that ended, is unauthenticated.
func (d *Directory) Renew(ctx context.Context, c Client, arrival time.Time) (Client, error) {
	now := d.options.Clock()
	if arrival.IsZero() {
		arrival = now
	}
	if err := d.Fresh(ctx, arrival); err != nil {
		return Client{}, err
	}
	t := d.current.Load()
	e := t.find(c.entry.id)
	if !e.known() {
		return Client{}, unauthenticated(errClientUnknown)
	}
	renewed := t.client(e, c.id)
	renewed.address, renewed.key, renewed.certificate = c.address, c.key, c.certificate
	if c.secret != noSecret {
		renewed.secret = e.indexOf(c.entry.slot(c.secret).id)
	}
	if err := renewed.judge(d.options.Clock()); err != nil {
		return Client{}, unauthenticated(err)
	}
	return renewed, nil
}

// indexOf finds the secret with the given ID, or noSecret.
func (h held) indexOf(secretID uid) int {
	for i := range h.secretCount() {
		if s := h.slot(i); s.id == secretID && s.pepper != noPepper {
			return i
		}
	}
	return noSecret
}
