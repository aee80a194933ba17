package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newAccountCreate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create an account",
		Example: `  claviger account create "Harbour Line"
  claviger account create harbour --output json`,
		Args: takes("NAME"),
	}
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	installation.creates = true
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			account, err := operator.CreateAccount(cmd.Context(), desk.NewAccount{Name: args[0]})
			if err != nil {
				return err
			}
			return a.print(output, accountsPrinted([]desk.Account{account}, account))
		})
	})
	return cmd
}
