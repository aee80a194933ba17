package lifecycle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func TestSecrets_AreFiveAtMostAndOneAtLeast(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	ada := i.as("ada")
	made := i.create(ada, "stats")
	first := made.Secrets[0].ID
	wantKind(t, "delete the last", i.service.DeleteSecret(ctx, ada, made.ClientID, first, false), apicred.KindConflict)
	wantKind(t, "delete the last as compromised", i.service.DeleteSecret(ctx, ada, made.ClientID, first, true), apicred.KindConflict)
	add := func(in lifecycle.NewSecret) error {
		_, err := i.service.AddSecret(ctx, ada, made.ClientID, in)
		return err
	}
	for range 3 {
		wantKind(t, "add", add(lifecycle.NewSecret{}), "")
	}
	wantKind(t, "the fifth", add(lifecycle.NewSecret{ExpiresAt: i.clock.Add(time.Hour)}), "")
	wantKind(t, "the sixth", add(lifecycle.NewSecret{}), apicred.KindConflict)
	wantKind(t, "the sixth, with a fault", add(lifecycle.NewSecret{Label: "a\nb"}), apicred.KindInvalid)
	i.clock = i.clock.Add(time.Hour)
	wantKind(t, "in the place of one that expired", add(lifecycle.NewSecret{}), "")
	wantKind(t, "delete one", i.service.DeleteSecret(ctx, ada, made.ClientID, first, false), "")
	wantKind(t, "delete it again", i.service.DeleteSecret(ctx, ada, made.ClientID, first, false), apicred.KindNotFound)
	other := i.create(ada, "stats")
	wantKind(t, "delete another credential's", i.service.DeleteSecret(ctx, ada, made.ClientID, other.Secrets[0].ID, false), apicred.KindNotFound)
}

func TestRotation_GivesTheOthersAnEnd(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	ada := i.as("ada")
	id := i.create(ada, "stats").ClientID
	soon, late := i.clock.Add(time.Minute), i.clock.Add(1000*time.Hour)
	for _, end := range []time.Time{soon, late} {
		_, err := i.service.AddSecret(ctx, ada, id, lifecycle.NewSecret{ExpiresAt: end})
		must(t, err)
	}
	added, err := i.service.AddSecret(ctx, ada, id, lifecycle.NewSecret{Label: " next ", RetireOthers: true, RetireAfter: 24 * time.Hour})
	must(t, err)
	secrets, err := i.service.Secrets(ctx, ada, id)
	must(t, err)
	var ends []time.Time
	for _, s := range secrets {
		ends = append(ends, s.ExpiresAt)
	}
	day := i.clock.Add(24 * time.Hour)
	if diff := cmp.Diff([]time.Time{day, soon, day, {}}, ends); diff != "" {
		t.Error(diff)
	}
	if added.Label != "next" || added.Text.Reveal() == "" {
		t.Errorf("added: %+v", added.Secret)
	}
	if c := i.stored(id); c.Generation != 1 {
		t.Error("rotation ends tokens")
	}
	for what, in := range map[string]lifecycle.NewSecret{
		"past 90 days": {RetireOthers: true, RetireAfter: 90*24*time.Hour + time.Second},
		"backwards":    {RetireOthers: true, RetireAfter: -time.Second},
		"in the past":  {ExpiresAt: i.clock},
	} {
		_, err := i.service.AddSecret(ctx, ada, id, in)
		wantKind(t, what, err, apicred.KindInvalid)
	}
}

func TestDeleteSecret_EndsTokensOnlyAsCompromised(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	ada := i.as("ada")
	made := i.create(ada, "stats")
	second, err := i.service.AddSecret(ctx, ada, made.ClientID, lifecycle.NewSecret{})
	must(t, err)
	_, err = i.service.AddSecret(ctx, ada, made.ClientID, lifecycle.NewSecret{})
	must(t, err)
	must(t, i.service.DeleteSecret(ctx, ada, made.ClientID, made.Secrets[0].ID, false))
	if got := i.stored(made.ClientID).Generation; got != 1 {
		t.Errorf("a plain deletion raises the generation to %d", got)
	}
	must(t, i.service.DeleteSecret(ctx, ada, made.ClientID, second.ID, true))
	if got := i.stored(made.ClientID).Generation; got != 2 {
		t.Errorf("a compromised secret leaves the generation at %d", got)
	}
	events := i.events(i.first.ID)
	if events[0].Action != "secret.revoke" || events[1].Action != "secret.delete" || events[0].TargetID != made.ClientID {
		t.Errorf("events: %s, %s", events[0].Action, events[1].Action)
	}
}
