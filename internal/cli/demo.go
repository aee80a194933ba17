package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/server"
)

func newDemo(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo", Short: "Run everything with sample data, gone when it ends",
		Long: `Runs the server in a temporary directory with two sample accounts, people in
every role, the VCC catalogue and a sample API behind the built-in gateway, and
prints sign-in links and commands to paste. It needs no configuration and no
network; a default port that is taken is replaced by a free one. Everything is
gone when it ends.`,
		Example: `  claviger demo
  claviger demo --listen 127.0.0.1:9000
  claviger demo --json | head -n 1`,
		Args: takes(),
	}
	listen := cmd.Flags().String("listen", "", "`address` of console, REST API and OAuth (default 127.0.0.1:8420 or a free port)")
	asJSON := cmd.Flags().Bool("json", false, "print one line of JSON when ready, and logs on stderr")
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		makeRoom()
		return server.Demo(cmd.Context(), server.DemoOptions{Listen: *listen, JSON: *asJSON, Stdout: a.Out, Stderr: a.Err})
	})
	return cmd
}
