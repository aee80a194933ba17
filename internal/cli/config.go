package cli

import "github.com/spf13/cobra"

func newConfig(a *app) *cobra.Command {
	cmd := group(a, "config", "Check and show the configuration", `Settings come from flags, the environment (CLAVIGER_…) and a file, in this order of
strength. Here they are read as claviger serve reads them.`)
	cmd.AddCommand(newConfigCheck(a), newConfigShow(a))
	return cmd
}
