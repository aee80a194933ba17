package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newAccountList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the accounts",
		Example: `  claviger account list
  claviger account list --output json`,
		Args: takes(),
	}
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			accounts, err := operator.Accounts(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(output, accountsPrinted(accounts, map[string]any{"accounts": accounts}))
		})
	})
	return cmd
}
