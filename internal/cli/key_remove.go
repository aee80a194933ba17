package cli

import (
	"slices"
	"strings"

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

// kidLength is that of a key ID: a SHA-256 thumbprint (RFC 7638) in base64url.
const kidLength = 43

// keyIDsLast puts the key IDs of "key remove" that begin with "-", as one in 64
// does, behind "--", where they are not taken for flags.
func keyIDsLast(args []string) []string {
	if len(args) < 3 || args[0] != "key" || args[1] != "remove" || slices.Contains(args, "--") {
		return args
	}
	var ids, rest []string
	for _, arg := range args {
		if len(arg) == kidLength && arg[0] == '-' && !strings.Contains(arg, "=") {
			ids = append(ids, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	if len(ids) == 0 {
		return args
	}
	return slices.Concat(rest, []string{"--"}, ids)
}
