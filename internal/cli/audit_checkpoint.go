package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newAuditCheckpoint(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "checkpoint", Short: "Print a signed checkpoint of the audit log, to save elsewhere",
		Long: `Prints where the audit log ends now: sequence, hash and time, signed with a key that
is derived from the master key. Save it where the owner of the database cannot write;
claviger audit verify --checkpoint FILE then shows whether anything up to there was
rewritten. A server keeps one every ten minutes in which the log has grown, and logs it.`,
		Example: `  claviger audit checkpoint > /mnt/elsewhere/2026-11-22.checkpoint`,
		Args:    takes(),
	}
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			checkpoint, err := operator.CheckpointAudit(cmd.Context())
			if err != nil {
				return err
			}
			_, err = a.Out.Write([]byte(checkpoint.Text))
			return err
		})
	})
	return cmd
}
