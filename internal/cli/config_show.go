package cli

import (
	"github.com/spf13/cobra"
)

func newConfigShow(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show", Short: "Show the settings as they stand",
		Long: `Prints each setting with the value that claviger serve would use and where it
comes from. Secrets are redacted.`,
		Example: `  claviger config show
  claviger config show --config /etc/claviger/claviger.yaml --output json`,
		Args: takes(),
	}
	output := addOutput(cmd)
	settings := addSettings(cmd)
	cmd.RunE = a.run(func(*cobra.Command, []string) error {
		cfg, err := settings.load()
		if err != nil {
			return err
		}
		effective := cfg.Effective()
		p := printed{head: []string{"SETTING", "VALUE", "FROM"}, json: map[string]any{"settings": effective}}
		for _, e := range effective {
			p.rows = append(p.rows, []string{e.Key, e.Value, e.Origin})
		}
		return a.print(output, p)
	})
	return cmd
}
