package accesstoken

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Outcome is what came of a use of a credential that was proved to be its own:
// what somebody else tries with its client ID is not counted. The set is small
// and fixed; enforcement adds the codes of its refusals.
type Outcome string

// The outcomes, as stored.
const (
	OutcomeIssued        Outcome = "issued"              // a token was issued
	OutcomeAllowed       Outcome = "allowed"             // a call was let through
	OutcomeInvalidScope  Outcome = "invalid_scope"       // a token with this scope or resource is not to be had
	OutcomeProof         Outcome = "invalid_dpop_proof"  // a token was asked for with a bad proof of possession
	OutcomeScope         Outcome = "insufficient_scope"  // the call needs a scope that it lacks
	OutcomeRateLimited   Outcome = "rate_limited"        // above the credential's own rate
	OutcomeAddress       Outcome = "address_not_allowed" // from outside its ranges
	OutcomeDisabled      Outcome = "disabled"
	OutcomeExpired       Outcome = "expired"
	OutcomeSuspended     Outcome = "suspended"
	OutcomeSecretExpired Outcome = "secret_expired"
)

const (
	// flushInterval is how often usage is written.
	flushInterval = 5 * time.Second
	// flushTimeout bounds the last writing.
	flushTimeout = 5 * time.Second
	// useInterval is how often the last use of a secret is written at most (R13).
	useInterval = time.Minute
	// maxUsageKeys bounds what is kept per shard while the database is away.
	maxUsageKeys = 4096
	usageShards  = 32
	// usageBatch is how many rows are in a batch: two rows each in the database,
	// and 500 a transaction (R13).
	usageBatch = 250
)

// usage counts in memory what is written in batches.
type usage struct {
	shards [usageShards]usageShard
	// written is when everything that was counted before was written, as Unix
	// nanoseconds; refused counts calls that the store would not take.
	written, refused atomic.Int64
	// lost is the last moment, as Unix nanoseconds, of which a use is not in the
	// database and never will be; 0: none. The shards have others.
	lost atomic.Int64
}

type usageShard struct {
	mu     sync.Mutex
	counts map[usageKey]int64
	uses   map[useKey]lastUse
	lost   int64 // calls not counted because the shard was full
	// usesLost is when the last use was not noted because the shard was full.
	usesLost time.Time
	// gone are the calls that are no longer in counts, written or lost, and
	// dropped those of them that were lost: for the metrics, which must not fall
	// when counts is emptied.
	gone    map[Outcome]int64
	dropped int64
}

type usageKey struct {
	client  uid
	hour    int64 // Unix seconds of its start
	outcome Outcome
	scope   string
}

type useKey struct {
	client, secret uid // zero secret: none was presented
}

func newUsage() *usage { return &usage{} }

// Count counts one use of a credential from address: the outcome, and the
// scopes it was about (granted or required), joined. It also notes the
// credential's last use. Issue counts by itself.
func (d *Directory) Count(c *Client, outcome Outcome, scope string, address netip.Addr) {
	now := d.options.Clock()
	hour := now.Unix() - now.Unix()%int64(time.Hour/time.Second)
	s := d.usage.shard(c.entry.id)
	s.mu.Lock()
	s.count(usageKey{c.entry.id, hour, outcome, scope}, 1)
	s.mu.Unlock()
	if !c.proved() {
		d.use(c.entry.id, uid{}, &c.entry.used, lastUse{at: now, address: address})
	}
}

// countRefused counts the failed authentication of a client that proved itself:
// who looks for the program that still uses a disabled credential or an old
// secret finds it so. It is no use of the credential.
func (d *Directory) countRefused(c *Client, cause error) {
	if !c.entry.known() || !c.proved() {
		return // nobody was proved
	}
	for _, known := range []struct {
		cause   error
		outcome Outcome
	}{
		{errSecretExpired, OutcomeSecretExpired},
		{errClientDisabled, OutcomeDisabled},
		{errClientExpired, OutcomeExpired},
		{errClientSuspended, OutcomeSuspended},
		{errClientAddress, OutcomeAddress},
	} {
		if errors.Is(cause, known.cause) {
			d.Count(c, known.outcome, "", c.address)
		}
	}
}

// lastUse is when and from where something was used.
type lastUse struct {
	at      time.Time
	address netip.Addr
	// sum is the secret's hash under the current pepper when the stored one is
	// under an older; nil otherwise.
	sum *SecretSum
}

// useSecret notes that a client proved itself by its secret.
// A stored hash under an old pepper is made anew with it (contract.md "Listeners
// and settings"), so that the old master key can be laid down in time.
func (d *Directory) useSecret(c *Client, sums *[maxPeppers]SecretSum, now time.Time) {
	slot := c.entry.slot(c.secret)
	use := lastUse{at: now, address: c.address}
	if slot.pepper != 0 {
		sum := sums[0]
		use.sum = &sum
	}
	d.use(c.entry.id, slot.id, c.entry.usedAt(c.secret), use)
}

// use notes a use unless one less than a minute older was noted, which last
// says. secret is zero when none was presented.
func (d *Directory) use(client, secret uid, last *uint32, u lastUse) {
	before := atomic.LoadUint32(last)
	if u.at.Unix()-int64(before) < int64(useInterval/time.Second) || !atomic.CompareAndSwapUint32(last, before, seconds(u.at)) {
		return
	}
	s := d.usage.shard(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteUse(useKey{client, secret}, u)
}

func (u *usage) shard(id uid) *usageShard { return &u.shards[id.hash()%usageShards] }

func (s *usageShard) count(key usageKey, calls int64) {
	if s.counts == nil {
		s.counts = map[usageKey]int64{}
	}
	if _, known := s.counts[key]; !known && len(s.counts) >= maxUsageKeys {
		s.lost += calls
		s.dropped += calls
		s.leave(key.outcome, calls)
		return
	}
	s.counts[key] += calls
}

// leave notes that calls are not in counts any more; negative, that they are
// again.
func (s *usageShard) leave(outcome Outcome, calls int64) {
	if s.gone == nil {
		s.gone = map[Outcome]int64{}
	}
	s.gone[outcome] += calls
}

func (s *usageShard) noteUse(key useKey, use lastUse) {
	if s.uses == nil {
		s.uses = map[useKey]lastUse{}
	}
	old, known := s.uses[key]
	if !known && len(s.uses) >= maxUsageKeys {
		s.usesLost = laterOf(s.usesLost, use.at)
		return
	}
	if known && old.at.After(use.at) {
		return
	}
	s.uses[key] = use
}

// UsageBatch is what is written in one transaction, at most 250 of both together.
type UsageBatch struct {
	Counts []UsageCount
	Uses   []SecretUse
}

func (b UsageBatch) rows() int { return len(b.Counts) + len(b.Uses) }

// GobEncode leaves out the hashes made anew: no hash goes to the disk but into the
// database. The next use makes it again.
func (b UsageBatch) GobEncode() ([]byte, error) {
	plain := keptUsage{Counts: b.Counts, Uses: slices.Clone(b.Uses)}
	for i := range plain.Uses {
		plain.Uses[i].Hash, plain.Uses[i].PepperID = nil, ""
	}
	var out bytes.Buffer
	err := gob.NewEncoder(&out).Encode(plain)
	return out.Bytes(), err
}

// GobDecode reads what GobEncode wrote.
func (b *UsageBatch) GobDecode(data []byte) error {
	return gob.NewDecoder(bytes.NewReader(data)).Decode((*keptUsage)(b))
}

// keptUsage is a UsageBatch as it is on the disk.
type keptUsage UsageBatch

// Flush writes what was counted, batch by batch. When the database is away the
// rest is kept, within bounds, for the next time; its error is the store's.
func (d *Directory) Flush(ctx context.Context) error {
	began := d.options.Clock()
	err := d.unwritten.Flush(ctx, usageSource{d})
	if err == nil {
		d.usage.written.Store(began.UnixNano())
	}
	return err
}

// Flushed is how far uses are in the database.
type Flushed struct {
	Through time.Time // every use before then is, but for those of Lost
	Lost    time.Time // the last moment of which a use may be missing for ever; zero: none
}

// FlushAll is Flush, and says how far the uses that this process counted are in the
// database now.
func (d *Directory) FlushAll(ctx context.Context) (Flushed, error) {
	began := d.options.Clock()
	if err := d.Flush(ctx); err != nil {
		return Flushed{}, err
	}
	return Flushed{Through: began, Lost: d.usage.lastLost()}, nil
}

func (u *usage) lastLost() (last time.Time) {
	if at := u.lost.Load(); at != 0 {
		last = time.Unix(0, at)
	}
	for i := range u.shards {
		s := &u.shards[i]
		s.mu.Lock()
		last = laterOf(last, s.usesLost)
		s.mu.Unlock()
	}
	return last
}

// lose notes that uses up to a moment may not be in the database.
func (u *usage) lose(at time.Time) {
	for {
		before := u.lost.Load()
		if at.UnixNano() <= before || u.lost.CompareAndSwap(before, at.UnixNano()) {
			return
		}
	}
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// writeUsage writes one batch; see spool.Options.
func (d *Directory) writeUsage(ctx context.Context, id apicred.BatchID, batch UsageBatch) error {
	err := d.store.AddUsage(ctx, id, batch)
	if err != nil && !apicred.IsKind(err, apicred.KindUnavailable) {
		for i := range batch.Counts {
			d.usage.refused.Add(batch.Counts[i].Calls)
		}
		for i := range batch.Uses {
			d.usage.lose(batch.Uses[i].At)
		}
	}
	return err
}

// usageSource is the counters as a source of batches.
type usageSource struct{ d *Directory }

// Take empties the counters. A batch has whatever there is, from whichever shard:
// to a database that is far each batch is a wait.
func (s usageSource) Take(bool) (batches, later []UsageBatch) {
	var all UsageBatch
	for i := range s.d.usage.shards {
		counts, uses := s.d.usage.shards[i].take(s.d.options.Logger)
		all.Counts = append(all.Counts, countRows(counts)...)
		all.Uses = append(all.Uses, s.d.useRows(uses)...)
	}
	for all.rows() > 0 {
		counts := min(usageBatch, len(all.Counts))
		uses := min(usageBatch-counts, len(all.Uses))
		batches = append(batches, UsageBatch{Counts: all.Counts[:counts], Uses: all.Uses[:uses]})
		all.Counts, all.Uses = all.Counts[counts:], all.Uses[uses:]
	}
	return batches, nil
}

// take empties a shard.
func (s *usageShard) take(log *slog.Logger) (map[usageKey]int64, map[useKey]lastUse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts, uses := s.counts, s.uses
	for key, calls := range counts {
		s.leave(key.outcome, calls)
	}
	if s.lost > 0 {
		log.Warn("usage was not counted: too much is waiting to be written", slog.Int64("calls", s.lost))
	}
	s.counts, s.uses, s.lost = nil, nil, 0
	return counts, uses
}

func countRows(counts map[usageKey]int64) []UsageCount {
	rows := make([]UsageCount, 0, len(counts))
	for k, calls := range counts {
		rows = append(rows, UsageCount{
			ClientID: k.client.String(), Hour: time.Unix(k.hour, 0).UTC(), Outcome: string(k.outcome), Scope: k.scope, Calls: calls,
		})
	}
	return rows
}

func (d *Directory) useRows(uses map[useKey]lastUse) []SecretUse {
	rows := make([]SecretUse, 0, len(uses))
	for k, use := range uses {
		row := SecretUse{ClientID: k.client.String(), At: use.at}
		if k.secret != (uid{}) {
			row.SecretID = k.secret.String()
		}
		if use.sum != nil {
			row.Hash, row.PepperID = use.sum[:], d.hasher.PepperID()
		}
		if use.address.IsValid() {
			row.Address = use.address.Unmap().String()
		}
		rows = append(rows, row)
	}
	return rows
}

// TakeBack adds what was not written to what was counted meanwhile.
func (s usageSource) TakeBack(batches []UsageBatch) {
	for _, b := range batches {
		for i := range b.Counts {
			s.d.recount(&b.Counts[i])
		}
		for i := range b.Uses {
			s.d.reuse(&b.Uses[i])
		}
	}
}

func (d *Directory) recount(c *UsageCount) {
	client, ok := parseUID(c.ClientID)
	if !ok {
		return
	}
	s := d.usage.shard(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(Outcome(c.Outcome), -c.Calls)
	s.count(usageKey{client, c.Hour.Unix(), Outcome(c.Outcome), c.Scope}, c.Calls)
}

func (d *Directory) reuse(u *SecretUse) {
	client, ok := parseUID(u.ClientID)
	if !ok {
		return
	}
	key, use := useKey{client: client}, lastUse{at: u.At}
	if u.SecretID != "" {
		if key.secret, ok = parseUID(u.SecretID); !ok {
			return
		}
	}
	if u.Hash != nil {
		sum := SecretSum(u.Hash)
		use.sum = &sum
	}
	if u.Address != "" {
		use.address, _ = netip.ParseAddr(u.Address) // it was one
	}
	s := d.usage.shard(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteUse(key, use)
}

// runUsage flushes until ctx ends, then once more.
func (d *Directory) runUsage(ctx context.Context) {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
			defer cancel()
			d.logUnwritten(ctx, d.unwritten.Last(last, usageSource{d}))
			return
		case <-ticker.C:
		}
		d.current.Load().revoked.sweep(d.options.Clock())
		d.logUnwritten(ctx, d.Flush(context.WithoutCancel(ctx)))
	}
}

func (d *Directory) logUnwritten(ctx context.Context, err error) {
	if err != nil {
		d.options.Logger.WarnContext(ctx, "usage could not be written; it is kept for the next time", slog.Any("cause", cause(err)))
	}
}
