package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/config"
)

// usageError says that the command line itself is wrong.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// run marks the point where a command begins its work.
func (a *app) run(work func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.started = true
		return work(cmd, args)
	}
}

// group is a command that only holds others; by itself it shows its help and is
// wrong usage.
func group(a *app, name, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Long: long, DisableFlagsInUseLine: true, SuggestionsMinimumDistance: 2,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			cmd.SetOut(a.Err)
			if err := cmd.Help(); err != nil {
				return err
			}
			return usagef("A subcommand is missing.")
		},
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	message := fmt.Sprintf("There is no command %q.", cmd.CommandPath()+" "+name)
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		message += " Did you mean " + cmd.CommandPath() + " " + strings.Join(near, " or ") + "?"
	}
	return &usageError{message}
}

// takes wants exactly the named arguments.
func takes(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("The argument %s is missing.", names[len(args)])
		case len(args) > len(names):
			return usagef("The argument %q is one too many.", args[len(names)])
		}
		// An empty one is mostly a variable that is not set.
		if i := slices.Index(args, ""); i >= 0 {
			return usagef("The argument %s is empty.", names[i])
		}
		return nil
	}
}

// choice is a flag that takes one of a few words.
type choice struct {
	words []string
	word  string
}

func (c *choice) String() string { return c.word }

// Type names the value in help texts.
func (c *choice) Type() string { return strings.Join(c.words, "|") }

// Set refuses other words, which makes it wrong usage.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("must be %s", oneOf(c.words))
	}
	c.word = word
	return nil
}

func oneOf(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// choose adds a flag that takes one of words; the first is the default where
// preset.
func choose(cmd *cobra.Command, name, usage string, words ...string) *choice {
	c := &choice{words: words}
	cmd.Flags().Var(c, name, usage)
	// It fails only for a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// length is a flag for a length of time, written as in the settings.
type length struct{ time.Duration }

func (l *length) String() string {
	if l.Duration == 0 {
		return "" // help texts name no default that is zero
	}
	return config.ShortDuration(l.Duration)
}

// Type names the value in help texts.
func (l *length) Type() string { return "duration" }

// Set refuses what is no length of time.
func (l *length) Set(text string) (err error) {
	l.Duration, err = config.ParseDuration(text)
	return err
}

// addLength adds a flag for a length of time.
func addLength(cmd *cobra.Command, name string, preset time.Duration, usage string) *length {
	l := &length{preset}
	cmd.Flags().Var(l, name, usage)
	return l
}

// require marks flags that must be given.
func require(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		_ = cmd.MarkFlagRequired(name) // it fails only for a flag that does not exist
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		for _, name := range names {
			if !cmd.Flags().Changed(name) {
				return usagef("The flag --%s is missing.", name)
			}
		}
		return nil
	}
}

// words is a flag whose value must not be empty: an empty one is mostly a
// variable that is not set, and must not be taken for "all" or "the default".
type words struct {
	all    []string
	kind   string
	repeat bool
}

func (w *words) String() string { return strings.Join(w.all, " ") }

// Type names the value in help texts.
func (w *words) Type() string { return w.kind }

// Set refuses the empty text.
func (w *words) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty")
	}
	if !w.repeat {
		w.all = nil
	}
	w.all = append(w.all, text)
	return nil
}

// addText adds a flag for a text that is not empty where it is given.
func addText(cmd *cobra.Command, name, kind, usage string) *words {
	w := &words{kind: kind}
	cmd.Flags().Var(w, name, usage)
	return w
}

// changed returns a pointer to value where the flag was given, else nil.
func changed[T any](cmd *cobra.Command, flag string, value T) *T {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	return &value
}
