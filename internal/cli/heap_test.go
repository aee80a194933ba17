package cli

import "testing"

func TestPercentFor_LetsASmallHeapGrowToTheFloorAndALargeOneAsUsual(t *testing.T) {
	const mib = 1 << 20
	// goal is what the runtime makes of a percentage (runtime, gcControllerState).
	goal := func(live, beside, percent uint64) uint64 {
		return max(live+(live+beside)*percent/100, leastHeap*percent/100)
	}
	for _, live := range []uint64{0, 1, 100 << 10, mib, 3 * mib, 5 * mib, 8 * mib, 11 * mib} {
		for _, beside := range []uint64{0, mib / 2, 2 * mib} {
			percent := percentFor(live, beside)
			if percent < usualPercent {
				t.Errorf("%d live: %d percent, less than Go's own", live, percent)
			}
			if got := goal(live, beside, uint64(percent)); percent > usualPercent && got > roomyHeap {
				t.Errorf("%d live, %d beside: %d percent lets the heap grow to %d, over the floor of %d", live, beside, percent, got, roomyHeap)
			} else if got < roomyHeap*9/10 {
				t.Errorf("%d live, %d beside: %d percent lets the heap grow to %d, far below the floor of %d", live, beside, percent, got, roomyHeap)
			}
		}
	}
	for _, live := range []uint64{roomyHeap / 2, roomyHeap - 1, roomyHeap, spareHeap - mib} {
		if percent := percentFor(live, mib); percent != usualPercent {
			t.Errorf("%d live: %d percent, want Go's own", live, percent)
		}
	}
}

func TestPercentFor_BoundsTheGarbageBesideALargeHeap(t *testing.T) {
	const mib = 1 << 20
	for live, want := range map[uint64]int{spareHeap: 98, 2*spareHeap - mib: 50, 160*mib - mib: 40, 4 << 30: leastPercent, 1 << 62: leastPercent} {
		if percent := percentFor(live, mib); percent != want {
			t.Errorf("%d live: %d percent, want %d", live, percent, want)
		}
	}
}
