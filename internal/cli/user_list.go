package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newUserList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the users of an account",
		Example: `  claviger user list
  claviger user list --account harbour --output json`,
		Args: takes(),
	}
	account := addAccount(cmd)
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			users, err := operator.Users(cmd.Context(), desk.AccountRef{Account: account.String()})
			if err != nil {
				return err
			}
			return a.print(output, usersPrinted(users, map[string]any{"users": users}))
		})
	})
	return cmd
}
