package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialDisable(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "disable CLIENT_ID", Short: "Switch an API credential off",
		Long: `Switches an API credential off. Its access tokens die at once and stay dead. It can
be enabled again.`,
		Example: "  claviger credential disable 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811",
		Args:    takes("CLIENT_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	output := addOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			credential, err := c.DisableCredential(ctx, args[0])
			if err != nil {
				return err
			}
			return a.print(output, credentialPrinted(credential))
		})
	})
	return cmd
}
