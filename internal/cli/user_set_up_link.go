package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newUserSetUpLink(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "set-up-link USER", Short: "Make a link that signs a user in",
		Long: `Makes a link that signs a user in, named by e-mail address or user ID, and prints
it alone on stdout. It works once, within 24 hours, and is not shown again;
earlier links of that person end. Who forgot their password may set a new one
there without the old.`,
		Example: `  claviger user set-up-link ada@example.com
  claviger user set-up-link grace@example.com --account harbour`,
		Args: takes("USER"),
	}
	account := addAccount(cmd)
	output := addOutput(cmd)
	installation := addIssuingInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			link, err := operator.SetUpLink(cmd.Context(), desk.UserRef{
				AccountRef: desk.AccountRef{Account: account.String()}, User: args[0],
			})
			if err != nil {
				return err
			}
			if output.word == outputJSON {
				return a.print(output, printed{json: shown(link)})
			}
			a.say("Set-up link for %s, works once until %s:", args[0], clock(link.ExpiresAt))
			_, err = fmt.Fprintln(a.Out, link.URL.Reveal())
			return err
		})
	})
	return cmd
}
