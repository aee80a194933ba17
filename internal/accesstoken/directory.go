package accesstoken

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/spool"
)

// Directory is the whole set of credentials in memory with the live facts about
// owners, accounts and the catalogue. It follows the change feed: call Load
// once, then Run; after a local commit call CatchUp.
type Directory struct {
	store   Store
	hasher  Hasher
	options Options
	dummy   held // stands in for unknown client IDs

	current  atomic.Pointer[table]
	position atomic.Pointer[position] // nil: never loaded
	rewrites atomic.Int64

	rounds   *rounds
	throttle *throttle
	journal  *journal
	usage    *usage
	// unwritten has what was counted on its way to the database.
	unwritten *spool.Queue[UsageBatch]
	costly    oneByOne
}

// position is how far the directory has followed the feed.
type position struct {
	head Head
	// asked is when the read of head began: what was committed before it is
	// known here.
	asked time.Time
	// stored: it came from a snapshot, and the next round reads everything.
	stored bool
}

// NewDirectory returns an empty directory: Load it before use.
func NewDirectory(store Store, hasher Hasher, options Options) *Directory {
	options = options.withDefaults()
	d := &Directory{store: store, hasher: hasher, options: options, throttle: newThrottle(), journal: newJournal(), usage: newUsage(), costly: make(oneByOne, 1)}
	d.usage.written.Store(options.Clock().UnixNano())
	d.dummy = newDummy()
	d.unwritten = spool.New(spool.Options[UsageBatch]{
		Kind: "usage", Stream: rand.Text(), Shelf: options.Shelf, Clock: options.Clock, Write: d.writeUsage, Size: UsageBatch.rows, Logger: options.Logger,
	})
	d.rounds = &rounds{clock: options.Clock, work: d.follow, patience: headTimeout + time.Second}
	d.current.Store(newLoader(hasher, &options, nil).finish())
	return d
}

// Load reads the whole set. Its error is the store's.
func (d *Directory) Load(ctx context.Context) error {
	return d.rounds.join(ctx, d.options.Clock())
}

// Run follows the feed and writes usage until ctx ends, then writes what usage
// is left. It returns nil.
func (d *Directory) Run(ctx context.Context) error {
	var flusher sync.WaitGroup
	flusher.Go(func() { d.runUsage(ctx) })
	defer flusher.Wait()
	ticker := time.NewTicker(d.options.PollInterval)
	defer ticker.Stop()
	reachable := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := d.rounds.join(ctx, d.options.Clock())
		if ctx.Err() != nil {
			return nil
		}
		if reachable != (err == nil) {
			reachable = err == nil
			d.logReachable(ctx, err)
		}
	}
}

func (d *Directory) logReachable(ctx context.Context, err error) {
	if err == nil {
		d.options.Logger.InfoContext(ctx, "the database answers again; the view of credentials is up to date")
		return
	}
	d.options.Logger.WarnContext(ctx, "the database does not answer; known credentials are served for a while",
		slog.Duration("max_offline", d.options.MaxOffline), slog.Any("cause", cause(err)))
}

// cause is what stands behind an *apicred.Error, for the log.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// CatchUp makes the changes committed before the call live: it returns when
// they are applied, or with the reason why that could not be confirmed.
func (d *Directory) CatchUp(ctx context.Context) error {
	return d.rounds.join(ctx, d.options.Clock())
}

// Fresh returns once a read of the head row that began after arrival was
// applied: call it before every no (contract.md "Fresh before no"). Any number
// of callers share one read. Its error is unavailable: then answer that.
func (d *Directory) Fresh(ctx context.Context, arrival time.Time) error {
	if p := d.position.Load(); p != nil && p.asked.After(arrival) {
		return nil
	}
	if err := d.rounds.join(ctx, arrival); err != nil {
		return unavailable(err)
	}
	return nil
}

// Catalogue is the catalogue in force.
func (d *Directory) Catalogue() *apicred.CompiledCatalogue {
	return d.current.Load().land.Load().catalogue
}

// Account finds an account. The value is shared: do not change it.
func (d *Directory) Account(accountID string) (*apicred.Account, bool) {
	cell := d.current.Load().account(accountID)
	if cell == nil {
		return nil, false
	}
	a := cell.now.Load()
	return a, a != nil
}

// User finds a membership. The value is shared: do not change it.
func (d *Directory) User(accountID, userID string) (*Member, bool) {
	cell := d.current.Load().member(accountID, userID)
	if cell == nil {
		return nil, false
	}
	m := cell.now.Load()
	return m, m != nil
}

// Client finds a credential by its client ID, whatever its status. Nothing is
// authenticated by that.
func (d *Directory) Client(clientID string) (Client, bool) {
	t := d.current.Load()
	id, ok := parseUID(clientID)
	if !ok {
		return Client{}, false
	}
	e := t.find(id)
	if !e.known() {
		return Client{}, false
	}
	return t.client(e, clientID), true
}

// Rewrites is how often the database turned out to have another history than the
// one followed so far.
func (d *Directory) Rewrites() int64 { return d.rewrites.Load() }

// Size is how many credentials are loaded.
func (d *Directory) Size() int { return int(d.current.Load().size.Load()) }

// client takes a snapshot of e's facts.
func (t *table) client(e held, text string) Client {
	class := t.classes.at(e.class)
	c := Client{entry: e, id: text, secret: noSecret, account: class.account.now.Load(), owner: t.ownerOf(e)}
	c.plan = t.land.Load().planFor(class, c.account, roleOf(e, c.owner))
	return c
}
