package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialShow(a *app) *cobra.Command {
	return onCredential(a, &cobra.Command{
		Use: "show CLIENT_ID", Short: "Show an API credential",
		Long: "Shows an API credential with its secrets: never their text, but the last four\ncharacters, by which they can be told apart.",
		Example: `  claviger credential show 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811
  claviger credential show 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --output json`,
	}, (*client.Client).GetCredential)
}
