package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialDisable(a *app) *cobra.Command {
	return onCredential(a, &cobra.Command{
		Use: "disable CLIENT_ID", Short: "Switch an API credential off",
		Long: `Switches an API credential off. Its access tokens die at once and stay dead. It can
be enabled again.`,
		Example: "  claviger credential disable 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811",
	}, (*client.Client).DisableCredential)
}
