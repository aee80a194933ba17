package accesstoken

import (
	"strconv"
	"testing"
	"time"
)

func TestDenyList_KeepsATokenUntilItsEnd(t *testing.T) {
	var l denyList
	now := time.Unix(1_800_000_000, 0)
	for i := range 1000 {
		r := RevokedToken{JTI: strconv.Itoa(i), ExpiresAt: now.Add(time.Duration(i) * time.Second)}
		if !l.add(&r) || l.add(&r) {
			t.Fatal("a token is not new once")
		}
	}
	if !l.has("0") || !l.has("999") || l.has("1000") || l.has("") {
		t.Error("holds others than were added")
	}
	l.sweep(now.Add(500 * time.Second))
	if !l.has("0") || l.count.Load() != 1000 {
		t.Error("a token is forgotten that a clock set back would revive")
	}
	l.sweep(now.Add(ClockSetBack + 500*time.Second))
	if l.has("499") || !l.has("500") || !l.has("999") || l.count.Load() != 500 {
		t.Errorf("after the sweep %d are left", l.count.Load())
	}
}
