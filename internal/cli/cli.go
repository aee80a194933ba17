package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes (contract.md "Binary").
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Stdio is where a command reads and writes.
type Stdio struct {
	In  io.Reader
	Out io.Writer // data
	Err io.Writer // talk
}

// Main runs the command line args, without the program's name, and returns the
// exit code. When ctx ends, the command stops in an orderly way.
func Main(ctx context.Context, args []string, stdio Stdio) int {
	a := &app{Stdio: stdio}
	root := newRoot(a)
	root.SetArgs(keyIDsLast(args))
	root.SetIn(stdio.In)
	root.SetOut(stdio.Out)
	root.SetErr(stdio.Err)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	return a.fail(command, err)
}

// app is what the commands of one run share.
type app struct {
	Stdio
	// started is set when a command begins its work: errors before that are
	// about how it was called.
	started bool
}

func newRoot(a *app) *cobra.Command {
	root := group(a, "claviger", "Keep the credentials of your APIs", rootLong)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetHelpCommand(newHelp(a))
	root.SetFlagErrorFunc(flagError)
	// A command that only holds others is no usage by itself, though it can be run.
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}", 1))
	root.AddCommand(
		newDemo(a), newServe(a), newMigrate(a),
		newAccount(a), newUser(a), newToken(a), newCredential(a), newCatalogue(a),
		newKey(a), newAudit(a), newExplain(a), newBackup(a), newRestore(a), newDoctor(a),
		newConfig(a), newVersion(a),
	)
	return root
}

// flagError points those who try the flag of other programs to the command.
func flagError(cmd *cobra.Command, err error) error {
	if !cmd.HasParent() && strings.HasSuffix(err.Error(), "flag: --version") {
		return usagef("There is no flag --version. Did you mean claviger version?")
	}
	return err
}

const rootLong = `Claviger is a server for API credentials: people create, scope, rotate and retire
them in a console, programs use them to call APIs.

Start with:

  claviger demo     everything with sample data, gone when it ends
  claviger serve    the server`
