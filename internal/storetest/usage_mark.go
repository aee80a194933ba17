package storetest

import (
	"errors"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func quietTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"UsageMark_TheLastOfEachProcessStands":    marksReplace,
		"QuietSecret_IsFoundOnceItIsQuietForLong": quietFound,
		"QuietSecret_IsFoundOnlyWhereItMayClose":  quietSpared,
		"QuietSecret_PagesFollowOneAnother":       quietPages,
	}
}

func marksReplace(f *fixture) {
	store := f.store.Lifecycle()
	one := lifecycle.UsageMark{Process: "one", Through: start(), Offline: time.Minute}
	two := lifecycle.UsageMark{Process: "two", Through: start().Add(-time.Hour), Lost: start().Add(-2 * time.Hour)}
	want := func(marks ...lifecycle.UsageMark) {
		f.Helper()
		f.view(func(r lifecycle.Reader) error {
			got, err := r.UsageMarks(f.Context())
			f.equal(got, append([]lifecycle.UsageMark{}, marks...))
			return err
		})
	}
	want()
	f.must(store.PutUsageMark(f.Context(), one))
	f.must(store.PutUsageMark(f.Context(), two))
	one.Through, one.Lost = one.Through.Add(time.Minute), start()
	f.must(store.PutUsageMark(f.Context(), one))
	want(one, two)
	one.Through = one.Through.AddDate(0, 0, 181) // two never came back
	f.must(store.PutUsageMark(f.Context(), one))
	want(one)
	one.Offline, one.Ended, one.Lost = 0, true, time.Time{}
	f.must(store.PutUsageMark(f.Context(), one))
	two.Through, two.Lost = one.Through.Add(time.Hour), time.Time{}
	f.must(store.PutUsageMark(f.Context(), two))
	want(one, two)
	two.Through = two.Through.Add(time.Microsecond) // nobody begins where it stopped
	f.must(store.PutUsageMark(f.Context(), two))
	want(two)
	f.wantChain(0)
}

// closing stores a credential with two secrets, and asks for the first to be closed
// when it is quiet for an hour from start on.
func (f *fixture) closing(accountID string) lifecycle.QuietSecret {
	f.Helper()
	c := f.newCredential(accountID, nil)
	c.DisabledAt, c.DisabledBy, c.ExpiresAt, c.Suspension = time.Time{}, "", time.Time{}, apicred.SuspensionNone
	old := f.newSecret(c.ClientID)
	old.LastUsedAt, old.ExpiresAt, old.CloseWhenQuiet, old.CloseCountedFrom = time.Time{}, time.Time{}, time.Hour, start()
	beside := f.newSecret(c.ClientID)
	beside.ExpiresAt = time.Time{}
	f.change(func(tx lifecycle.Tx) error {
		return errors.Join(
			tx.InsertCredential(f.Context(), c), tx.InsertSecret(f.Context(), old), tx.InsertSecret(f.Context(), beside),
		)
	})
	return lifecycle.QuietSecret{AccountID: accountID, ClientID: c.ClientID, SecretID: old.ID}
}

func (f *fixture) wantQuiet(q lifecycle.QuietQuery, want ...lifecycle.QuietSecret) {
	f.Helper()
	if q.Limit == 0 {
		q.Limit = 10
	}
	if q.Now.IsZero() {
		q.Now = q.Through
	}
	f.view(func(r lifecycle.Reader) error {
		got, err := r.QuietSecrets(f.Context(), q)
		f.equal(got, append([]lifecycle.QuietSecret{}, want...))
		return err
	})
}

func quietFound(f *fixture) {
	asked := func(now time.Time) (asked bool) {
		f.view(func(r lifecycle.Reader) (err error) {
			asked, err = r.ClosingAsked(f.Context(), now)
			return err
		})
		return asked
	}
	a := f.account("Acme")
	f.equal(asked(start()), false)
	s := f.closing(a.ID)
	f.equal(asked(start()), true)
	f.wantQuiet(lifecycle.QuietQuery{Through: start().Add(time.Hour - time.Microsecond)})
	f.wantQuiet(lifecycle.QuietQuery{Through: start().Add(time.Hour)}, s)
	f.usage(nil, []accesstoken.SecretUse{{ClientID: s.ClientID, SecretID: s.SecretID, At: start().Add(time.Minute)}})
	f.wantQuiet(lifecycle.QuietQuery{Through: start().Add(time.Hour)})
	f.wantQuiet(lifecycle.QuietQuery{Through: start().Add(time.Hour + time.Minute)}, s)
	f.wantQuiet(lifecycle.QuietQuery{Through: start().Add(time.Hour + time.Minute), From: start().Add(time.Minute)}, s)
	f.wantQuiet(lifecycle.QuietQuery{Through: start().Add(time.Hour + time.Minute), From: start().Add(time.Minute + time.Microsecond)})
	f.edit(s, func(secret *apicred.Secret) { secret.ExpiresAt = start().Add(2 * time.Hour) })
	f.equal(asked(start().Add(2*time.Hour-time.Microsecond)), true)
	f.equal(asked(start().Add(2*time.Hour)), false)
	f.wantQuiet(lifecycle.QuietQuery{Through: start().Add(2 * time.Hour)})
}

// edit changes a stored secret.
func (f *fixture) edit(s lifecycle.QuietSecret, change func(*apicred.Secret)) {
	f.Helper()
	f.change(func(tx lifecycle.Tx) error {
		secrets, err := tx.Secrets(f.Context(), s.ClientID)
		for _, secret := range secrets {
			if secret.ID == s.SecretID {
				change(&secret)
				err = tx.UpdateSecret(f.Context(), secret)
			}
		}
		return err
	})
}

func quietSpared(f *fixture) {
	a := f.account("Acme")
	q := lifecycle.QuietQuery{Through: start().AddDate(1, 0, 0)}
	for _, spare := range []func(*apicred.Credential){
		func(c *apicred.Credential) { c.DisabledAt = start() },
		func(c *apicred.Credential) { c.Suspension = apicred.SuspensionOwner },
		func(c *apicred.Credential) { c.ExpiresAt = start().Add(time.Hour) },
		func(c *apicred.Credential) { c.UpdatedAt = q.Through.Add(-time.Hour + time.Microsecond) },
	} {
		s := f.closing(a.ID)
		f.wantQuiet(q, s)
		f.change(func(tx lifecycle.Tx) error {
			c, err := tx.Credential(f.Context(), a.ID, s.ClientID)
			if err != nil {
				return err
			}
			spare(&c)
			return tx.UpdateCredential(f.Context(), c)
		})
		f.wantQuiet(q)
	}
	s := f.closing(a.ID)
	f.edit(s, func(secret *apicred.Secret) { secret.CloseWhenQuiet = 0 })
	f.wantQuiet(q)
	s = f.closing(a.ID)
	f.change(func(tx lifecycle.Tx) error {
		secrets, err := tx.Secrets(f.Context(), s.ClientID)
		for _, secret := range secrets {
			if secret.ID != s.SecretID {
				secret.ExpiresAt = start().Add(time.Hour)
				err = tx.UpdateSecret(f.Context(), secret)
			}
		}
		return err
	})
	f.wantQuiet(q) // the only one that works
}

func quietPages(f *fixture) {
	a := f.account("Acme")
	one, two, three := f.closing(a.ID), f.closing(a.ID), f.closing(a.ID)
	q := lifecycle.QuietQuery{Through: start().Add(time.Hour), Limit: 2}
	f.wantQuiet(q, one, two)
	q.After = two
	f.wantQuiet(q, three)
	q.After = three
	f.wantQuiet(q)
}
