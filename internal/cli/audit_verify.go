package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

func newAuditVerify(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Check the whole audit log for tampering",
		Long: `Checks every event of the audit log and the end that the database says it has,
while the server runs or not, and prints how far it goes. It fails at the first
event that was changed, removed or put in.

Whoever owns the database can make a whole new log that holds. Keep the last hash
elsewhere: a log that is honest still has that hash at that sequence later.`,
		Example: `  claviger audit verify
  claviger audit verify --output json >> /mnt/elsewhere/audit-heads`,
		Args: takes(),
	}
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			report, err := operator.VerifyAudit(cmd.Context())
			if err != nil {
				return err
			}
			return a.printAudit(output, report)
		})
	})
	return cmd
}

func (a *app) printAudit(output *choice, report desk.AuditReport) error {
	at := ""
	if report.LastAt != nil {
		at = clock(*report.LastAt)
	}
	err := a.print(output, printed{json: report, rows: [][]string{
		{"events", strconv.FormatInt(report.Events, 10)},
		{"last sequence", strconv.FormatInt(report.LastSequence, 10)},
		{"last hash", report.LastHash},
		{"last event at", at},
	}})
	if err != nil {
		return err
	}
	if report.Fault != nil {
		return apicred.Conflict(report.Fault.Message)
	}
	a.say("The audit log holds.")
	return nil
}
