package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

func newUserEdit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit USER", Short: "Change a user's role or status",
		Long: `Changes role and status of a user, named by e-mail address or user ID; what is
not given stays. Rights follow the person: the credentials they own, and tokens
already issued, lose at once what the person loses.`,
		Example: `  claviger user edit grace@example.com --role admin
  claviger user edit grace@example.com --status deactivated --account harbour`,
		Args: takes("USER"),
	}
	role := choose(cmd, "role", "new role", roles()...)
	status := choose(cmd, "status", "new status",
		string(apicred.UserActive), string(apicred.UserDeactivated), string(apicred.UserArchived))
	account := addAccount(cmd)
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		in := desk.UserEdit{
			UserRef: desk.UserRef{AccountRef: desk.AccountRef{Account: account.String()}, User: args[0]},
			Role:    changed(cmd, "role", apicred.Role(role.word)),
			Status:  changed(cmd, "status", apicred.UserStatus(status.word)),
		}
		if in.Role == nil && in.Status == nil {
			return usagef("Nothing to change was given: --role, --status or both.")
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			user, err := operator.EditUser(cmd.Context(), in)
			if err != nil {
				return err
			}
			return a.print(output, usersPrinted([]desk.User{user}, user))
		})
	})
	return cmd
}
