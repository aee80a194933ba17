package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/lifecycle"
)

func changeTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Change_CommitsChangeAndAuditTogether":             changeCommitsTogether,
		"Change_ThatFailsLeavesNeitherChangeNorAudit":      changeFails,
		"Change_WhoseAuditFailsLeavesNothing":              changeAuditFails,
		"Change_DoesNotCommitAfterAnErrorOfTheDatabase":    changeAfterError,
		"Change_IsUndoneByAPanic":                          changePanics,
		"Change_OfACancelledContextIsUnavailable":          changeCancelled,
		"Change_SeesWhatItWrote":                           changeSeesItself,
		"Change_ConcurrentOnesAreSerialized":               changesConcurrent,
		"Change_ConcurrentEditsOfOneVersionAdmitOne":       changesOfOneVersion,
		"View_SeesOneMoment":                               viewSeesOneMoment,
		"View_ThatFailsReturnsThatError":                   viewFails,
		"Change_AndUsageOfTheSameRowsDoNotStopEachOther":   changeAndUsage,
		"Change_OfAStoppedCallerReturnsItsOwnErrorAsItIs":  changeOwnError,
		"Change_WithoutAnEventAdvancesNothing":             changeWithoutEvent,
		"Change_WithSeveralEventsChainsEachToTheOneBefore": changeSeveralEvents,
	}
}

var errOwn = errors.New("of the caller")

func changeCommitsTogether(f *fixture) {
	before := f.head()
	a := f.newAccount("Acme")
	f.change(func(tx lifecycle.Tx) error {
		if err := tx.InsertAccount(f.Context(), a); err != nil {
			return err
		}
		return tx.Record(f.Context(), f.event("account.create"))
	})
	f.wantAccounts(1)
	after := f.head()
	f.equal([]int64{after.Sequence, after.Change}, []int64{before.Sequence + 1, before.Change + 1})
}

func (f *fixture) wantAccounts(want int) {
	f.Helper()
	f.view(func(r lifecycle.Reader) error {
		accounts, err := r.Accounts(f.Context())
		f.equal(len(accounts), want)
		return err
	})
}

// wantNothing demands that no account was stored and no event recorded.
func (f *fixture) wantNothing() {
	f.Helper()
	f.wantAccounts(0)
	head := f.head()
	f.equal([]int64{head.Sequence, head.Change}, []int64{0, 0})
	f.wantChain(0)
}

func (f *fixture) wantChain(events int64) {
	f.Helper()
	report, err := audit.Verify(f.Context(), f.store.Audit(), audit.Expected{})
	f.must(err)
	f.equal(report.Events, events)
	f.equal(report.LastHash, f.head().Hash)
}

func changeFails(f *fixture) {
	err := f.tryChange(func(tx lifecycle.Tx) error {
		f.must(tx.InsertAccount(f.Context(), f.newAccount("Acme")))
		f.must(tx.Record(f.Context(), f.event("account.create")))
		return apicred.Forbidden("No.")
	})
	f.wantKind(err, apicred.KindForbidden)
	f.wantNothing()
}

func changeAuditFails(f *fixture) {
	err := f.tryChange(func(tx lifecycle.Tx) error {
		f.must(tx.InsertAccount(f.Context(), f.newAccount("Acme")))
		return tx.Record(f.Context(), apicred.AuditEvent{Action: "without an ID"})
	})
	f.wantKind(err, apicred.KindInternal)
	f.wantNothing()
}

func changeAfterError(f *fixture) {
	a := f.newAccount("Acme")
	err := f.tryChange(func(tx lifecycle.Tx) error {
		f.must(tx.InsertAccount(f.Context(), a))
		f.wantKind(tx.InsertAccount(f.Context(), a), apicred.KindConflict)
		return nil // as if nothing had been
	})
	f.wantKind(err, apicred.KindConflict)
	f.wantNothing()
	// What is merely absent or stale is no error of the database.
	f.change(func(tx lifecycle.Tx) error {
		_, err := tx.Account(f.Context(), a.ID)
		f.wantKind(err, apicred.KindNotFound)
		f.wantKind(tx.SaveCatalogue(f.Context(), apicred.Catalogue{}, 7), apicred.KindPrecondition)
		return tx.InsertAccount(f.Context(), a)
	})
	f.wantAccounts(1)
}

func changePanics(f *fixture) {
	func() {
		defer func() { _ = recover() }()
		_ = f.tryChange(func(tx lifecycle.Tx) error {
			f.must(tx.InsertAccount(f.Context(), f.newAccount("Acme")))
			panic("of the caller")
		})
	}()
	f.wantNothing()
	f.account("Next") // the connection is free again
}

func changeCancelled(f *fixture) {
	ctx, cancel := context.WithCancel(f.Context())
	err := f.store.Lifecycle().Change(ctx, func(tx lifecycle.Tx) error {
		f.must(tx.InsertAccount(ctx, f.newAccount("Acme")))
		cancel()
		return nil
	})
	f.wantKind(err, apicred.KindUnavailable)
	f.wantNothing()
	f.wantKind(f.store.Lifecycle().Change(ctx, func(lifecycle.Tx) error { return nil }), apicred.KindUnavailable)
	f.account("Next")
}

func changeOwnError(f *fixture) {
	if err := f.tryChange(func(lifecycle.Tx) error { return errOwn }); !errors.Is(err, errOwn) {
		f.Errorf("got %v, want the caller's own error", err)
	}
}

func changeSeesItself(f *fixture) {
	a := f.newAccount("Acme")
	f.change(func(tx lifecycle.Tx) error {
		f.must(tx.InsertAccount(f.Context(), a))
		got, err := tx.Account(f.Context(), a.ID)
		f.equal(got, a)
		return err
	})
}

func changeWithoutEvent(f *fixture) {
	f.account("Acme")
	head := f.head()
	f.equal([]int64{head.Sequence, head.Change}, []int64{0, 0})
}

func changeSeveralEvents(f *fixture) {
	f.change(func(tx lifecycle.Tx) error {
		for _, action := range []string{"a.one", "a.two", "a.three"} {
			f.must(tx.Record(f.Context(), f.event(action)))
		}
		return nil
	})
	f.wantChain(3)
}

// changesConcurrent lets 50 callers each read a counter, add one and write it:
// no increment may be lost, and every event must be in the chain.
func changesConcurrent(f *fixture) {
	const callers = 50
	a := f.account("0")
	events := make([]apicred.AuditEvent, callers)
	for i := range events {
		events[i] = f.event("account.edit")
	}
	errs := make(chan error, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			errs <- f.tryChange(func(tx lifecycle.Tx) error {
				present, err := tx.Account(f.Context(), a.ID)
				if err != nil {
					return err
				}
				var n int
				if _, err := fmt.Sscan(present.Name, &n); err != nil {
					return err
				}
				present.Name = fmt.Sprint(n + 1)
				if err := tx.UpdateAccount(f.Context(), present); err != nil {
					return err
				}
				return tx.Record(f.Context(), events[i])
			})
		})
	}
	all.Wait()
	for range callers {
		f.must(<-errs)
	}
	got, err := f.store.AccessToken().Account(f.Context(), a.ID)
	f.must(err)
	f.equal(got.Name, fmt.Sprint(callers))
	f.wantChain(callers)
	changes, err := f.store.AccessToken().ChangesSince(f.Context(), 0, 1000)
	f.must(err)
	for i, c := range changes {
		f.equal(c.Change, int64(i)+1)
	}
	f.equal(len(changes), callers)
}

func changesOfOneVersion(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			errs <- f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), c) })
		}()
	}
	saved := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			saved++
		} else {
			f.wantKind(err, apicred.KindPrecondition)
		}
	}
	f.equal(saved, 1)
}

func viewSeesOneMoment(f *fixture) {
	f.account("One")
	f.view(func(r lifecycle.Reader) error {
		before, err := r.Accounts(f.Context())
		f.must(err)
		f.account("Two") // in between, by another connection
		after, err := r.Accounts(f.Context())
		f.equal(after, before)
		return err
	})
	f.wantAccounts(2)
}

func viewFails(f *fixture) {
	if err := f.store.Lifecycle().View(f.Context(), func(lifecycle.Reader) error { return errOwn }); !errors.Is(err, errOwn) {
		f.Errorf("got %v, want the caller's own error", err)
	}
}

// changeAndUsage lets edits, which take the head row and then credentials, run
// against usage, which takes credentials alone.
func changeAndUsage(f *fixture) {
	a := f.account("Acme")
	one, two := f.credential(a.ID), f.credential(a.ID)
	errs := make(chan error, 40)
	for i := range cap(errs) {
		go func() {
			if i%2 == 0 {
				errs <- f.store.AccessToken().AddUsage(f.Context(), apicred.BatchID{}, accesstoken.UsageBatch{Uses: []accesstoken.SecretUse{
					{ClientID: two.ClientID, At: start()}, {ClientID: one.ClientID, At: start()},
				}})
				return
			}
			errs <- f.tryChange(func(tx lifecycle.Tx) error {
				for _, id := range []string{two.ClientID, one.ClientID} {
					c, err := tx.Credential(f.Context(), a.ID, id)
					if err != nil {
						return err
					}
					if err := tx.UpdateCredential(f.Context(), c); err != nil {
						return err
					}
				}
				return nil
			})
		}()
	}
	for range cap(errs) {
		f.must(<-errs)
	}
	one.Version += int64(cap(errs)) / 2
	f.wantCredential(one)
}
