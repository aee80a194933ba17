package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// seen is an answer at a door that decides by what its node knows, which may be
// as old as seenBound: the token endpoint and forward-auth.
type seen struct {
	id           string // the client ID
	label        string // of the secret that was presented; empty: token was
	call, answer int64  // nanoseconds of the history
	yes          bool
	// of the token that was presented: when it was asked for, and when it was there
	asked, issued int64
}

func (s seen) String() string {
	what := "secret " + s.label
	if s.label == "" {
		what = fmt.Sprintf("the token that was issued at %v to %v", time.Duration(s.asked), time.Duration(s.issued))
	}
	return fmt.Sprintf("%v to %v: %s of %s: yes is %v", time.Duration(s.call), time.Duration(s.answer), what, s.id, s.yes)
}

// fate is all that was asked of one credential.
type fate []porcupine.Operation

// happened tells whether an action was acknowledged; may tells whether it cannot
// be ruled out.
func happened(o porcupine.Operation) bool { return o.Output.(outcome).status/100 == 2 }

func may(o porcupine.Operation) bool { return o.Output.(outcome).status == 0 || happened(o) }

// late is the fault that a yes shows: the secret, or the token, had ended, and
// that was acknowledged more than the bound before the request was sent. Empty:
// there is none.
func (f fate) late(s seen) string {
	limit := s.call - int64(seenBound)
	for _, o := range f {
		a := o.Input.(action)
		if o.Return > limit {
			continue
		}
		// Nothing is ever made twice, so who was told that it is not there was told
		// for good.
		missing := o.Output.(outcome).status == http.StatusNotFound && a.kind != drops
		ends := happened(o) && (a.kind == deletes || s.label != "" && a.kind == drops && a.label == s.label)
		if missing || ends {
			return describe(a, o.Output.(outcome))
		}
		if !happened(o) {
			continue
		}
		if s.label != "" && a.kind == disables && !f.enabledSince(o.Call, s.answer) {
			return describe(a, o.Output.(outcome))
		}
		// These end tokens that are out for good, but one that does nothing, since it
		// was disabled before: such tokens were dead then.
		if s.label == "" && o.Call > s.issued && (a.kind == disables || a.kind == drops && a.compromised) {
			return describe(a, o.Output.(outcome))
		}
	}
	return ""
}

// enabledSince tells whether it may have been enabled between the two.
func (f fate) enabledSince(from, to int64) bool {
	for _, o := range f {
		if o.Input.(action).kind == enables && may(o) && o.Call <= to && o.Return >= from {
			return true
		}
	}
	return false
}

// wrong tells whether a no was a fault: at no time from the request to its answer
// was there a reason for it.
func (f fate) wrong(s seen) bool {
	made := false
	for _, o := range f {
		a := o.Input.(action)
		if s.label != "" && (a.kind == makes && s.label == firstSecret || a.kind == rotates && a.label == s.label) {
			made = made || happened(o) && o.Return <= s.call
		}
		if !may(o) || o.Call > s.answer {
			continue
		}
		switch {
		case a.kind == deletes, s.label != "" && a.kind == drops && a.label == s.label:
			return false
		case s.label != "" && a.kind == disables && !f.enabledFor(o, s):
			return false
		// The node that issued the token may not have known yet what ended it.
		case s.label == "" && (a.kind == disables || a.kind == drops && a.compromised) && o.Return >= s.asked-int64(seenBound):
			return false
		}
	}
	return made || s.label == ""
}

// enabledFor tells whether what a disable did was surely undone before a request.
func (f fate) enabledFor(disabled porcupine.Operation, s seen) bool {
	for _, o := range f {
		if o.Input.(action).kind == enables && happened(o) && o.Call > disabled.Return && o.Return <= s.call {
			return true
		}
	}
	return false
}

// faultsOf returns the faults that answers show, each as a short story.
func faultsOf(fates map[string]fate, answers []seen) []string {
	var faults []string
	for _, s := range answers {
		f := fates[s.id]
		if s.yes {
			if why := f.late(s); why != "" {
				faults = append(faults, fmt.Sprintf("%v, and more than %v before it: %s\n%s", s, seenBound, why, f))
			}
		} else if f.wrong(s) {
			faults = append(faults, fmt.Sprintf("%v, without a reason\n%s", s, f))
		}
	}
	return faults
}

func (f fate) String() string { return story(f) }

// story tells what was asked and answered, in the order of asking.
func story(history []porcupine.Operation) string {
	var b strings.Builder
	inOrder := slices.SortedFunc(slices.Values(history), func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	for _, o := range inOrder {
		end := "never"
		if o.Return != pending {
			end = time.Duration(o.Return).Round(time.Microsecond).String()
		}
		fmt.Fprintf(&b, "  %10v to %10v client %d: %s\n", time.Duration(o.Call).Round(time.Microsecond), end, o.ClientId,
			describe(o.Input.(action), o.Output.(outcome)))
	}
	return b.String()
}
