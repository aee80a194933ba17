package cli

import "github.com/spf13/cobra"

func newAudit(a *app) *cobra.Command {
	cmd := group(a, "audit", "List, verify and prune the audit log", `Every change is an event of the audit log, chained by hashes to the one before.`)
	cmd.AddCommand(newAuditList(a), newAuditVerify(a), newAuditCheckpoint(a), newAuditPrune(a))
	return cmd
}
