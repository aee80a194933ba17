package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newKeyList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the published signing keys",
		Long: `Lists the signing keys that are published, oldest first. NOT BEFORE is when the
active key began to sign, and when the next one may at the earliest.`,
		Example: `  claviger key list
  claviger key list --output json`,
		Args: takes(),
	}
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			keys, err := operator.SigningKeys(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(output, keysPrinted(keys))
		})
	})
	return cmd
}
