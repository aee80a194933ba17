package lifecycle_test

import (
	"testing"
	"time"
)

// Programs could not use it while nothing answered them: that is not quiet.
func TestQuiet_CountsAnewFromATimeWhenNoProcessRan(t *testing.T) {
	i := install(t)
	one := i.node("one")
	id, old := i.rotated(time.Hour)
	i.wait(time.Hour, one)
	one.use(id, old)
	must(t, one.closer.Leave(t.Context()))
	i.clock = i.clock.Add(70 * time.Minute)
	two := i.node("two")
	i.clock = i.clock.Add(time.Minute)
	three := i.node("three") // it finds one that runs, and must know all the same
	i.wait(time.Hour+slack-2*time.Minute, two, three)
	i.clock = i.clock.Add(time.Minute)
	two.pass("the other has not told yet", 0)
	three.pass("an hour after the first began", 1)
	if !i.closed(id, old) {
		t.Error("it is open")
	}
}

func TestQuiet_GoesOnCountingWhereAProcessFollowsAnother(t *testing.T) {
	i := install(t)
	one := i.node("one")
	id, old := i.rotated(time.Hour)
	i.wait(40*time.Minute, one)
	must(t, one.closer.Leave(t.Context()))
	i.clock = i.clock.Add(2 * time.Minute)
	two := i.node("two")
	i.wait(23*time.Minute-time.Second, two)
	i.clock = i.clock.Add(time.Second)
	two.pass("an hour after the wish", 1)
	if !i.closed(id, old) {
		t.Error("it is open")
	}
}

// What was lost stays lost when the process that lost it has ended.
func TestQuiet_CountsALostUseOfAProcessThatLeft(t *testing.T) {
	i := install(t)
	one, two := i.node("one"), i.node("two")
	i.rotated(time.Hour)
	i.wait(30*time.Minute, one, two)
	one.lost = i.clock
	must(t, one.closer.Leave(t.Context()))
	i.wait(time.Hour+slack-time.Second, two)
	i.clock = i.clock.Add(time.Second)
	two.pass("an hour after it", 1)
}

// The clock of the only process leaps, or its machine slept: nobody could use the
// secret in a time that never was.
func TestQuiet_CountsAnewWhenTheClockLeapt(t *testing.T) {
	i := install(t)
	n := i.node("one")
	id, old := i.rotated(time.Hour)
	n.use(id, old)
	i.wait(10*time.Minute, n)
	i.clock = i.clock.Add(3 * time.Hour)
	n.pass("after the leap", 0)
	i.wait(time.Hour+slack-time.Second, n)
	i.clock = i.clock.Add(time.Second)
	n.pass("an hour after the leap", 1)
}

// To a node whose clock is far ahead, all that the others say is old.
func TestQuiet_ANodeWhoseClockIsAheadClosesNothingThatIsUsed(t *testing.T) {
	i := install(t)
	const ahead = 3 * time.Hour
	right := i.node("right")
	id, old := i.rotated(time.Hour)
	i.clock = i.clock.Add(ahead)
	wrong := i.node("ahead")
	for range 120 {
		i.clock = i.clock.Add(2*time.Minute - ahead)
		right.use(id, old)
		right.pass("in use", 0)
		i.clock = i.clock.Add(ahead)
		wrong.pass("in use, to the node ahead", 0)
	}
}

// It may have served until any moment of which its mark would have been fresh.
func TestQuiet_AMarkOfATimeToComeSaysNothing(t *testing.T) {
	i := install(t)
	right := i.node("right")
	id, old := i.rotated(time.Hour)
	const ahead = 3 * time.Hour
	i.clock = i.clock.Add(ahead)
	wrong := i.node("ahead")
	i.clock = i.clock.Add(-ahead)
	wrong.use(id, old) // and it never writes that
	i.wait(ahead+time.Hour, right)
}
