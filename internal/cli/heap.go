package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// roomyHeap is the size, in bytes, that the heap of a server may grow to
	// before garbage is collected, however little of it is live.
	roomyHeap = 24 << 20
	// usualPercent is Go's own: a heap may grow to twice what is live.
	usualPercent = 100
	// spareHeap is how many bytes of garbage a large heap gathers at most. It is
	// large because of credentials, which have no pointers: a collection costs the
	// same however many there are, and need not wait until the heap has doubled.
	spareHeap = 64 << 20
	// leastPercent keeps collections of a heap that is far larger still rare.
	leastPercent = 15
	// leastHeap is what the runtime takes 100 percent of for the least heap.
	leastHeap = 4 << 20
)

// makeRoom lets the process collect its garbage less often than Go would while
// its heap is small, where that is a tenth of what a token costs and memory is
// no matter (docs/decisions/small-heaps-get-room.md). What the operator says with
// GOGC or GOMEMLIMIT stands: then it does nothing.
func makeRoom() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	k := &heapKeeper{percent: usualPercent}
	k.adjust()
	k.adjustAfterCollection()
}

// heapKeeper sets the percentage anew after each collection, since what is live
// changes: a larger heap is collected as every Go program's is, and one of
// hundreds of thousands of credentials more often.
type heapKeeper struct{ percent int }

// adjustAfterCollection leaves something that nobody refers to: the next
// collection finds it, and the runtime then runs the cleanup.
func (k *heapKeeper) adjustAfterCollection() {
	runtime.AddCleanup(&struct{ *heapKeeper }{k}, func(k *heapKeeper) {
		k.adjust()
		k.adjustAfterCollection()
	}, k)
}

// adjust stops the world for a moment where the percentage changes; small
// changes are not worth that.
func (k *heapKeeper) adjust() {
	found := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(found)
	percent := percentFor(found[0].Value.Uint64(), found[1].Value.Uint64()+found[2].Value.Uint64())
	if small := k.percent / 16; percent > k.percent+small || percent < k.percent-small {
		debug.SetGCPercent(percent)
		k.percent = percent
	}
}

// percentFor is the percentage by which a heap with so many live bytes grows to
// roomyHeap; from there on the usual one, or the one by which it grows by spareHeap
// where that is less. beside is what the collector scans without it being heap: the
// runtime takes the percentage of both.
func percentFor(live, beside uint64) int {
	const most = roomyHeap / leastHeap * 100 // more would raise the least heap above roomyHeap
	if live >= roomyHeap {
		return int(max(min(spareHeap*100/(live+beside), usualPercent), leastPercent)) //nolint:gosec // bounded on the line itself
	}
	percent := (roomyHeap - live) * 100 / max(live+beside, 1)
	return int(min(max(percent, usualPercent), most)) //nolint:gosec // bounded on the line itself
}
