package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/server"
)

func newAuditVerify(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Check the whole audit log for tampering",
		Long: `Checks every event of the audit log and the end that the database says it has,
while the server runs or not, and prints how far it goes. It fails at the first
event that was changed, removed or put in.

Whoever owns the database can make a whole new log that holds. Against that, save
checkpoints elsewhere (claviger audit checkpoint): with --checkpoint it fails unless
the log still contains what the file says and nothing before it was rewritten. The
checkpoints that are kept beside the log are checked each time.

A log that was pruned begins behind an event, and what says so must be signed with
the master key. With --archive it is verified together with what was pruned, from
the first event of the first archive on.`,
		Example: `  claviger audit verify
  claviger audit verify --archive 2025.archive --archive 2026.archive
  claviger audit verify --checkpoint /mnt/elsewhere/2026-11-22.checkpoint`,
		Args: takes(),
	}
	saved := addText(cmd, "checkpoint", "file", "compare with the checkpoint in this file; - is stdin")
	archives := addText(cmd, "archive", "file", "verify this archive too, repeatable; it must join on to the rest")
	archives.repeat = true
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		var in desk.AuditVerification
		if saved.String() != "" {
			text, err := a.readFile(saved.String(), audit.MaxCheckpointSize)
			if err != nil {
				return err
			}
			in.Checkpoint = string(text)
			if in.Checkpoint == "" {
				in.Checkpoint = "\n" // an empty file is no checkpoint, and not the wish for none
			}
		}
		if len(archives.all) > 0 {
			return a.verifyArchives(cmd.Context(), installation.settings, output, archives.all, in)
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			report, err := operator.VerifyAudit(cmd.Context(), in)
			if err != nil {
				return err
			}
			return a.printAudit(output, report)
		})
	})
	return cmd
}

// verifyArchives reads the database itself: a running server does not read files
// for others.
func (a *app) verifyArchives(ctx context.Context, settings *settings, output *choice, files []string, in desk.AuditVerification) error {
	cfg, err := settings.load()
	if err != nil {
		return err
	}
	var saved *audit.Checkpoint
	if in.Checkpoint != "" {
		c, err := audit.ParseCheckpoint([]byte(in.Checkpoint))
		if err != nil {
			return err
		}
		saved = &c
	}
	report, err := desk.AuditReportOf(server.VerifyArchives(ctx, cfg, newLogger(cfg, a.Err), files, saved))
	if err != nil {
		return err
	}
	return a.printAudit(output, report)
}

func (a *app) printAudit(output *choice, report desk.AuditReport) error {
	at := ""
	if report.LastAt != nil {
		at = clock(*report.LastAt)
	}
	rows := [][]string{
		{"events", strconv.FormatInt(report.Events, 10)},
		{"last sequence", strconv.FormatInt(report.LastSequence, 10)},
		{"last hash", report.LastHash},
		{"last event at", at},
		{"checkpoints", strconv.Itoa(report.Checkpoints)},
	}
	if report.PrunedUpTo > 0 {
		rows = append(rows, []string{"pruned up to", strconv.FormatInt(report.PrunedUpTo, 10)})
	}
	if err := a.print(output, printed{json: report, rows: rows}); err != nil {
		return err
	}
	if report.Fault != nil {
		return apicred.Conflict(report.Fault.Message)
	}
	if report.UnknownKeys > 0 {
		a.say("%d checkpoints are of keys that are not configured and prove nothing here. Those of earlier master keys count with master_keys_old.", report.UnknownKeys)
	}
	a.say("The audit log holds.")
	return nil
}
