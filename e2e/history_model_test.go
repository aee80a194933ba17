package e2e

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// cellSize is how many credentials are worked on together. A history is checked
// cell by cell: what happens in one has no say in another.
const cellSize = 3

// register is a credential as the management API shows it, or the lack of one.
// Its zero value is one that was never made.
type register struct {
	stage    stage
	version  int64
	name     string
	disabled bool
	// secrets are the labels, sorted, each with a mark when the secret has an end.
	secrets string
}

type stage int

const (
	never stage = iota
	there
	gone
)

// cell is the state of the model.
type cell [cellSize]register

type kind string

const (
	makes    kind = "create"
	reads    kind = "read"
	lists    kind = "list"
	edits    kind = "edit"
	disables kind = "disable"
	enables  kind = "enable"
	rotates  kind = "rotate"
	drops    kind = "drop secret"
	deletes  kind = "delete"
)

// action is what a client asks for.
type action struct {
	kind        kind
	which       int    // of the cell's credentials
	name        string // that it shall have: of creates and edits
	ifMatch     int64  // of edits; 0: whatever stands
	label       string // of the secret, for rotates and drops
	compromised bool   // drops
}

// outcome is what the client was told. The zero value is nothing: the action may
// have happened, at any time since, or never.
type outcome struct {
	status int
	shown  bool     // the answer showed the credential
	one    register // as it showed it
	all    cell     // as a list showed them
}

const (
	firstSecret = "first" // the label of the one that a create makes: it has none
	endingMark  = "!"
	mostSecrets = 5
)

// answerTo is the specification: what the API answers to an action on a
// credential, and what the credential is then.
func answerTo(r register, a action) (status int, after register) {
	if a.kind == makes {
		if r.stage != never {
			return 0, r // each is made once
		}
		return http.StatusCreated, register{there, 1, a.name, false, firstSecret}
	}
	if r.stage != there {
		return http.StatusNotFound, r
	}
	switch a.kind {
	case edits:
		if a.ifMatch != 0 && a.ifMatch != r.version {
			return http.StatusPreconditionFailed, r
		}
		r.name = a.name
		r.version++
	case disables, enables:
		if off := a.kind == disables; r.disabled != off {
			r.disabled = off
			r.version++
		}
	case rotates:
		return rotated(r, a.label)
	case drops:
		return dropped(r, a)
	case deletes:
		return http.StatusNoContent, register{stage: gone}
	}
	return http.StatusOK, r
}

func (r register) labels() []string {
	if r.secrets == "" {
		return nil
	}
	return strings.Split(r.secrets, " ")
}

func joinLabels(labels []string) string {
	slices.Sort(labels)
	return strings.Join(labels, " ")
}

func rotated(r register, label string) (int, register) {
	labels := r.labels()
	if len(labels) >= mostSecrets {
		return http.StatusConflict, r
	}
	for i, l := range labels {
		labels[i] = strings.TrimSuffix(l, endingMark) + endingMark
	}
	r.secrets = joinLabels(append(labels, label))
	return http.StatusCreated, r
}

func dropped(r register, a action) (int, register) {
	labels := r.labels()
	rest := slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return strings.TrimSuffix(l, endingMark) == a.label })
	switch {
	case len(rest) == len(labels):
		return http.StatusNotFound, r
	case len(rest) == 0:
		return http.StatusConflict, r // the last one stays
	}
	r.secrets = joinLabels(rest)
	if a.compromised {
		r.version++
	}
	return http.StatusNoContent, r
}

// step tells whether an action may have had its outcome in a state, and what
// state it leaves. One whose outcome nobody knows always may: if it happened, it
// did what the specification says, and if it never did, that is as if it came
// last.
func step(before cell, a action, o outcome) (bool, cell) {
	after := before
	if a.kind == lists {
		for i := range after {
			if after[i].stage == gone {
				after[i] = register{} // a list does not tell them apart
			}
		}
		return o.status == http.StatusOK && o.all == after, before
	}
	status, one := answerTo(before[a.which], a)
	after[a.which] = one
	if o.status == 0 {
		return true, after
	}
	return o.status == status && (!o.shown || o.one == one), after
}

// registers is the model for porcupine.
func registers() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return cell{} },
		Step: func(state, input, output any) (bool, any) {
			ok, after := step(state.(cell), input.(action), output.(outcome))
			return ok, after
		},
		DescribeOperation: func(input, output any) string { return describe(input.(action), output.(outcome)) },
		DescribeState:     func(state any) string { return state.(cell).String() },
	}
}

// pending is when an action returns whose outcome nobody knows.
const pending = math.MaxInt64

func (a action) String() string {
	text := fmt.Sprintf("%s %d", a.kind, a.which)
	switch a.kind {
	case lists:
		return string(lists)
	case makes:
		return text + " " + a.name
	case edits:
		text += " to " + a.name
		if a.ifMatch != 0 {
			text += fmt.Sprintf(" if %d", a.ifMatch)
		}
	case rotates, drops:
		text += " " + a.label
	}
	if a.compromised {
		text += " as compromised"
	}
	return text
}

func (r register) String() string {
	switch {
	case r.stage == never:
		return "-"
	case r.stage == gone:
		return "gone"
	case r.disabled:
		return fmt.Sprintf("v%d %s disabled [%s]", r.version, r.name, r.secrets)
	}
	return fmt.Sprintf("v%d %s [%s]", r.version, r.name, r.secrets)
}

func (c cell) String() string {
	var all []string
	for i, r := range c {
		all = append(all, fmt.Sprintf("%d: %v", i, r))
	}
	return strings.Join(all, "; ")
}

func describe(a action, o outcome) string {
	switch {
	case o.status == 0:
		return a.String() + " -> nobody knows"
	case a.kind == lists:
		return fmt.Sprintf("%v -> %v", a, o.all)
	case o.shown:
		return fmt.Sprintf("%v -> %d %v", a, o.status, o.one)
	}
	return fmt.Sprintf("%v -> %d", a, o.status)
}
