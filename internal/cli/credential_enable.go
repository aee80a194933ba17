package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialEnable(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "enable CLIENT_ID", Short: "Switch an API credential on again",
		Long: `Switches an API credential on again. What an admin disabled, only an admin enables;
what the owner disabled, the owner. Access tokens from before stay dead.`,
		Example: "  claviger credential enable 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811",
		Args:    takes("CLIENT_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	output := addOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			credential, err := c.EnableCredential(ctx, args[0])
			if err != nil {
				return err
			}
			return a.print(output, credentialPrinted(credential))
		})
	})
	return cmd
}
