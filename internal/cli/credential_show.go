package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialShow(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show CLIENT_ID", Short: "Show an API credential",
		Long: "Shows an API credential with its secrets: never their text, but the last four\ncharacters, by which they can be told apart.",
		Example: `  claviger credential show 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811
  claviger credential show 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --output json`,
		Args: takes("CLIENT_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	output := addOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			credential, err := c.GetCredential(ctx, args[0])
			if err != nil {
				return err
			}
			return a.print(output, credentialPrinted(credential))
		})
	})
	return cmd
}
