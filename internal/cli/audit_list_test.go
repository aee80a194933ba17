package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

func TestAuditPrinted_SaysWhoDidWhatInARow(t *testing.T) {
	accounts := []desk.Account{{AccountID: "a1", Name: "harbour"}}
	for name, test := range map[string]struct {
		event desk.AuditEvent
		want  []string // actor, target, outcome
	}{
		"a person": {
			desk.AuditEvent{Actor: desk.AuditActor{Type: apicred.ActorUser, ID: "u1", Email: "ada@example.com"}, Target: desk.AuditTarget{Type: apicred.TargetCredential, ID: "c1", Name: "Nightly"}},
			[]string{"ada@example.com", "credential Nightly (c1)", "done"},
		},
		"an erased person": {
			desk.AuditEvent{Actor: desk.AuditActor{Type: apicred.ActorUser, ID: "u1"}, Target: desk.AuditTarget{Type: apicred.TargetCredential, ID: "c1"}},
			[]string{"user u1", "credential c1", "done"},
		},
		"a program": {
			desk.AuditEvent{Actor: desk.AuditActor{Type: apicred.ActorCredential, ID: "c2"}, ActingAs: &desk.AuditUser{UserID: "u1", Email: "ada@example.com"}, Target: desk.AuditTarget{Type: apicred.TargetCredential, ID: "c1"}},
			[]string{"credential c2 for ada@example.com", "credential c1", "done"},
		},
		"the operator": {
			desk.AuditEvent{Actor: desk.AuditActor{Type: apicred.ActorOperator}, Target: desk.AuditTarget{Type: apicred.TargetCatalogue, ID: "catalogue"}},
			[]string{"operator", "catalogue", "done"},
		},
		"one refusal": {
			desk.AuditEvent{Actor: desk.AuditActor{Type: apicred.ActorSystem}, Target: desk.AuditTarget{Type: apicred.TargetCredential}, Outcome: apicred.OutcomeRefused, Rule: "hidden", Count: 1},
			[]string{"system", "credential", "refused: hidden"},
		},
		"several refusals, of something odd": {
			desk.AuditEvent{Actor: desk.AuditActor{Type: apicred.ActorSystem}, Target: desk.AuditTarget{Type: apicred.TargetCredential, ID: "\x1b[2Jx"}, Outcome: apicred.OutcomeRefused, Rule: "hidden", Count: 12},
			[]string{"system", `"credential \x1b[2Jx"`, "refused: hidden ×12"},
		},
	} {
		e := test.event
		e.AccountID = "a1"
		if e.Outcome == "" {
			e.Outcome = apicred.OutcomeDone
		}
		row := auditPrinted([]desk.AuditEvent{e}, accounts).rows[0]
		if diff := cmp.Diff(append([]string{"harbour"}, test.want...), []string{row[1], row[2], row[4], row[5]}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
