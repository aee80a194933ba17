package accesstoken

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"
)

// throttle limits failed client authentications (contract.md "Throttling").
// Only failures are counted, so a right secret never waits. It keeps a fixed
// number of buckets: whoever sends ever new client IDs fills no memory, and at
// worst shares a bucket with somebody else who fails.
type throttle struct {
	seed      maphash.Seed
	ids       buckets
	addresses buckets
	// revocations bounds the rows that one credential adds (S34).
	revocations buckets
}

const bucketCount = 1 << 16

// buckets are token buckets as the Generic Cell Rate Algorithm keeps them
// (ITU-T I.371): the theoretical arrival time of the next event, in Unix
// nanoseconds.
type buckets struct {
	interval time.Duration // between events at the sustained rate
	burst    int64
	arrivals []atomic.Int64
}

func newThrottle() *throttle {
	return &throttle{
		seed:      maphash.MakeSeed(),
		ids:       buckets{time.Second / 20, 100, make([]atomic.Int64, bucketCount)},
		addresses: buckets{time.Second / 200, 1000, make([]atomic.Int64, bucketCount)},

		revocations: buckets{time.Second / 20, 200, make([]atomic.Int64, 1<<12)},
	}
}

// fail counts a failure with the presented ID from address. A positive answer
// is how long the caller must wait: it failed too often.
func (t *throttle) fail(clientID string, address netip.Addr, now time.Time) time.Duration {
	wait := t.ids.take(maphash.String(t.seed, clientID), now)
	if address.IsValid() {
		wait = max(wait, t.addresses.take(maphash.Comparable(t.seed, network(address)), now))
	}
	return wait
}

// revoke counts a revocation by a client. A positive answer is how long it must
// wait.
func (t *throttle) revoke(client uid, now time.Time) time.Duration {
	return t.revocations.take(maphash.Comparable(t.seed, client), now)
}

// network is what one subscriber holds: an IPv4 address, or an IPv6 /64.
func network(address netip.Addr) netip.Addr {
	const subscriber = 64
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address
	}
	prefix, err := address.Prefix(subscriber)
	if err != nil {
		return address
	}
	return prefix.Addr()
}

// take counts one event and returns 0, or how long to wait when there are too
// many. Refused events are not counted, else a waiting caller would never be
// let in again.
func (b *buckets) take(hash uint64, now time.Time) time.Duration {
	place := &b.arrivals[hash%uint64(len(b.arrivals))]
	at := now.UnixNano()
	for {
		old := place.Load()
		arrival := max(old, at)
		if arrival-at > b.burst*int64(b.interval)+int64(clockSkew) {
			arrival = at // further ahead than any use brings it: the clock was set back
		}
		if wait := arrival - at - (b.burst-1)*int64(b.interval); wait > 0 {
			return time.Duration(wait)
		}
		if place.CompareAndSwap(old, arrival+int64(b.interval)) {
			return 0
		}
	}
}
