package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

func newUserCreate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create --email EMAIL --role ROLE", Short: "Make a person a user of an account",
		Long: `Makes a person a user of an account and prints the user with a set-up link. The
link signs that person in, once, within 24 hours; it is not shown again. Make
another with: claviger user set-up-link`,
		Example: `  claviger user create --email ada@example.com --role admin
  claviger user create --email grace@example.com --name "Grace Hopper" --role supervisor --account harbour`,
		Args: takes(),
	}
	email := addText(cmd, "email", "address", "e-mail address, by which the person is known")
	name := cmd.Flags().String("name", "", "the person's `name`")
	role := choose(cmd, "role", "what the person is in the account", roles()...)
	account := addAccount(cmd)
	require(cmd, "email", "role")
	output := addOutput(cmd)
	installation := addIssuingInstallation(a, cmd)
	installation.creates = true
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		in := desk.NewUser{
			AccountRef: desk.AccountRef{Account: account.String()}, Email: email.String(), Name: *name, Role: apicred.Role(role.word),
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			created, err := operator.CreateUser(cmd.Context(), in)
			if err != nil {
				return err
			}
			return a.printCreatedUser(output, created)
		})
	})
	return cmd
}

func (a *app) printCreatedUser(output *choice, created desk.CreatedUser) error {
	err := a.print(output, usersPrinted([]desk.User{created.User}, map[string]any{
		"user": created.User, "set_up_link": shown(created.SetUpLink),
	}))
	if err != nil || output.word == outputJSON {
		return err
	}
	_, err = fmt.Fprintf(a.Out, "\nSet-up link, works once until %s, not shown again:\n%s\n",
		clock(created.SetUpLink.ExpiresAt), created.SetUpLink.URL.Reveal())
	return err
}
