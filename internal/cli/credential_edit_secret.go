package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialEditSecret(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit-secret CLIENT_ID SECRET_ID", Short: "Close a client secret when nobody uses it any more",
		Long: `Asks for a client secret to be closed when nobody has used it for so long, or takes
that back with "none". It is counted from the secret's next use, or from now. An end
that the secret has stands; the last secret that works is never closed.

claviger credential show prints the IDs of the secrets.`,
		Example: `  claviger credential edit-secret 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 0199b2c4-6f1e-7c3b-b1f0-2c8d9e6a4735 --close-when-quiet 24h
  claviger credential edit-secret 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 0199b2c4-6f1e-7c3b-b1f0-2c8d9e6a4735 --close-when-quiet none`,
		Args: takes("CLIENT_ID", "SECRET_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	quiet := addOrNone(cmd, "close-when-quiet", "close it when nobody has used it for so long, 1h to 90d", &orNone[int64]{kind: "duration", parse: parseHours})
	output := addOutput(cmd)
	require(cmd, "close-when-quiet")
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			secret, err := c.EditSecret(ctx, args[0], args[1], client.SecretChange{CloseWhenQuietHours: quiet.change()})
			if err != nil {
				return err
			}
			return a.print(output, printed{json: secret, rows: [][]string{secretRow(secret)}})
		})
	})
	return cmd
}
