package enforce

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"
)

// The answers of a Verifier.
var (
	// ErrInvalidToken: the token is none of this API's, or not alive any more.
	ErrInvalidToken = errors.New("enforce: the access token is invalid, has expired, or is not for this API")
	// ErrUnavailable: neither yes nor no can be said right now.
	ErrUnavailable = errUnavailable
)

// Verifier checks access tokens. It is safe for concurrent use.
type Verifier struct {
	config   Config
	source   *source
	keys     *keySet
	follower *follower // nil: revocations are not followed
	direct   *directClients
	seen     seenTokens
	proofs   proofMemory
	base     address // of Config.PublicURL
}

// New returns a Verifier. It makes no request; Run and the first token do.
func New(c Config) (*Verifier, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	s := newSource(&c)
	v := &Verifier{config: c, source: s, keys: &keySet{source: s, clock: c.Clock}, proofs: proofMemory{limit: maxProofs}}
	v.base, _ = addressOf(c.PublicURL) // was checked; nothing where it is empty
	if c.ClientID != "" {
		v.follower = newFollower(s, &c)
	}
	if c.DirectCredentials {
		v.direct = newDirectClients(s, c.Clock)
	}
	return v, nil
}

// Run fetches the keys ahead of the first call and follows revocations until ctx
// ends. Without it, a Verifier that is to follow refuses everything.
func (v *Verifier) Run(ctx context.Context) {
	v.keys.refresh(ctx, v.config.Clock())
	if v.follower != nil {
		v.follower.run(ctx)
	}
}

// Staleness is how old the knowledge of revocations is. ok is false when they
// are not followed, or nothing was heard yet.
func (v *Verifier) Staleness() (age time.Duration, ok bool) {
	if v.follower == nil {
		return 0, false
	}
	age = v.follower.staleness()
	return max(age, 0), age >= 0
}

// Verify returns what a live access token says that is bound to nothing: whoever
// holds it may use it. The error is ErrInvalidToken or ErrUnavailable, wrapped
// with the cause, which is for the log alone.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Claims, error) {
	return v.verify(ctx, &presented{token: raw})
}

// VerifyRequest is Verify for the token in the Authorization header of a request,
// which may be bound to a key and then comes by the scheme DPoP with a proof of
// the request (RFC 9449 section 7). It uses the proof up: call it once a request.
func (v *Verifier) VerifyRequest(r *http.Request) (*Claims, error) {
	header := r.Header["Authorization"]
	if len(header) != 1 {
		return nil, &invalid{errForm}
	}
	p, ok := v.presented(r, header[0])
	if !ok {
		return nil, &invalid{errForm}
	}
	return v.verify(r.Context(), &p)
}

// verify judges a token, and whether who presents it may use it.
func (v *Verifier) verify(ctx context.Context, p *presented) (*Claims, error) {
	now := v.config.Clock()
	t, err := v.signed(ctx, p.token)
	if err == nil {
		err = t.judge(&v.config, now)
	}
	var checked *proof
	if err == nil {
		checked, err = p.confirms(t, now)
	}
	var claims *Claims
	if err == nil {
		claims, err = v.alive(ctx, p.token, t)
	}
	if err == nil && checked != nil { // last: only what would be let in uses a proof up
		err = v.proofs.take(checked, t.ClientID, v.config.Clock)
	}
	switch {
	case err == nil:
		return claims, nil
	case errors.Is(err, errUnavailable):
		return nil, err
	}
	return nil, &invalid{err}
}

// invalid is ErrInvalidToken with its cause.
type invalid struct{ cause error }

func (e *invalid) Error() string        { return ErrInvalidToken.Error() + " (" + e.cause.Error() + ")" }
func (e *invalid) Is(target error) bool { return target == ErrInvalidToken }
func (e *invalid) Unwrap() error        { return e.cause }

// signed returns a token with a right signature by a key that is still believed.
func (v *Verifier) signed(ctx context.Context, raw string) (*token, error) {
	if len(raw) > maxTokenSize {
		return nil, errForm
	}
	digest := digestOf(raw)
	if t := v.seen.find(digest); t != nil {
		_, err := v.keys.find(ctx, t.kid)
		return t, err
	}
	p, err := split(raw)
	if err != nil {
		return nil, err
	}
	algorithm, kid, err := parseHeader(p.header)
	if err != nil {
		return nil, err
	}
	key, err := v.keys.find(ctx, kid)
	switch {
	case err != nil:
		return nil, err
	case key.algorithm != algorithm:
		return nil, errHeader
	case !key.verify(p.signed, p.signature):
		return nil, errSignature
	}
	t, err := parsePayload(p.payload)
	if err != nil {
		return nil, err
	}
	t.kid = kid
	v.seen.add(digest, t)
	return t, nil
}

// digestOf hashes a token, without copying it to the heap if it has a usual
// length.
func digestOf(raw string) digest {
	var buffer [1024]byte
	if len(raw) > len(buffer) {
		return sha256.Sum256([]byte(raw))
	}
	return sha256.Sum256(buffer[:copy(buffer[:], raw)])
}

// alive applies what is known of revocations.
func (v *Verifier) alive(ctx context.Context, raw string, t *token) (*Claims, error) {
	if v.follower == nil {
		return &t.Claims, nil
	}
	age := v.follower.staleness()
	if age >= 0 && age <= v.config.MaxStaleness {
		return v.follower.now(t)
	}
	if v.config.WhenStale != StaleIntrospect {
		return nil, errUnavailable
	}
	scopes, active, err := v.source.introspect(ctx, raw)
	switch {
	case err != nil:
		v.config.Logger.WarnContext(ctx, "the server could not be asked about a token", "error", err)
		return nil, errUnavailable
	case !active:
		return nil, errInactive
	}
	return t.within(scopes, nil), nil
}

// seenTokens remembers tokens with a right signature by the SHA-256 of the exact
// text: another spelling is another token. Whether one is alive is judged anew
// each time. It is bounded: each shard keeps a young and an old generation, and
// drops the old one when the young one is full.
type seenTokens struct{ shards [seenShards]seenShard }

const (
	seenShards = 64
	seenMost   = 128 // of a generation of a shard: 16,384 tokens in all
)

type digest = [sha256.Size]byte

type seenShard struct {
	mu         sync.RWMutex
	young, old map[digest]*token
}

func (s *seenTokens) find(d digest) *token {
	shard := &s.shards[d[0]%seenShards]
	shard.mu.RLock()
	t, aged := shard.young[d], false
	if t == nil {
		t, aged = shard.old[d], true
	}
	shard.mu.RUnlock()
	if t != nil && aged {
		s.add(d, t)
	}
	return t
}

func (s *seenTokens) add(d digest, t *token) {
	shard := &s.shards[d[0]%seenShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.young == nil || len(shard.young) >= seenMost {
		shard.old, shard.young = shard.young, make(map[digest]*token)
	}
	shard.young[d] = t
}
