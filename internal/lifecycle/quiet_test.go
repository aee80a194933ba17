package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

var errAway = apicred.Unavailable(errors.New("the database is away"))

// usageNode is a process: what it has counted is in its memory until it flushes.
type usageNode struct {
	i       *installation
	closer  *lifecycle.QuietCloser
	memory  []accesstoken.SecretUse
	lost    time.Time
	away    error // nil: it reaches the database
	offline time.Duration
}

// node starts a process, which tells of itself at once.
func (i *installation) node(name string) *usageNode {
	i.t.Helper()
	n := &usageNode{i: i, offline: 15 * time.Minute}
	n.closer = i.restart().QuietCloser(lifecycle.QuietOptions{Process: name, Offline: n.offline, Flush: n.flush})
	n.pass("at its start", 0)
	return n
}

func (n *usageNode) flush(ctx context.Context) (lifecycle.Flushed, error) {
	if n.away != nil {
		return lifecycle.Flushed{}, n.away
	}
	err := n.i.store.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Uses: n.memory})
	n.memory = nil
	return lifecycle.Flushed{Through: n.i.clock, Lost: n.lost}, err
}

// use counts a use in the node's memory.
func (n *usageNode) use(clientID, secretID string) {
	n.memory = append(n.memory, accesstoken.SecretUse{ClientID: clientID, SecretID: secretID, At: n.i.clock})
}

// pass makes a round and wants so many closed.
func (n *usageNode) pass(when string, want int) {
	n.i.t.Helper()
	got, err := n.closer.Pass(n.i.t.Context())
	must(n.i.t, err)
	if got != want {
		n.i.t.Errorf("%s: %d were closed, want %d", when, got, want)
	}
}

// wait lets time pass, two minutes at a time, in which every one of nodes makes its
// rounds and closes nothing.
func (i *installation) wait(length time.Duration, nodes ...*usageNode) {
	i.t.Helper()
	end := i.clock.Add(length)
	for i.clock.Before(end) {
		i.clock = i.clock.Add(min(2*time.Minute, end.Sub(i.clock)))
		for _, n := range nodes {
			n.pass(i.clock.Sub(end).String()+" before the end of waiting", 0)
		}
	}
}

// rotated makes a credential and rotates it; its first secret, which is returned
// with the client ID, is to be closed when quiet for so long.
func (i *installation) rotated(quiet time.Duration) (clientID, old string) {
	i.t.Helper()
	made := i.create(i.as("sue"), "stats")
	_, err := i.service.AddSecret(i.t.Context(), i.as("sue"), made.ClientID, lifecycle.NewSecret{
		RetireOthers: true, RetireAfter: 90 * day, CloseOthersWhenQuiet: quiet,
	})
	must(i.t, err)
	return made.ClientID, made.Secrets[0].ID
}

func (i *installation) secret(clientID, secretID string) apicred.Secret {
	i.t.Helper()
	secrets, err := i.service.Secrets(i.t.Context(), i.as("sue"), clientID)
	must(i.t, err)
	for _, s := range secrets {
		if s.ID == secretID {
			return s
		}
	}
	i.t.Fatalf("there is no secret %s", secretID)
	return apicred.Secret{}
}

// closed tells whether a secret has ended by now.
func (i *installation) closed(clientID, secretID string) bool {
	i.t.Helper()
	s := i.secret(clientID, secretID)
	return s.Expired(i.clock)
}

// slack is what is waited beyond the hours: last uses are exact to a minute, and
// clocks differ.
const slack = 5 * time.Minute

func TestQuiet_ClosesASecretThatNobodyUsedSinceTheWish(t *testing.T) {
	i := install(t)
	n := i.node("one")
	id, old := i.rotated(4 * time.Hour)
	if s := i.secret(id, old); s.CloseWhenQuiet != 4*time.Hour || !s.ClosesAt().Equal(i.clock.Add(4*time.Hour)) {
		t.Errorf("closed when quiet for %v, at %v", s.CloseWhenQuiet, s.ClosesAt())
	}
	asked := i.clock
	i.wait(4*time.Hour+slack-time.Second, n)
	i.clock = i.clock.Add(time.Second)
	n.pass("after 4 hours and what a last use may lag", 1)
	if i.clock.Sub(asked) != 4*time.Hour+slack || !i.closed(id, old) {
		t.Errorf("after %v closed is %t", i.clock.Sub(asked), i.closed(id, old))
	}
	if s := i.secret(id, old); s.CloseWhenQuiet != 0 || !s.ExpiresAt.Equal(i.clock) {
		t.Errorf("closed, it still is to be closed after %v, and ended %v", s.CloseWhenQuiet, s.ExpiresAt)
	}
	n.pass("once more", 0)
	e := i.events(i.first.ID)[0]
	if e.ActorType != apicred.ActorSystem || e.ActorID != "" || e.Action != "secret.close" || e.TargetID != id || e.AccountID != i.first.ID {
		t.Errorf("audited as %+v", e)
	}
	if c := i.stored(id); c.Generation != 1 {
		t.Error("closing a secret ended tokens")
	}
}

func TestQuiet_CountsFromTheLastUse(t *testing.T) {
	i := install(t)
	n := i.node("one")
	id, old := i.rotated(4 * time.Hour)
	i.wait(3*time.Hour, n)
	n.use(id, old)
	i.wait(4*time.Hour+slack-time.Second, n)
	i.clock = i.clock.Add(time.Second)
	n.pass("4 hours after the use", 1)
}

func TestQuiet_AUseInTheMemoryOfAnotherNodeKeepsItOpen(t *testing.T) {
	i := install(t)
	one, two := i.node("one"), i.node("two")
	id, old := i.rotated(time.Hour)
	i.wait(time.Hour-time.Second, one, two)
	two.use(id, old) // and tells nobody yet
	i.clock = i.clock.Add(90 * time.Second)
	one.pass("with a use in another node's memory", 0)
	two.pass("once it has told", 0)
	i.wait(time.Hour-90*time.Second+slack-time.Second, one, two)
	i.clock = i.clock.Add(time.Second)
	one.pass("before the other has told how far it is", 0)
	two.pass("an hour after that use", 1)
}

// A node that is cut off from the database serves for a while, and what it counts
// meanwhile is told when it is back, or never.
func TestQuiet_WaitsForANodeThatCannotTell(t *testing.T) {
	i := install(t)
	one, two := i.node("one"), i.node("two")
	id, old := i.rotated(time.Hour)
	i.wait(50*time.Minute, one, two)
	two.away = errAway
	i.wait(two.offline, one)
	two.use(id, old)
	i.wait(50*time.Minute, one)
	if i.closed(id, old) {
		t.Fatal("closed while a use was on another node's disk")
	}
	two.away = nil
	two.pass("back, with the use", 0)
	i.wait(14*time.Minute, one, two)
	i.clock = i.clock.Add(time.Minute)
	two.pass("an hour after the use, the other behind", 0)
	one.pass("an hour after the use", 1)
}

func TestQuiet_IsNotHeldUpForLongByANodeThatNeverComesBack(t *testing.T) {
	i := install(t)
	one, two := i.node("one"), i.node("two")
	id, old := i.rotated(time.Hour)
	i.wait(30*time.Minute, one, two)
	died := i.clock
	i.wait(two.offline+time.Hour+slack, one)
	for n := 0; !i.closed(id, old) && n < 10; n++ {
		i.clock = i.clock.Add(time.Minute)
		_, err := one.closer.Pass(t.Context())
		must(t, err)
	}
	// It may have served for 15 minutes without the database, which it reached for 3
	// minutes after its last mark at most.
	if got, want := i.clock.Sub(died), two.offline+time.Hour+slack+3*time.Minute; !i.closed(id, old) || got != want {
		t.Errorf("closed is %t %v after it died, want %v", i.closed(id, old), got, want)
	}
}

func TestQuiet_DoesNotWaitForANodeThatLeft(t *testing.T) {
	i := install(t)
	one, two := i.node("one"), i.node("two")
	id, old := i.rotated(time.Hour)
	two.use(id, old)
	must(t, two.closer.Leave(t.Context()))
	i.wait(time.Hour+slack-time.Second, one)
	i.clock = i.clock.Add(time.Second)
	one.pass("an hour later", 1)
	if s := i.secret(id, old); s.LastUsedAt.IsZero() {
		t.Error("what it counted last was not written")
	}
}

// While nobody can write, a node that reads may serve for any time, and die with
// what it counted.
func TestQuiet_CountsAnewFromATimeWhenTheDatabaseTookNothing(t *testing.T) {
	i := install(t)
	one, two := i.node("one"), i.node("two")
	id, old := i.rotated(time.Hour)
	i.wait(10*time.Minute, one, two)
	one.away = errAway
	i.clock = i.clock.Add(5 * time.Hour)
	two.use(id, old) // and then it dies
	if _, err := one.closer.Pass(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("away: %v", err)
	}
	one.away = nil
	i.wait(time.Hour+slack, one)
	if i.closed(id, old) {
		t.Error("closed, though nobody knows of the use by the node that died")
	}
}

func TestQuiet_CountsALostUseAsAUse(t *testing.T) {
	i := install(t)
	n := i.node("one")
	id, old := i.rotated(time.Hour)
	i.wait(30*time.Minute, n)
	n.lost = i.clock
	i.wait(time.Hour+slack-time.Second, n)
	if i.closed(id, old) {
		t.Error("closed too early")
	}
	i.clock = i.clock.Add(time.Second)
	n.pass("an hour after it", 1)
}

func TestQuiet_NeverClosesTheLastSecretThatWorks(t *testing.T) {
	i := install(t)
	n := i.node("one")
	made := i.create(i.as("sue"), "stats")
	id, first := made.ClientID, made.Secrets[0].ID
	hour := time.Hour
	_, err := i.service.EditSecret(t.Context(), i.as("sue"), id, first, lifecycle.SecretChange{CloseWhenQuiet: &hour})
	must(t, err)
	if s := i.secret(id, first); !s.ClosesAt().IsZero() {
		t.Errorf("the only one is shown to close at %v", s.ClosesAt())
	}
	i.wait(3*time.Hour, n)
	// One more, that ends by itself before it could be closed.
	_, err = i.service.AddSecret(t.Context(), i.as("sue"), id, lifecycle.NewSecret{ExpiresAt: i.clock.Add(hour), CloseOthersWhenQuiet: hour})
	must(t, err)
	i.wait(3*time.Hour, n)
	added, err := i.service.AddSecret(t.Context(), i.as("sue"), id, lifecycle.NewSecret{})
	must(t, err)
	_, err = i.service.EditSecret(t.Context(), i.as("sue"), id, added.ID, lifecycle.SecretChange{CloseWhenQuiet: &hour})
	must(t, err)
	i.wait(hour+slack-time.Second, n) // only now could a program move
	i.clock = i.clock.Add(time.Second)
	n.pass("both are quiet", 1)
	if i.closed(id, first) == i.closed(id, added.ID) {
		t.Error("not exactly one of the two is closed")
	}
	i.wait(3*time.Hour, n)
}

func TestQuiet_CountsOnlyWhileTheCredentialWorks(t *testing.T) {
	i := install(t)
	n := i.node("one")
	id, old := i.rotated(time.Hour)
	_, err := i.service.DisableCredential(t.Context(), i.as("sue"), id)
	must(t, err)
	i.wait(2*time.Hour, n)
	if s := i.secret(id, old); !s.ClosesAt().IsZero() || s.CloseWhenQuiet != time.Hour {
		t.Errorf("disabled, it is shown to close at %v", s.ClosesAt())
	}
	_, err = i.service.EnableCredential(t.Context(), i.as("sue"), id)
	must(t, err)
	i.wait(time.Hour+slack-time.Second, n)
	i.clock = i.clock.Add(time.Second)
	n.pass("an hour after enabling", 1)
}

func TestQuiet_ItsOwnEndStands(t *testing.T) {
	i := install(t)
	n := i.node("one")
	made := i.create(i.as("sue"), "stats")
	_, err := i.service.AddSecret(t.Context(), i.as("sue"), made.ClientID, lifecycle.NewSecret{
		RetireOthers: true, RetireAfter: time.Hour, CloseOthersWhenQuiet: 2 * time.Hour,
	})
	must(t, err)
	i.clock = i.clock.Add(time.Hour)
	if s := i.secret(made.ClientID, made.Secrets[0].ID); !s.Expired(i.clock) || s.CloseWhenQuiet != 0 {
		t.Errorf("at its end: %+v", s)
	}
	events := len(i.events(i.first.ID))
	i.wait(3*time.Hour, n)
	if got := len(i.events(i.first.ID)); got != events {
		t.Errorf("%d events came after its end", got-events)
	}
}

func TestQuiet_WritesNothingWhereNoSecretIsToBeClosed(t *testing.T) {
	i := install(t)
	n := i.node("one")
	i.clock = i.clock.Add(time.Hour)
	n.away = errAway // whoever flushed would fail
	n.pass("without a wish", 0)
}

func TestEditSecret_ChangesTheWishAndTakesItBack(t *testing.T) {
	i := install(t)
	n := i.node("one")
	id, old := i.rotated(4 * time.Hour)
	edit := func(hours int) apicred.Secret {
		t.Helper()
		quiet := time.Duration(hours) * time.Hour
		s, err := i.service.EditSecret(t.Context(), i.as("sue"), id, old, lifecycle.SecretChange{CloseWhenQuiet: &quiet})
		must(t, err)
		return s
	}
	begun := i.clock
	i.wait(3*time.Hour, n)
	events := len(i.events(i.first.ID))
	if s := edit(4); !s.ClosesAt().Equal(begun.Add(4*time.Hour)) || len(i.events(i.first.ID)) != events {
		t.Errorf("the same wish again: it closes at %v", s.ClosesAt())
	}
	if s := edit(2160); s.CloseWhenQuiet != 90*day || !s.ClosesAt().IsZero() {
		t.Errorf("shown to close at %v, behind its end at %v", s.ClosesAt(), s.ExpiresAt)
	}
	if s := edit(2); !s.ClosesAt().Equal(i.clock.Add(2 * time.Hour)) {
		t.Errorf("a new wish is not counted from now: %v", s.ClosesAt())
	}
	if e := i.events(i.first.ID)[0]; e.Action != "secret.edit" || e.ActorID != i.users["sue"].ID || e.TargetID != id {
		t.Errorf("audited as %+v", e)
	}
	i.wait(time.Hour, n)
	if s := edit(0); s.CloseWhenQuiet != 0 || !s.ClosesAt().IsZero() {
		t.Errorf("taken back: %+v", s)
	}
	i.wait(4*time.Hour, n)
}

func TestEditSecret_IsForThoseWhoMayRotate(t *testing.T) {
	i := install(t)
	id, old := i.rotated(time.Hour)
	hour, two := time.Hour, 2*time.Hour
	try := func(actor apicred.Actor, quiet *time.Duration) error {
		_, err := i.service.EditSecret(t.Context(), actor, id, old, lifecycle.SecretChange{CloseWhenQuiet: quiet})
		return err
	}
	wantKind(t, "an admin, of another's", try(i.as("ada"), &two), apicred.KindForbidden)
	wantKind(t, "another supervisor", try(i.as("sam"), &two), apicred.KindNotFound)
	wantKind(t, "an agent", try(i.as("abe"), &two), apicred.KindNotFound)
	wantKind(t, "another account's admin", try(i.as("olga"), &two), apicred.KindNotFound)
	wantKind(t, "a token that only reads", try(i.with("sue", apicred.ScopeCredentialsRead), &two), apicred.KindForbidden)
	for _, quiet := range []time.Duration{time.Minute, 90 * time.Minute, 90*day + time.Hour, -time.Hour} {
		wantKind(t, quiet.String(), try(i.as("sue"), &quiet), apicred.KindInvalid)
	}
	_, err := i.service.EditSecret(t.Context(), i.as("sue"), id, id, lifecycle.SecretChange{CloseWhenQuiet: &hour})
	wantKind(t, "a secret that is not there", err, apicred.KindNotFound)
	wantKind(t, "its owner", try(i.as("sue"), &two), "")
	i.clock = i.clock.Add(90 * day)
	wantKind(t, "one that has ended", try(i.as("sue"), &hour), apicred.KindConflict)
}

// Whoever may not add a secret any more may not let one live longer either.
func TestEditSecret_TakingBackIsUnderTheCeiling(t *testing.T) {
	i := install(t)
	made := i.create(i.as("ada"), "orders:write")
	id, old, hour, none := made.ClientID, made.Secrets[0].ID, time.Hour, time.Duration(0)
	_, err := i.service.AddSecret(t.Context(), i.as("ada"), id, lifecycle.NewSecret{})
	must(t, err)
	i.setRole("ada", apicred.RoleSupervisor)
	edit := func(quiet *time.Duration) error {
		_, err := i.service.EditSecret(t.Context(), i.as("ada"), id, old, lifecycle.SecretChange{CloseWhenQuiet: quiet})
		return err
	}
	wantKind(t, "the first wish ends something only", edit(&hour), "")
	wantKind(t, "taking it back", edit(&none), apicred.KindForbidden)
}
