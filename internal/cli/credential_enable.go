package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialEnable(a *app) *cobra.Command {
	return onCredential(a, &cobra.Command{
		Use: "enable CLIENT_ID", Short: "Switch an API credential on again",
		Long: `Switches an API credential on again. What an admin disabled, only an admin enables;
what the owner disabled, the owner. Access tokens from before stay dead.`,
		Example: "  claviger credential enable 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811",
	}, (*client.Client).EnableCredential)
}
