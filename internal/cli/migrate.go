package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/server"
)

func newMigrate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database schema up to date",
		Long: `Applies the schema migrations of this release, and makes the database where there
is none. The server does it at its start too, unless migrate_on_start is off.`,
		Example: `  claviger migrate
  claviger migrate --config /etc/claviger/claviger.yaml`,
		Args: takes(),
	}
	settings := addSettings(cmd, "data_dir", "database_url", "migrate_database_url")
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		cfg, err := settings.load()
		if err != nil {
			return err
		}
		if err := server.Migrate(cmd.Context(), cfg, newLogger(cfg, a.Err)); err != nil {
			return err
		}
		a.say("The database schema is up to date.")
		return nil
	})
	return cmd
}
