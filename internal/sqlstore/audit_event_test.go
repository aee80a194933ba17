package sqlstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/lifecycle"
)

// recordEvents records n events, every third a refusal.
func recordEvents(t testing.TB, s *Store, n int) {
	t.Helper()
	for i := range n {
		e := apicred.AuditEvent{
			EventID: uuid.NewString(), At: time.UnixMicro(1_800_000_000_000_000 + int64(i)), AccountID: "a",
			ActorType: apicred.ActorUser, ActorID: "u", Action: "credential.edit", TargetType: apicred.TargetCredential, TargetID: "c",
			Outcome: apicred.OutcomeDone, Address: fmt.Sprintf("192.0.2.%d", i), After: []byte(`{"name":"x"}`),
		}
		if i%3 == 2 {
			e.Outcome, e.Rule = apicred.OutcomeRefused, "edit_others"
		}
		err := s.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error { return tx.Record(t.Context(), e) })
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestVerify_NamesTheFirstPlaceWhereTheStoredChainDoesNotHold(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		recordEvents(t, s, 7)
		if report, err := audit.Verify(t.Context(), s.Audit(), audit.Expected{}); err != nil || report.Events != 7 {
			t.Fatalf("untouched: %+v, %v", report, err)
		}
		for _, test := range []struct {
			name, tamper, undo string
			want               audit.Fault
		}{
			{
				"changed row", "UPDATE audit_events SET target_id = 'other' WHERE sequence = 3",
				"UPDATE audit_events SET target_id = 'c' WHERE sequence = 3", audit.Fault{Sequence: 3, Problem: audit.ProblemChanged},
			},
			{
				"changed personal data", "UPDATE audit_personal SET address = '192.0.2.66' WHERE sequence = 2",
				"UPDATE audit_personal SET address = '192.0.2.1' WHERE sequence = 2", audit.Fault{Sequence: 2, Problem: audit.ProblemPersonal},
			},
			{
				"swapped change number", "UPDATE audit_events SET change = 9 WHERE sequence = 4",
				"UPDATE audit_events SET change = 3 WHERE sequence = 4", audit.Fault{Sequence: 4, Problem: audit.ProblemChanged},
			},
			{
				"refusal made done", "UPDATE audit_events SET outcome = 'done' WHERE sequence = 6",
				"UPDATE audit_events SET outcome = 'refused' WHERE sequence = 6", audit.Fault{Sequence: 6, Problem: audit.ProblemChanged},
			},
			{
				"head set back", "UPDATE audit_head SET sequence = 5", "UPDATE audit_head SET sequence = 7",
				audit.Fault{Sequence: 5, Problem: audit.ProblemHead},
			},
			{
				"head with another hash", "UPDATE audit_head SET hash = (SELECT hash FROM audit_events WHERE sequence = 1)",
				"UPDATE audit_head SET hash = (SELECT hash FROM audit_events WHERE sequence = 7)", audit.Fault{Sequence: 7, Problem: audit.ProblemHead},
			},
			{
				"head with another change", "UPDATE audit_head SET change = 4", "UPDATE audit_head SET change = 5",
				audit.Fault{Sequence: 7, Problem: audit.ProblemHead},
			},
			{"deleted row", "DELETE FROM audit_events WHERE sequence = 4", "", audit.Fault{Sequence: 4, Problem: audit.ProblemMissing}},
			{"deleted beginning", "DELETE FROM audit_events WHERE sequence < 3", "", audit.Fault{Sequence: 1, Problem: audit.ProblemMissing}},
			{"deleted everything", "DELETE FROM audit_events", "", audit.Fault{Sequence: 1, Problem: audit.ProblemMissing}},
		} {
			sqlOn(t, s, test.tamper)
			_, err := audit.Verify(t.Context(), s.Audit(), audit.Expected{})
			var fault *audit.Fault
			if !errors.As(err, &fault) || *fault != test.want {
				t.Errorf("%s: got %v, want %+v", test.name, err, test.want)
			}
			if test.undo != "" {
				sqlOn(t, s, test.undo)
			}
		}
	})
}

func TestVerify_FindsAnEventDeletedAtTheEnd(t *testing.T) {
	s := openSQLiteFile(t)
	recordEvents(t, s, 3)
	sqlOn(t, s, "DELETE FROM audit_events WHERE sequence = 3")
	_, err := audit.Verify(t.Context(), s.Audit(), audit.Expected{})
	var fault *audit.Fault
	if !errors.As(err, &fault) || *fault != (audit.Fault{Sequence: 3, Problem: audit.ProblemMissing}) {
		t.Errorf("got %v, want event 3 missing", err)
	}
}

func TestAudit_PersonalDataCanBeErasedAndTheChainStillVerifies(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		recordEvents(t, s, 4)
		sqlOn(t, s, "DELETE FROM audit_personal WHERE sequence IN (1, 3)")
		if _, err := audit.Verify(t.Context(), s.Audit(), audit.Expected{}); err != nil {
			t.Error(err)
		}
		var addresses []string
		err := s.Lifecycle().View(t.Context(), func(r lifecycle.Reader) error {
			events, err := r.AuditEvents(t.Context(), lifecycle.AuditQuery{Limit: 10})
			for _, e := range events {
				addresses = append(addresses, e.Address)
			}
			return err
		})
		if want := []string{"192.0.2.3", "", "192.0.2.1", ""}; err != nil || fmt.Sprint(addresses) != fmt.Sprint(want) {
			t.Errorf("addresses %q, %v; want %q", addresses, err, want)
		}
	})
}

func TestVerify_ReadsAChainOfSeveralPages(t *testing.T) {
	s := openSQLiteFile(t)
	const many = chainPage + 1
	err := s.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error {
		for i := range many {
			e := apicred.AuditEvent{EventID: fmt.Sprint(i), At: time.UnixMicro(1), Action: "a.b", Outcome: apicred.OutcomeDone}
			if err := tx.Record(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if report, err := audit.Verify(t.Context(), s.Audit(), audit.Expected{}); err != nil || report.Events != many {
		t.Errorf("%+v, %v; want %d events", report, err, many)
	}
}
