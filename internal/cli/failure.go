package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
)

// fail says on stderr what went wrong and what to do, and returns the exit code.
func (a *app) fail(command *cobra.Command, err error) int {
	var usage *usageError
	var output *fs.PathError // stdout cannot be written to; cobra's own commands have no mark of having begun
	if errors.As(err, &usage) || !a.started && !errors.As(err, &output) {
		if command.Name() == "help" {
			command = command.Root()
		}
		a.say("claviger: %s", sentence(err.Error()))
		a.say("Run '%s --help' for usage.", command.CommandPath())
		return exitUsage
	}
	lines := failure(err)
	a.say("claviger: %s", lines[0])
	for _, line := range lines[1:] {
		a.say("  %s", line)
	}
	return exitFailed
}

// say writes one line of talk; a terminal that went away is no reason to stop.
func (a *app) say(format string, args ...any) { _, _ = fmt.Fprintf(a.Err, format+"\n", args...) }

// failure is an error as somebody at a terminal reads it: what is wrong, what to
// do about it, and what finds it in a server's log.
func failure(err error) []string {
	lines := wrong(err)
	var advice *advice
	if errors.As(err, &advice) {
		lines = append(lines, advice.lines...)
	}
	var problem *client.Problem
	if errors.As(err, &problem) && problem.RequestID != "" {
		lines = append(lines, "Request ID: "+cell(problem.RequestID))
	}
	return lines
}

// wrong is one line, or a heading and a line for each thing that is wrong.
func wrong(err error) []string {
	var problem *client.Problem
	if errors.As(err, &problem) {
		return problemLines(problem)
	}
	var faults config.Faults
	var domain *apicred.Error
	switch {
	case errors.As(err, &faults):
		var lines []string
		for _, fault := range faults {
			lines = append(lines, fault.String())
		}
		return headed("The configuration has %d faults:", lines)
	case errors.As(err, &domain) && len(domain.Fields) > 0:
		var lines []string
		for _, field := range domain.Fields {
			lines = append(lines, member(field.Location)+": "+field.Message)
		}
		return headed("%d things must be corrected:", lines)
	case domain != nil && domain.Kind == apicred.KindInternal && domain.Unwrap() != nil:
		// Whoever has the terminal has the database: the cause is for them.
		return []string{"Something went wrong: " + oneLine(domain.Unwrap().Error())}
	case domain != nil:
		return []string{oneLine(domain.Message)}
	case errors.Is(err, context.Canceled):
		return []string{"Interrupted."}
	}
	return []string{sentence(oneLine(err.Error()))}
}

func headed(heading string, lines []string) []string {
	if len(lines) == 1 {
		return lines
	}
	return append([]string{fmt.Sprintf(heading, len(lines))}, lines...)
}

// member is a wire location as somebody at a terminal knows it.
func member(location string) string { return strings.TrimPrefix(location, "body.") }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// sentence begins with a capital letter and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return text
	}
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
