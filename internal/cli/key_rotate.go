package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newKeyRotate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate", Short: "Let the next signing key sign from now on",
		Long: `The next key signs from now on, another is published behind it, and the key that
signed verifies until its last token has expired: no token dies.

For six minutes after a rotation the next one is refused, since verifiers may not
have fetched the next key yet. --force rotates all the same: services that check
tokens by themselves may then refuse new tokens for up to five minutes. A key that
has leaked is not rotated but removed: claviger key remove.`,
		Example: `  claviger key rotate`,
		Args:    takes(),
	}
	force := cmd.Flags().Bool("force", false, "rotate although verifiers may not know the next key yet")
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			keys, err := operator.RotateSigningKeys(cmd.Context(), desk.KeyRotation{Force: *force})
			if err != nil {
				return err
			}
			return a.print(output, keysPrinted(keys))
		})
	})
	return cmd
}
