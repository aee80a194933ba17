package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newKeyRemove(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove KID", Short: "Remove a signing key that has leaked, with its tokens",
		Long: `Removes a signing key at once. Every token that it signed is refused from now on,
by other nodes within two seconds; programs get new ones as when a token expires.
In the place of the active key the next one signs.

Services that check tokens by themselves trust the key until they fetch the JWK
Set anew, up to five minutes; files made with claviger key export must be replaced.`,
		Example: `  claviger key remove l3rWvj6oVZ9yK2mT5cQxXh1sN8bEfUaG4dRzP7uYwJk`,
		Args:    takes("KID"),
	}
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			keys, err := operator.RemoveSigningKey(cmd.Context(), desk.KeyRef{KID: args[0]})
			if err != nil {
				return err
			}
			return a.print(output, keysPrinted(keys))
		})
	})
	return cmd
}
