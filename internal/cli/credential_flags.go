package cli

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
	"github.com/claviger/claviger/internal/config"
)

// none is the word that removes a limit.
const none = "none"

// orNone is a flag for a value that can also be removed.
type orNone[T any] struct {
	kind  string
	parse func(string) (T, error)
	text  string
	value *T // nil: none
}

func addOrNone[T any](cmd *cobra.Command, name, usage string, flag *orNone[T]) *orNone[T] {
	cmd.Flags().Var(flag, name, usage)
	return flag
}

func (f *orNone[T]) String() string { return f.text }

// Type names the value in help texts.
func (f *orNone[T]) Type() string { return f.kind + "|" + none }

// Set refuses what is neither such a value nor none.
func (f *orNone[T]) Set(text string) error {
	f.text, f.value = text, nil
	if text == none {
		return nil
	}
	value, err := f.parse(text)
	f.value = &value
	return err
}

// change is the flag as a member of an edit.
func (f *orNone[T]) change() client.Member[T] {
	switch {
	case f.text == "":
		return client.Member[T]{}
	case f.value == nil:
		return client.Null[T]()
	}
	return client.Set(*f.value)
}

// limits are the flags of what bounds a credential.
type limits struct {
	expires  *orNone[time.Time]
	cidrs    *words
	lifetime *orNone[int64]
	rate     *orNone[int64]
}

func addLimits(cmd *cobra.Command) *limits {
	l := &limits{
		expires:  addOrNone(cmd, "expires", "when it ends: a day, a time, or how long from now, as 90d", &orNone[time.Time]{kind: "time", parse: parseEnd}),
		cidrs:    addText(cmd, "cidr", "range|"+none, "address range it may be used from, repeatable; all that shall stand"),
		lifetime: addOrNone(cmd, "token-lifetime", "longest life of its access tokens, 60s to 24h", &orNone[int64]{kind: "duration", parse: parseSeconds}),
		rate:     addOrNone(cmd, "requests-per-second", "how many requests a second it may make, on each node", &orNone[int64]{kind: "number", parse: parseCount}),
	}
	l.cidrs.repeat = true
	return l
}

// ranges are the address ranges that were given; empty and true: none.
func (l *limits) ranges() (all []string, given bool, err error) {
	all = strings.Fields(l.cidrs.String())
	if !slices.Contains(all, none) {
		return all, len(all) > 0, nil
	}
	if len(all) > 1 {
		return nil, false, usagef("--cidr none cannot stand beside a range.")
	}
	return []string{}, true, nil
}

// parseEnd reads a moment, or a length of time from now.
func parseEnd(text string) (time.Time, error) {
	var at moment
	if at.Set(text) == nil {
		return at.at, nil
	}
	after, err := config.ParseDuration(text)
	if err != nil || after == 0 {
		return time.Time{}, errors.New("it must be a day, a time, or a length of time from now, as 2026-11-01, 2026-11-01T12:00:00Z or 90d")
	}
	return time.Now().Add(after).UTC().Truncate(time.Second), nil
}

func parseSeconds(text string) (int64, error) {
	d, err := config.ParseDuration(text)
	if err == nil && d%time.Second != 0 {
		err = errors.New("it must be whole seconds")
	}
	return int64(d / time.Second), err
}

func parseHours(text string) (int64, error) {
	d, err := config.ParseDuration(text)
	if err == nil && (d%time.Hour != 0 || d == 0 || d > mostOverlap) {
		err = errors.New("it must be whole hours, from 1h to 90d")
	}
	return int64(d / time.Hour), err
}

// hours is a flag for a number of hours, written as a length of time.
type hours struct{ n int64 }

func (h *hours) String() string {
	if h.n == 0 {
		return "" // help texts name no default that is zero
	}
	return hoursOf(h.n)
}

// Type names the value in help texts.
func (h *hours) Type() string { return "duration" }

// Set refuses what is no number of whole hours.
func (h *hours) Set(text string) (err error) {
	h.n, err = parseHours(text)
	return err
}

func parseCount(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, errors.New("it must be a whole number from 1 on")
	}
	return n, nil
}

// addScopes adds a flag that takes scope values, again and again.
func addScopes(cmd *cobra.Command, m *management, name, usage string) *words {
	scopes := addText(cmd, name, "scope", usage)
	scopes.repeat = true
	_ = cmd.RegisterFlagCompletionFunc(name, m.completeScopes) // it fails only for a flag that does not exist
	return scopes
}
