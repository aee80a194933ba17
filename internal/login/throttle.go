package login

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// throttle bounds guesses at passwords (S22; docs/decisions/throttle-without-lock-out.md).
// Three budgets bind strangers: one for the person (as entered, folded, known or
// not), one for the address, and a small one for the two together, so that one
// address alone cannot use up what a person has. A browser that was signed in as
// the person, and a session, have a budget of their own and are bound by no
// other: no outsider can spend it.
type throttle struct {
	seed      maphash.Seed
	persons   budget
	addresses budget
	pairs     budget
	known     budget
}

func newThrottle() *throttle {
	const places = 1 << 14
	return &throttle{
		seed:      maphash.MakeSeed(),
		persons:   budget{interval: 5 * time.Minute, burst: 30, arrivals: make([]int64, places)},
		addresses: budget{interval: 10 * time.Second, burst: 60, arrivals: make([]int64, places)},
		pairs:     budget{interval: 10 * time.Minute, burst: 10, arrivals: make([]int64, places)},
		known:     budget{interval: time.Minute, burst: 10, arrivals: make([]int64, places)},
	}
}

// attempt is one try that has been paid for and may be paid back.
type attempt struct{ paid []payment }

type payment struct {
	budget *budget
	place  uint64
}

// stranger pays for a try at the person of this folded e-mail address. Its error
// is rate_limited.
func (t *throttle) stranger(folded string, address netip.Addr, now time.Time) (attempt, error) {
	from := network(address)
	return pay(now,
		payment{&t.pairs, maphash.Comparable(t.seed, pair{folded, from})},
		payment{&t.addresses, maphash.Comparable(t.seed, from)},
		payment{&t.persons, maphash.String(t.seed, folded)},
	)
}

type pair struct {
	folded string
	from   netip.Addr
}

// familiar pays for a try of a session or of a browser that was signed in.
func (t *throttle) familiar(name string, now time.Time) (attempt, error) {
	return pay(now, payment{&t.known, maphash.String(t.seed, name)})
}

// pay charges every budget or none. It is charged before the check, not after,
// so that many tries at once cannot get past it.
func pay(now time.Time, bills ...payment) (attempt, error) {
	var a attempt
	for _, bill := range bills {
		if wait := bill.budget.take(bill.place, now); wait > 0 {
			a.repay()
			return attempt{}, tooManyTries(wait)
		}
		a.paid = append(a.paid, bill)
	}
	return a, nil
}

// repay undoes the payment: the password was right, or was not looked at.
func (a attempt) repay() {
	for _, bill := range a.paid {
		bill.budget.giveBack(bill.place)
	}
}

func tooManyTries(wait time.Duration) *apicred.Error {
	e := apicred.RateLimited(wait)
	e.Message = "There were too many wrong passwords. Wait a few minutes, sign in at a browser where you were signed in before, or ask the operator for a set-up link."
	return e
}

// budget is a fixed number of token buckets, as the Generic Cell Rate Algorithm
// keeps them (ITU-T I.371): for each the time at which it is full again, in Unix
// nanoseconds. Who sends ever new names fills no memory; two names may share a
// bucket, and one argon2id at a time cannot empty 16,384 faster than they fill.
type budget struct {
	interval time.Duration // in which one try comes back
	burst    int64
	mu       sync.Mutex
	arrivals []int64
}

// take counts one try and returns 0, or how long to wait for one. A refused try
// is not counted.
func (b *budget) take(place uint64, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := &b.arrivals[place%uint64(len(b.arrivals))]
	arrival := max(*at, now.UnixNano())
	const slack = 5 * time.Second // of clocks that are set right all the time
	if arrival-now.UnixNano() > b.burst*int64(b.interval)+int64(slack) {
		arrival = now.UnixNano() // further ahead than any try brings it: the clock was set back
	}
	if wait := arrival - now.UnixNano() - (b.burst-1)*int64(b.interval); wait > 0 {
		return time.Duration(wait)
	}
	*at = arrival + int64(b.interval)
	return 0
}

func (b *budget) giveBack(place uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.arrivals[place%uint64(len(b.arrivals))] -= int64(b.interval)
}

// network is what one subscriber holds: an IPv4 address, or an IPv6 /64.
func network(address netip.Addr) netip.Addr {
	const subscriber = 64
	address = address.Unmap().WithZone("")
	if prefix, err := address.Prefix(subscriber); err == nil && address.Is6() {
		return prefix.Addr()
	}
	return address
}
