package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// told is an operation of a history that was made up.
func told(call, answered int64, a action, o outcome) porcupine.Operation {
	if o.status == 0 {
		answered = pending
	}
	return porcupine.Operation{ClientId: int(call % 2), Call: call, Return: answered, Input: a, Output: o}
}

func shows(status int, r register) outcome { return outcome{status: status, shown: true, one: r} }

// TestHistory_TheCheckerKnowsRightFromWrong gives it histories whose verdict is
// known: a checker that takes everything proves nothing.
func TestHistory_TheCheckerKnowsRightFromWrong(t *testing.T) {
	first := register{there, 1, "a", false, firstSecret}
	named := func(version int64, name string) register { return register{there, version, name, false, firstSecret} }
	read, list := action{kind: reads}, action{kind: lists}
	made := told(1, 2, action{kind: makes, name: "a"}, shows(201, first))
	edit := func(name string, ifMatch int64) action { return action{kind: edits, name: name, ifMatch: ifMatch} }
	off := register{there, 2, "a", true, firstSecret}
	missing, done := outcome{status: http.StatusNotFound}, outcome{status: http.StatusNoContent}
	rotate, drop := action{kind: rotates, label: "s"}, action{kind: drops, label: firstSecret}
	two := register{there, 1, "a", false, "first! s"}
	tests := []struct {
		name  string
		right bool
		then  []porcupine.Operation
	}{
		{"one after the other", true, []porcupine.Operation{
			told(3, 4, edit("b", 1), shows(200, named(2, "b"))), told(5, 6, edit("c", 1), outcome{status: 412}), told(7, 8, read, shows(200, named(2, "b"))),
		}},
		{"a read at the same time as an edit sees either", true, []porcupine.Operation{
			told(3, 9, edit("b", 1), shows(200, named(2, "b"))), told(4, 5, read, shows(200, first)), told(6, 7, read, shows(200, named(2, "b"))),
		}},
		{"a read sees it, a later one does not", false, []porcupine.Operation{
			told(3, 9, edit("b", 1), shows(200, named(2, "b"))), told(4, 5, read, shows(200, named(2, "b"))), told(6, 7, read, shows(200, first)),
		}},
		{"a lost update: two edits of one version", false, []porcupine.Operation{
			told(3, 8, edit("b", 1), shows(200, named(2, "b"))), told(4, 7, edit("c", 1), shows(200, named(2, "c"))),
		}},
		{"a stale read", false, []porcupine.Operation{
			told(3, 4, edit("b", 1), shows(200, named(2, "b"))), told(5, 6, read, shows(200, first)),
		}},
		{"a refusal without a reason", false, []porcupine.Operation{told(3, 4, edit("b", 1), outcome{status: 412})}},
		{"an unknown edit that never happened", true, []porcupine.Operation{
			told(3, 0, edit("b", 1), outcome{}), told(90, 91, read, shows(200, first)),
		}},
		{"an unknown edit that happened late", true, []porcupine.Operation{
			told(3, 0, edit("b", 1), outcome{}), told(10, 11, read, shows(200, first)), told(90, 91, read, shows(200, named(2, "b"))),
		}},
		{"an unknown edit that happened and was undone", false, []porcupine.Operation{
			told(3, 0, edit("b", 1), outcome{}), told(10, 11, read, shows(200, named(2, "b"))), told(90, 91, read, shows(200, first)),
		}},
		{"an unknown edit that happened twice", false, []porcupine.Operation{
			told(3, 0, edit("b", 0), outcome{}), told(10, 11, edit("c", 2), shows(200, named(3, "c"))), told(90, 91, read, shows(200, named(4, "b"))),
		}},
		{"what was deleted is back", false, []porcupine.Operation{
			told(3, 4, action{kind: deletes}, done), told(5, 6, read, shows(200, first)),
		}},
		{"deleted at the same time by two, both told so", false, []porcupine.Operation{
			told(3, 8, action{kind: deletes}, done), told(4, 7, action{kind: deletes}, done),
		}},
		{"deleted at the same time by two", true, []porcupine.Operation{
			told(3, 8, action{kind: deletes}, done), told(4, 7, action{kind: deletes}, missing), told(9, 10, list, outcome{status: 200}),
		}},
		{"disabling twice counts once", true, []porcupine.Operation{
			told(3, 8, action{kind: disables}, shows(200, off)), told(4, 7, action{kind: disables}, shows(200, off)),
		}},
		{"enabled, and still shown as disabled", false, []porcupine.Operation{
			told(3, 4, action{kind: disables}, shows(200, off)), told(5, 6, action{kind: enables}, shows(200, off)),
		}},
		{"a rotation gives the others an end", true, []porcupine.Operation{
			told(3, 4, rotate, outcome{status: 201}), told(5, 6, read, shows(200, two)), told(7, 8, drop, done), told(9, 10, drop, missing),
		}},
		{"a rotation leaves the others as they were", false, []porcupine.Operation{
			told(3, 4, rotate, outcome{status: 201}), told(5, 6, read, shows(200, register{there, 1, "a", false, "first s"})),
		}},
		{"the last secret is gone", false, []porcupine.Operation{told(3, 4, drop, done)}},
		{"a list of one moment", true, []porcupine.Operation{
			told(3, 4, action{kind: makes, which: 1, name: "x"}, shows(201, named(1, "x"))),
			told(5, 6, edit("b", 1), shows(200, named(2, "b"))),
			told(7, 8, list, outcome{status: 200, all: cell{named(2, "b"), named(1, "x")}}),
		}},
		{"a list of two moments", false, []porcupine.Operation{
			told(3, 4, action{kind: makes, which: 1, name: "x"}, shows(201, named(1, "x"))),
			told(5, 20, list, outcome{status: 200, all: cell{first, named(2, "y")}}),
			told(6, 7, edit("b", 1), shows(200, named(2, "b"))),
			told(8, 9, action{kind: edits, which: 1, name: "y"}, shows(200, named(2, "y"))),
		}},
		{"a list without what was made before", false, []porcupine.Operation{told(3, 4, list, outcome{status: 200})}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			history := append([]porcupine.Operation{made}, test.then...)
			if got := porcupine.CheckOperations(registers(), history); got != test.right {
				t.Errorf("the checker says %v of\n%s", got, story(history))
			}
		})
	}
}

// TestHistory_TheBoundIsJudgedToTheNanosecond does the same for the answers of
// the doors.
func TestHistory_TheBoundIsJudgedToTheNanosecond(t *testing.T) {
	bound, second := int64(seenBound), int64(time.Second)
	made := told(1, 2, action{kind: makes}, outcome{status: 201})
	rotated := told(1, 3, action{kind: rotates, label: "s"}, outcome{status: 201})
	done := outcome{status: http.StatusNoContent}
	ends := map[string]action{
		"deleted": {kind: deletes}, "disabled": {kind: disables}, "dropped": {kind: drops, label: "s"},
		"another dropped": {kind: drops, label: "x"}, "another compromised": {kind: drops, label: "x", compromised: true},
		"gone": {kind: reads}, "enabled": {kind: enables},
	}
	secret := func(yes bool, call, answer int64) seen {
		return seen{id: "c", label: "s", call: call, answer: answer, yes: yes}
	}
	token := func(yes bool, call, answer int64) seen {
		return seen{id: "c", call: call, answer: answer, yes: yes, asked: 4, issued: 5}
	}
	at := func(call, answered int64, name string) porcupine.Operation {
		o := done
		if name == "gone" {
			o = outcome{status: http.StatusNotFound}
		}
		return told(call, answered, ends[name], o)
	}
	unknown := func(call int64, name string) porcupine.Operation { return told(call, 0, ends[name], outcome{}) }
	tests := []struct {
		name  string
		right bool
		seen  seen
		then  fate
	}{
		{"a secret within the bound", true, secret(true, bound+7, bound+9), fate{at(6, 8, "dropped")}},
		{"a secret past the bound", false, secret(true, bound+8, bound+9), fate{at(6, 8, "dropped")}},
		{"one that was not dropped", true, secret(true, bound+8, bound+9), fate{at(6, 8, "another compromised")}},
		{"of a deleted credential past the bound", false, secret(true, bound+8, bound+9), fate{at(6, 8, "deleted")}},
		{"of one that somebody did not find", false, secret(true, bound+8, bound+9), fate{at(6, 8, "gone")}},
		{"of a disabled one past the bound", false, secret(true, bound+8, bound+9), fate{at(6, 8, "disabled")}},
		{"of one that was enabled since", true, secret(true, bound+8, bound+9), fate{at(6, 8, "disabled"), at(9, 10, "enabled")}},
		{"of one that may have been enabled since", true, secret(true, bound+8, bound+9), fate{at(6, 8, "disabled"), unknown(9, "enabled")}},
		{"of one that was enabled before", false, secret(true, bound+9, bound+9), fate{at(7, 9, "disabled"), at(5, 6, "enabled")}},
		{"nobody knows whether it was dropped", true, secret(true, 9*second, 9*second), fate{unknown(6, "dropped")}},
		{"a no without a reason", false, secret(false, 8, 9), nil},
		{"a no to a secret that was being made", true, secret(false, 2, 9), nil},
		{"a no to a secret that was being dropped", true, secret(false, 8, 9), fate{at(7, 20, "dropped")}},
		{"a no before it was dropped", false, secret(false, 8, 9), fate{at(10, 20, "dropped")}},
		{"a no that may have a reason", true, secret(false, 8, 9), fate{unknown(7, "deleted")}},
		{"a no to a disabled one", true, secret(false, 8, 9), fate{at(5, 6, "disabled")}},
		{"a no to one that was enabled again", false, secret(false, 9, 10), fate{at(5, 6, "disabled"), at(7, 8, "enabled")}},
		{"a no to one that is perhaps enabled again", true, secret(false, 9, 10), fate{at(5, 6, "disabled"), at(7, 10, "enabled")}},
		{"a token past the bound", false, token(true, bound+8, bound+9), fate{at(6, 8, "another compromised")}},
		{"a token within the bound", true, token(true, bound+7, bound+9), fate{at(6, 8, "another compromised")}},
		{"a token outlives its secret", true, token(true, bound+8, bound+9), fate{at(6, 8, "dropped")}},
		{"a token past a disabling that was undone", false, token(true, bound+9, bound+9), fate{at(6, 7, "disabled"), at(8, 9, "enabled")}},
		{"a token that was issued since", true, token(true, bound+8, bound+9), fate{at(3, 4, "disabled"), at(4, 5, "enabled")}},
		{"a no to a live token", false, token(false, 8, 9), fate{at(6, 7, "dropped")}},
		{"a no to a dead token", true, token(false, 8, 9), fate{at(6, 7, "disabled")}},
		{"a no to a token that was dead when it was issued", true, token(false, 8, 9), fate{at(2, 3, "disabled")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := append(fate{made, rotated}, test.then...)
			faults := faultsOf(map[string]fate{"c": f}, []seen{test.seen})
			if right := len(faults) == 0; right != test.right {
				t.Errorf("judged as right: %v\n%s\n%s", right, f, strings.Join(faults, "\n"))
			}
		})
	}
}
