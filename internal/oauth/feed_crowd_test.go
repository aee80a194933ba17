package oauth

import "testing"

func TestCrowd_LeavesPlacesForOtherAccounts(t *testing.T) {
	var c crowd
	for n := range maxFollowersEach {
		if !c.enter("one") {
			t.Fatalf("no place after %d", n)
		}
	}
	if c.enter("one") {
		t.Error("an account may take every place")
	}
	if !c.enter("other") {
		t.Error("another account has no place")
	}
	c.leave("one")
	if !c.enter("one") {
		t.Error("a place that was left is not given again")
	}
	for range maxFollowersEach {
		c.leave("one")
	}
	c.leave("other")
	if len(c.sizes) != 0 {
		t.Errorf("%d accounts are remembered that nobody follows for", len(c.sizes))
	}
}
