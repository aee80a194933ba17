package lifecycle_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// refused are the refusals in the audit of an account, oldest first.
func (i *installation) refused(accountID string) []apicred.AuditEvent {
	i.t.Helper()
	var out []apicred.AuditEvent
	for _, e := range i.events(accountID) {
		if e.Outcome == apicred.OutcomeRefused {
			out = append([]apicred.AuditEvent{e}, out...)
		}
	}
	return out
}

// R14: who types an e-mail address in place of an ID leaves none in the chain.
func TestRefusals_KeepNoEmailAddressAsAnID(t *testing.T) {
	i := install(t)
	_, err := i.service.User(t.Context(), i.as("sue"), "grace@example.com")
	wantKind(t, "a typed address", err, apicred.KindNotFound)
	if events := i.refused(i.first.ID); len(events) != 1 || events[0].TargetType != apicred.TargetUser || events[0].TargetID != "" {
		t.Errorf("%+v", events)
	}
}

func TestRefusals_AreAuditedByRule(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	mine := i.create(i.as("ada"), "stats").ClientID
	name := "x"
	for want, try := range map[string]func() error{
		"area credential.create": func() error {
			_, err := i.service.CreateCredential(ctx, i.as("abe"), lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}})
			return err
		},
		"hidden credential.delete": func() error { return i.service.DeleteCredential(ctx, i.as("sue"), mine) },
		"hidden credential.view": func() error {
			_, err := i.service.Credential(ctx, i.as("sam"), mine)
			return err
		},
		"edit_others credential.edit": func() error {
			_, err := i.service.EditCredential(ctx, i.as("alan"), mine, lifecycle.CredentialChange{Name: &name})
			return err
		},
		"token_scope credential.list": func() error {
			_, err := i.service.ListCredentials(ctx, i.with("ada", "x"), lifecycle.ListRequest{})
			return err
		},
		"scope_ceiling credential.create": func() error {
			_, err := i.service.CreateCredential(ctx, i.as("sue"), lifecycle.NewCredential{Name: "x", Scopes: []string{"orders:write"}})
			return err
		},
		"account_level_closed credential.create": func() error {
			_, err := i.service.CreateCredential(ctx, i.as("ada"), lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}, Level: apicred.LevelAccount})
			return err
		},
		"catalogue catalogue.apply": func() error { return i.service.MayApplyCatalogue(ctx, i.as("sue")) },
	} {
		before := len(i.refused(i.first.ID))
		if try() == nil {
			t.Errorf("%s: not refused", want)
		}
		events := i.refused(i.first.ID)
		if len(events) != before+1 {
			t.Errorf("%s: %d events more", want, len(events)-before)
			continue
		}
		if e := events[len(events)-1]; e.Rule+" "+e.Action != want || e.RequestID == "" {
			t.Errorf("got %s %s, want %s: %+v", e.Rule, e.Action, want, e)
		}
	}
	before := len(i.refused(i.first.ID))
	_, err := i.service.Credential(ctx, i.as("ada"), "0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811")
	wantKind(t, "absent", err, apicred.KindNotFound)
	if len(i.refused(i.first.ID)) != before {
		t.Error("what is absent is no refusal")
	}
}

// An actor in a loop neither fills the disk nor holds others up (S34).
func TestRefusals_OfALoopAreOneEventAMinute(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	mine := i.create(i.as("ada"), "stats").ClientID
	for range 3 {
		for range 50 {
			_ = i.service.DeleteCredential(ctx, i.as("sue"), mine)
		}
		i.clock = i.clock.Add(time.Minute)
	}
	_ = i.service.DeleteCredential(ctx, i.as("sam"), mine)
	must(t, i.service.FlushRefusals(ctx, false))
	var counts []int64
	for _, e := range i.refused(i.first.ID) {
		counts = append(counts, e.Count)
	}
	if diff := cmp.Diff([]int64{50, 50, 50, 1}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestRun_WritesWhatIsLeftWhenItEnds(t *testing.T) {
	i := install(t)
	mine := i.create(i.as("ada"), "stats").ClientID
	_ = i.service.DeleteCredential(t.Context(), i.as("sue"), mine)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	i.service.Run(ctx)
	var refused int
	must(t, i.store.Lifecycle().View(t.Context(), func(r lifecycle.Reader) error {
		events, err := r.AuditEvents(t.Context(), lifecycle.AuditQuery{AccountID: i.first.ID, Limit: 1})
		if len(events) == 1 && events[0].Outcome == apicred.OutcomeRefused {
			refused++
		}
		return err
	}))
	if refused != 1 {
		t.Error("a refusal was lost at the end")
	}
}

// What finds no place is counted, so that somebody can be told.
func TestRefusals_ThatFindNoPlaceAreCounted(t *testing.T) {
	i := install(t)
	mine := i.create(i.as("ada"), "stats").ClientID
	began := i.clock
	for minute := range 1003 {
		i.clock = began.Add(time.Duration(minute) * time.Minute)
		_ = i.service.DeleteCredential(t.Context(), i.as("sue"), mine)
	}
	i.clock = began // this minute has its place
	_ = i.service.DeleteCredential(t.Context(), i.as("sue"), mine)
	if got := i.service.LostRefusals(); got != 3 {
		t.Errorf("%d refusals lost, want 3", got)
	}
	must(t, i.service.FlushRefusals(t.Context(), true))
	if kept := len(i.refused(i.first.ID)); kept != 1000 {
		t.Errorf("%d refusals in the audit log, want 1000", kept)
	}
}
