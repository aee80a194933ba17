package storetest

import (
	"strings"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func auditTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Audit_ReadsAsWritten":                               auditReadsAsWritten,
		"Audit_JoinsTheActorsEmail":                          auditJoinsEmail,
		"Audit_PagesNeitherSkipNorRepeat":                    auditPages,
		"Audit_FiltersHoldTogether":                          auditFilters,
		"Audit_TellsTheInstallationsOwnBesideAnAccounts":     auditInstallation,
		"Audit_SurvivesTheDeletionOfItsTarget":               auditSurvives,
		"Audit_KeepsWhateverARefusedRequestNamed":            auditOddText,
		"Audit_EventIDIsTakenOnce":                           auditIDTaken,
		"Checkpoint_ReadsAsWrittenAndIsKeptOnce":             checkpointKept,
		"Feed_RefusalsAdvanceTheSequenceAlone":               feedRefusals,
		"Feed_RecallsWhatMayMatterToTokens":                  feedRecent,
		"Feed_ListsChangesInOrder":                           feedLists,
		"Feed_HeadOfAnEmptyStoreIsZeroUnderAnEpoch":          feedEmpty,
		"Feed_SessionsAndTokensAdvanceItToo":                 feedSessions,
		"Audit_OfAnEventWithoutPersonalDataVerifiesAsWell":   auditWithoutAddress,
		"Audit_TimesBelowAMicrosecondDoNotBreakTheChain":     auditNanoseconds,
		"Audit_ListOfNoLimitOrOfATextNobodyCanHoldIsNothing": auditNothing,
	}
}

// stored is what reading e back gives.
func stored(e apicred.AuditEvent, sequence int64) apicred.AuditEvent {
	e.Sequence = sequence
	return e
}

func (f *fixture) auditList(q lifecycle.AuditQuery) []apicred.AuditEvent {
	f.Helper()
	var events []apicred.AuditEvent
	f.view(func(r lifecycle.Reader) (err error) {
		events, err = r.AuditEvents(f.Context(), q)
		return err
	})
	return events
}

func auditReadsAsWritten(f *fixture) {
	full := f.event("credential.create")
	refused := apicred.AuditEvent{
		EventID: f.id(), At: start().Add(time.Second), ActorType: apicred.ActorSystem, Action: "credential.edit",
		Outcome: apicred.OutcomeRefused, Rule: "edit_others", Count: 12,
	}
	f.recordEvents(full, refused)
	f.equal(f.auditList(lifecycle.AuditQuery{Limit: 10}), []apicred.AuditEvent{stored(refused, 2), stored(full, 1)})
	f.wantChain(2)
}

func auditJoinsEmail(f *fixture) {
	u := f.user(f.account("Acme").ID, "ada@example.com")
	e := f.event("credential.create")
	e.ActorID = u.ID
	f.recordEvents(e)
	e.ActorEmail = u.Email
	f.equal(f.auditList(lifecycle.AuditQuery{Limit: 10}), []apicred.AuditEvent{stored(e, 1)})
	f.wantChain(1)
}

func auditPages(f *fixture) {
	for range 7 {
		f.recordEvents(f.event("credential.create"))
	}
	var seen []int64
	for q := (lifecycle.AuditQuery{AccountID: "acc", Limit: 3}); ; {
		page := f.auditList(q)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			seen = append(seen, e.Sequence)
		}
		q.Before = page[len(page)-1].Sequence
	}
	f.equal(seen, []int64{7, 6, 5, 4, 3, 2, 1})
}

func auditFilters(f *fixture) {
	var events []apicred.AuditEvent
	for i, change := range []func(*apicred.AuditEvent){
		func(*apicred.AuditEvent) {},
		func(e *apicred.AuditEvent) { e.AccountID = "other" },
		func(e *apicred.AuditEvent) { e.ActorID = "u5" },
		func(e *apicred.AuditEvent) { e.Action = "user.edit" },
		func(e *apicred.AuditEvent) { e.TargetID = "c5" },
		func(e *apicred.AuditEvent) { e.ActorID, e.TargetID = "u5", "c5" },
		func(e *apicred.AuditEvent) { e.ActorType, e.ActorID = apicred.ActorOperator, "" },
		func(e *apicred.AuditEvent) { e.ActorType, e.ActorID = apicred.ActorSystem, "" },
	} {
		e := f.event("credential.edit")
		e.At = start().Add(time.Duration(i) * time.Minute)
		change(&e)
		events = append(events, e)
	}
	f.recordEvents(events...)
	for _, test := range []struct {
		query lifecycle.AuditQuery
		want  []int64
	}{
		{lifecycle.AuditQuery{}, []int64{8, 7, 6, 5, 4, 3, 2, 1}},
		{lifecycle.AuditQuery{AccountID: "acc"}, []int64{8, 7, 6, 5, 4, 3, 1}},
		{lifecycle.AuditQuery{AccountID: "acc", ActorType: apicred.ActorOperator}, []int64{7}},
		{lifecycle.AuditQuery{AccountID: "acc", Actor: "u5"}, []int64{6, 3}},
		{lifecycle.AuditQuery{Action: "user.edit"}, []int64{4}},
		{lifecycle.AuditQuery{AccountID: "acc", Actor: "u5", Target: "c5", Action: "credential.edit"}, []int64{6}},
		{lifecycle.AuditQuery{From: start().Add(time.Minute), To: start().Add(3 * time.Minute)}, []int64{3, 2}},
		{lifecycle.AuditQuery{AccountID: "acc", Before: 5}, []int64{4, 3, 1}},
		{lifecycle.AuditQuery{AccountID: "none"}, nil},
	} {
		test.query.Limit = 100
		var got []int64
		for _, e := range f.auditList(test.query) {
			got = append(got, e.Sequence)
		}
		f.equal(got, test.want)
	}
}

func auditInstallation(f *fixture) {
	for _, change := range []func(*apicred.AuditEvent){
		func(*apicred.AuditEvent) {},
		func(e *apicred.AuditEvent) { e.AccountID, e.TargetType = "", apicred.TargetSigningKey },
		func(e *apicred.AuditEvent) { e.AccountID, e.TargetType = "other", apicred.TargetSigningKey },
		func(e *apicred.AuditEvent) { e.AccountID, e.TargetType = "", apicred.TargetCatalogue },
		func(e *apicred.AuditEvent) { e.AccountID = "" },
		func(*apicred.AuditEvent) {},
	} {
		e := f.event("credential.edit")
		change(&e)
		f.recordEvents(e)
	}
	for _, test := range []struct {
		query lifecycle.AuditQuery
		want  []int64
	}{
		{lifecycle.AuditQuery{AccountID: "acc", Installation: true, Limit: 10}, []int64{6, 4, 2, 1}},
		{lifecycle.AuditQuery{AccountID: "acc", Installation: true, Limit: 3}, []int64{6, 4, 2}},
		{lifecycle.AuditQuery{AccountID: "acc", Installation: true, Before: 4, Limit: 10}, []int64{2, 1}},
		{lifecycle.AuditQuery{AccountID: "acc", Installation: true, Action: "user.edit", Limit: 10}, nil},
		{lifecycle.AuditQuery{AccountID: "acc", Limit: 10}, []int64{6, 1}},
	} {
		var got []int64
		for _, e := range f.auditList(test.query) {
			got = append(got, e.Sequence)
		}
		f.equal(got, test.want)
	}
}

func auditSurvives(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	e := f.event("credential.create")
	e.TargetID = c.ClientID
	f.recordEvents(e)
	f.change(func(tx lifecycle.Tx) error { return tx.DeleteCredential(f.Context(), c.AccountID, c.ClientID) })
	f.equal(len(f.auditList(lifecycle.AuditQuery{Target: c.ClientID, Limit: 10})), 1)
	f.wantChain(1)
}

func auditOddText(f *fixture) {
	for _, odd := range []string{"a\x00b", "\xff\xfe", strings.Repeat("é", 40_000), "\u202e"} {
		e := f.event("credential.read")
		e.Outcome, e.TargetID, e.RequestID, e.ActorID, e.Address = apicred.OutcomeRefused, odd, odd, odd, odd
		f.recordEvents(e)
	}
	f.wantChain(4)
}

func auditIDTaken(f *fixture) {
	e := f.event("credential.create")
	f.recordEvents(e)
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.Record(f.Context(), e) }), apicred.KindConflict)
	f.wantChain(1)
}

func auditWithoutAddress(f *fixture) {
	e := f.event("system.start")
	e.Address = ""
	f.recordEvents(e, f.event("credential.create"))
	f.wantChain(2)
}

func auditNanoseconds(f *fixture) {
	e := f.event("credential.create")
	e.At = start().Add(789).In(time.FixedZone("east", 3600))
	e.Count = 0
	f.recordEvents(e)
	f.wantChain(1)
	e.At, e.Count = start(), 1
	f.equal(f.auditList(lifecycle.AuditQuery{Limit: 1}), []apicred.AuditEvent{stored(e, 1)})
}

func auditNothing(f *fixture) {
	f.recordEvents(f.event("credential.create"))
	for _, q := range []lifecycle.AuditQuery{{}, {Limit: -1}, {Limit: 5, Actor: "\x00"}, {Limit: 5, Target: "\xff"}} {
		f.equal(len(f.auditList(q)), 0)
	}
}

func feedRefusals(f *fixture) {
	refused := f.event("credential.edit")
	refused.Outcome = apicred.OutcomeRefused
	f.recordEvents(f.event("credential.create"), refused)
	head := f.head()
	f.equal([]int64{head.Sequence, head.Change}, []int64{2, 1})
	last := f.event("credential.edit")
	f.recordEvents(last)
	head = f.head()
	f.equal([]int64{head.Sequence, head.Change}, []int64{3, 2})
	f.wantChain(3)
	f.wantFeed(0, []int64{1, 2})
}

func (f *fixture) wantFeed(after int64, want []int64) {
	f.Helper()
	changes, err := f.store.AccessToken().ChangesSince(f.Context(), after, 1000)
	f.must(err)
	var got []int64
	for _, c := range changes {
		got = append(got, c.Change)
	}
	f.equal(got, want)
}

func feedLists(f *fixture) {
	var want []accesstoken.Change
	for i, target := range []apicred.TargetType{apicred.TargetCredential, apicred.TargetUser, apicred.TargetCatalogue} {
		e := f.event("some.change")
		e.TargetType, e.TargetID = target, "id of "+string(target)
		f.recordEvents(e)
		want = append(want, accesstoken.Change{Change: int64(i) + 1, At: e.At, TargetType: target, TargetID: e.TargetID, AccountID: "acc"})
	}
	got, err := f.store.AccessToken().ChangesSince(f.Context(), 0, 1000)
	f.must(err)
	f.equal(got, want)
	first, err := f.store.AccessToken().ChangesSince(f.Context(), 0, 2)
	f.must(err)
	f.equal(first, want[:2])
	f.wantFeed(2, []int64{3})
	f.wantFeed(3, nil)
}

func feedEmpty(f *fixture) {
	head := f.head()
	f.equal([]int64{head.Sequence, head.Change}, []int64{0, 0})
	f.equal(len(head.Hash), 64)
	if head.Epoch == "" {
		f.Error("the store has no epoch")
	}
	f.wantChain(0)
}

func feedSessions(f *fixture) {
	for _, target := range []apicred.TargetType{apicred.TargetSession, apicred.TargetToken} {
		e := f.event("some.change")
		e.TargetType = target
		f.recordEvents(e)
	}
	f.wantFeed(0, []int64{1, 2})
}

func feedRecent(f *fixture) {
	at := func(after time.Duration, action string, target apicred.TargetType, id string) {
		e := f.event(action)
		e.At, e.TargetType, e.TargetID = start().Add(after), target, id
		f.recordEvents(e)
	}
	at(0, "credential.disable", apicred.TargetCredential, "old")
	at(time.Hour, "credential.create", apicred.TargetCredential, "new")
	at(2*time.Hour, "credential.disable", apicred.TargetCredential, "often")
	at(2*time.Hour, "session.create", apicred.TargetSession, "s")
	at(2*time.Hour, "token.mint", apicred.TargetToken, "minted")
	at(3*time.Hour, "token.revoke", apicred.TargetToken, "revoked")
	at(3*time.Hour, "credential.enable", apicred.TargetCredential, "often")
	at(4*time.Hour, "credential.disable", apicred.TargetCredential, "later")

	got, floor, err := f.store.AccessToken().RecentChanges(f.Context(), start().Add(30*time.Minute), 7)
	f.must(err)
	f.equal(got, []accesstoken.Change{
		{Change: 6, TargetType: apicred.TargetToken, TargetID: "revoked", AccountID: "acc"},
		{Change: 7, TargetType: apicred.TargetCredential, TargetID: "often", AccountID: "acc"},
	})
	f.equal(floor, int64(1))
	got, floor, err = f.store.AccessToken().RecentChanges(f.Context(), start(), 8)
	f.must(err)
	f.equal([]int64{int64(len(got)), floor}, []int64{4, 0})
}
