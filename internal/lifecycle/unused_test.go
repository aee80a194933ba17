package lifecycle_test

import (
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

const day = 24 * time.Hour

// rule sets the first account's rule for unused credentials.
func (i *installation) rule(warn, disable time.Duration) {
	i.t.Helper()
	_, err := i.service.ChangeAccount(i.t.Context(), i.as("ada"), lifecycle.AccountChange{UnusedWarnAfter: &warn, UnusedDisableAfter: &disable})
	must(i.t, err)
}

// disableUnused runs the rule once and wants so many disabled.
func (i *installation) disableUnused(what string, want int) {
	i.t.Helper()
	got, err := i.service.DisableUnused(i.t.Context())
	must(i.t, err)
	if got != want {
		i.t.Errorf("%s: %d were disabled, want %d", what, got, want)
	}
}

func (i *installation) used(clientID string) {
	i.t.Helper()
	must(i.t, i.store.AccessToken().AddUsage(i.t.Context(), apicred.BatchID{}, accesstoken.UsageBatch{Uses: []accesstoken.SecretUse{{ClientID: clientID, At: i.clock}}}))
}

func TestUnusedRule_DisablesWhatNobodyUsedAndNothingElse(t *testing.T) {
	i := install(t)
	i.rule(60*day, 90*day)
	idle, busy := i.create(i.as("sue"), "stats").ClientID, i.create(i.as("sue"), "stats").ClientID
	i.clock = i.clock.Add(60 * day)
	i.used(busy)
	young := i.create(i.as("ada"), "stats").ClientID
	i.disableUnused("after 60 days", 0)
	i.clock = i.clock.Add(30 * day)
	i.disableUnused("at the 90th day, within what a last use may lag", 0)
	i.clock = i.clock.Add(5 * time.Minute)
	i.disableUnused("after 90 days", 1)
	i.disableUnused("once more", 0)
	for _, id := range []string{busy, young} {
		if c := i.stored(id); c.Disabled() {
			t.Errorf("%s was used or young, and is disabled", id)
		}
	}
	c := i.stored(idle)
	if !c.Disabled() || c.DisabledBy != apicred.DisabledUnused || c.Generation != 2 {
		t.Errorf("disabled by %q at %v, generation %d", c.DisabledBy, c.DisabledAt, c.Generation)
	}
	view, err := i.service.Credential(t.Context(), i.as("sue"), idle)
	must(t, err)
	if view.Status != apicred.StatusDisabled || view.StatusReason != "unused" {
		t.Errorf("shown as %s, %s", view.Status, view.StatusReason)
	}
	e := i.events(i.first.ID)[0]
	if e.ActorType != apicred.ActorSystem || e.Action != "credential.disable" || e.TargetID != idle || e.AccountID != i.first.ID {
		t.Errorf("audited as %+v", e)
	}
}

func TestUnusedRule_GivesNoticeBeforeItDisablesWhatIsOldAlready(t *testing.T) {
	i := install(t)
	for range 3 {
		i.create(i.as("sue"), "stats")
	}
	i.clock = i.clock.Add(400 * day)
	i.rule(60*day, 90*day)
	i.disableUnused("at the second the rule is set", 0)
	i.clock = i.clock.Add(29 * day)
	i.disableUnused("a day before the notice is over", 0)
	i.rule(61*day, 90*day) // a warning that moves takes no notice away that was given
	i.clock = i.clock.Add(day)
	i.rule(60*day, 80*day)
	i.disableUnused("a stricter rule begins anew", 0)
	i.clock = i.clock.Add(20*day - time.Second)
	i.disableUnused("a second before", 0)
	i.clock = i.clock.Add(time.Second)
	i.disableUnused("when the notice is over", 3)
}

func TestUnusedRule_WarningRightBeforeDisablingStillGivesADay(t *testing.T) {
	i := install(t)
	i.create(i.as("sue"), "stats")
	i.clock = i.clock.Add(400 * day)
	i.rule(90*day-time.Second, 90*day)
	i.clock = i.clock.Add(day - time.Second)
	i.disableUnused("within the day", 0)
	i.clock = i.clock.Add(time.Second)
	i.disableUnused("after a day", 1)
}

func TestUnusedRule_CountsAnewFromEnablingAndSparesWhatIsOver(t *testing.T) {
	i := install(t)
	i.rule(0, 90*day)
	id := i.create(i.as("sue"), "stats").ClientID
	_, err := i.service.CreateCredential(t.Context(), i.as("sue"), lifecycle.NewCredential{Name: "ends", Scopes: []string{"stats"}, ExpiresAt: i.clock.Add(day)})
	must(t, err)
	off := i.create(i.as("sue"), "stats").ClientID
	_, err = i.service.DisableCredential(t.Context(), i.as("sue"), off)
	must(t, err)
	i.clock = i.clock.Add(91 * day)
	i.disableUnused("after 91 days", 1)
	_, err = i.service.EnableCredential(t.Context(), i.as("sue"), id)
	must(t, err)
	i.disableUnused("right after enabling", 0)
	i.clock = i.clock.Add(91 * day)
	i.disableUnused("91 days after enabling", 1)
	if by := i.stored(off).DisabledBy; by != i.users["sue"].ID {
		t.Errorf("what its owner disabled is now disabled by %q", by)
	}
}

func TestUnusedRule_OfAnotherAccountTouchesNothingHere(t *testing.T) {
	i := install(t)
	i.create(i.as("sue"), "stats")
	never := 90 * day
	_, err := i.service.EditAccount(t.Context(), operator(), i.second.ID, lifecycle.AccountChange{UnusedDisableAfter: &never})
	must(t, err)
	i.clock = i.clock.Add(400 * day)
	i.disableUnused("in an account without a rule", 0)
}

func TestDisable_ByAnAdminTakesOverWhatTheRuleDisabled(t *testing.T) {
	i := install(t)
	id := i.create(i.as("sue"), "stats").ClientID
	i.disableAsUnused(id)
	_, err := i.service.DisableCredential(t.Context(), i.as("sue"), id)
	must(t, err)
	if by := i.stored(id).DisabledBy; by != apicred.DisabledUnused {
		t.Errorf("its owner's word made it disabled by %q", by)
	}
	_, err = i.service.DisableCredential(t.Context(), i.as("ada"), id)
	must(t, err)
	_, err = i.service.EnableCredential(t.Context(), i.as("sue"), id)
	wantKind(t, "its owner enables it", err, apicred.KindForbidden)
}

func TestMaxSecretAge_EndsSecretsAndRefusesLaterEnds(t *testing.T) {
	i := install(t)
	made := i.create(i.as("sue"), "stats")
	age := 30 * day
	_, err := i.service.ChangeAccount(t.Context(), i.as("ada"), lifecycle.AccountChange{MaxSecretAge: &age})
	must(t, err)
	end := func() time.Time {
		secrets, err := i.service.Secrets(t.Context(), i.as("sue"), made.ClientID)
		must(t, err)
		return secrets[0].ExpiresAt
	}
	if want := made.Secrets[0].CreatedAt.Add(age); !made.Secrets[0].ExpiresAt.IsZero() || !end().Equal(want) {
		t.Errorf("a secret from before ends %v, want %v", end(), want)
	}
	_, err = i.service.AddSecret(t.Context(), i.as("sue"), made.ClientID, lifecycle.NewSecret{ExpiresAt: i.clock.Add(age + time.Second)})
	wantKind(t, "an end beyond the age", err, apicred.KindInvalid)
	for asked, want := range map[time.Time]time.Time{
		{}: i.clock.Add(age), i.clock.Add(age): i.clock.Add(age), i.clock.Add(day): i.clock.Add(day),
	} {
		added, err := i.service.AddSecret(t.Context(), i.as("sue"), made.ClientID, lifecycle.NewSecret{ExpiresAt: asked})
		must(t, err)
		if !added.ExpiresAt.Equal(want) {
			t.Errorf("asked for %v: ends %v, want %v", asked, added.ExpiresAt, want)
		}
	}
	none := time.Duration(0)
	_, err = i.service.ChangeAccount(t.Context(), i.as("ada"), lifecycle.AccountChange{MaxSecretAge: &none})
	must(t, err)
	if !end().IsZero() {
		t.Errorf("without a bound it ends %v", end())
	}
}

func TestMaxSecretAge_MakesRoomForANewSecret(t *testing.T) {
	i := install(t)
	made := i.create(i.as("sue"), "stats")
	for range apicred.MaxSecrets - 1 {
		_, err := i.service.AddSecret(t.Context(), i.as("sue"), made.ClientID, lifecycle.NewSecret{})
		must(t, err)
	}
	age := day
	_, err := i.service.ChangeAccount(t.Context(), i.as("ada"), lifecycle.AccountChange{MaxSecretAge: &age})
	must(t, err)
	_, err = i.service.AddSecret(t.Context(), i.as("sue"), made.ClientID, lifecycle.NewSecret{})
	wantKind(t, "a sixth", err, apicred.KindConflict)
	i.clock = i.clock.Add(day)
	_, err = i.service.AddSecret(t.Context(), i.as("sue"), made.ClientID, lifecycle.NewSecret{})
	wantKind(t, "once they are too old", err, "")
}

func TestAttention_MeansWhatTheAccountSays(t *testing.T) {
	i := install(t)
	id := i.create(i.as("sue"), "stats").ClientID
	listed := func(kind lifecycle.AttentionKind) bool {
		page, err := i.service.ListCredentials(t.Context(), i.as("sue"), lifecycle.ListRequest{Attention: kind})
		must(t, err)
		return len(page.Credentials) == 1 && page.Credentials[0].ClientID == id && page.Total == 1
	}
	want := func(when string, kinds ...lifecycle.AttentionKind) {
		t.Helper()
		for _, kind := range []lifecycle.AttentionKind{lifecycle.AttentionExpiring, lifecycle.AttentionUnused, lifecycle.AttentionUnrotated, lifecycle.AttentionSuspended} {
			expected := false
			for _, k := range kinds {
				expected = expected || k == kind
			}
			if listed(kind) != expected {
				t.Errorf("%s: %s is %t, want %t", when, kind, !expected, expected)
			}
		}
	}
	want("new")
	i.clock = i.clock.Add(90*day - time.Microsecond)
	want("before the 90th day")
	i.clock = i.clock.Add(time.Microsecond)
	want("on the 90th day", lifecycle.AttentionUnused, lifecycle.AttentionUnrotated)
	i.used(id)
	want("used", lifecycle.AttentionUnrotated)
	i.rule(day, 0)
	i.clock = i.clock.Add(day)
	want("unused for as long as the account warns after", lifecycle.AttentionUnused, lifecycle.AttentionUnrotated)
	i.used(id)
	_, err := i.service.AddSecret(t.Context(), i.as("sue"), id, lifecycle.NewSecret{RetireOthers: true, RetireAfter: day})
	must(t, err)
	want("rotated", lifecycle.AttentionExpiring)
	i.clock = i.clock.Add(day)
	i.used(id)
	want("the old secret has ended")
	age := 15*day + time.Second
	_, err = i.service.ChangeAccount(t.Context(), i.as("ada"), lifecycle.AccountChange{MaxSecretAge: &age})
	must(t, err)
	want("14 days and a second before the age ends it")
	i.clock = i.clock.Add(time.Second)
	want("14 days before", lifecycle.AttentionExpiring)
	i.setStatus("sue", apicred.UserDeactivated)
	page, err := i.service.ListCredentials(t.Context(), i.as("ada"), lifecycle.ListRequest{Attention: lifecycle.AttentionSuspended})
	must(t, err)
	if len(page.Credentials) != 1 {
		t.Errorf("%d are suspended, want 1", len(page.Credentials))
	}
}
