package storetest

import (
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/spool"
)

func batchTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"WrittenBatch_OfUsageCountsOnce":           batchOfUsage,
		"WrittenBatch_OfRefusalsIsRecordedOnce":    batchOfRefusals,
		"WrittenBatch_ThatFailedIsFreshAgain":      batchFailed,
		"WrittenBatch_IsForgottenAfterItsKeeping":  batchForgotten,
		"WrittenBatch_OfOneStreamSaysNothingOfAll": batchStreams,
	}
}

func batchID(stream string, number int64) apicred.BatchID {
	return apicred.BatchID{Stream: stream, Number: number, At: start()}
}

func (f *fixture) once(id apicred.BatchID, clientID string, at time.Time) {
	f.Helper()
	f.must(f.store.AccessToken().AddUsage(f.Context(), id, accesstoken.UsageBatch{
		Counts: []accesstoken.UsageCount{{ClientID: clientID, Hour: at, Outcome: "issued", Calls: 1}},
	}))
}

func batchOfUsage(f *fixture) {
	c := f.credential(f.account("Acme").ID).ClientID
	f.once(batchID("one", 1), c, hour())
	f.once(batchID("one", 1), c, hour())
	f.wantDaily(start(), map[string][14]int64{c: {13: 1}})
	f.once(batchID("one", 7), c, hour())
	f.once(batchID("one", 2), c, hour()) // a later one says that it was, in another form
	f.wantDaily(start(), map[string][14]int64{c: {13: 2}})
}

func batchStreams(f *fixture) {
	c := f.credential(f.account("Acme").ID).ClientID
	f.once(batchID("one", 3), c, hour())
	f.once(batchID("other", 1), c, hour())
	f.once(apicred.BatchID{}, c, hour())
	f.once(apicred.BatchID{}, c, hour())
	f.wantDaily(start(), map[string][14]int64{c: {13: 4}})
}

func (f *fixture) refusal() apicred.AuditEvent {
	return apicred.AuditEvent{
		EventID: f.id(), At: start(), ActorType: apicred.ActorUser, Action: "credential.edit",
		Outcome: apicred.OutcomeRefused, Rule: "edit_others", Count: 3, Address: "192.0.2.7",
	}
}

func batchOfRefusals(f *fixture) {
	before := f.head()
	events := []apicred.AuditEvent{f.refusal(), f.refusal()}
	for range 2 {
		f.must(f.store.Lifecycle().RecordOnce(f.Context(), batchID("one", 1), events))
	}
	f.must(f.store.Lifecycle().RecordOnce(f.Context(), batchID("one", 2), []apicred.AuditEvent{f.refusal()}))
	f.equal(len(f.auditList(lifecycle.AuditQuery{Limit: 10})), 3)
	if head := f.head(); head.Sequence != before.Sequence+3 || head.Change != before.Change {
		f.Errorf("the head went from %+v to %+v", before, head)
	}
	f.wantChain(3)
}

// The note is in the batch's own transaction: neither is there without the other.
func batchFailed(f *fixture) {
	e := f.refusal()
	f.wantKind(f.store.Lifecycle().RecordOnce(f.Context(), batchID("one", 1), []apicred.AuditEvent{e, e}), apicred.KindConflict)
	f.equal(len(f.auditList(lifecycle.AuditQuery{Limit: 10})), 0)
	f.must(f.store.Lifecycle().RecordOnce(f.Context(), batchID("one", 1), []apicred.AuditEvent{e}))
	f.equal(len(f.auditList(lifecycle.AuditQuery{Limit: 10})), 1)
}

func batchForgotten(f *fixture) {
	c := f.credential(f.account("Acme").ID).ClientID
	f.once(batchID("one", 1), c, hour())
	f.once(apicred.BatchID{}, c, hour().Add(spool.Remembered)) // prunes, and it is young enough
	f.once(batchID("one", 1), c, hour())
	f.wantDaily(start(), map[string][14]int64{c: {13: 1}})
	f.once(apicred.BatchID{}, c, hour().Add(spool.Remembered+2*time.Hour))
	f.once(batchID("one", 1), c, hour())
	f.wantDaily(start(), map[string][14]int64{c: {13: 2}})
}
