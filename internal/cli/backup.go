package cli

import (
	"runtime/debug"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/server"
)

func newBackup(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write everything the database holds to a file",
		Long: `Writes everything that the database holds at this moment to a new file, while the
server runs and writes, or not. The file appears under its name when it is whole
and on the disk. It can be read by its owner alone, and never replaces another.

The file is an SQLite database, from PostgreSQL too, and can be restored into
either. Client secrets are hashed in it and signing keys sealed under the master
key. The master key is not in it: keep a copy apart, or the backup is of no use.`,
		Example: `  claviger backup /mnt/backup/claviger-2026-11-22.db
  claviger backup "claviger-$(date +%F).db" --config /etc/claviger/claviger.yaml`,
		Args: takes("FILE"),
	}
	output := addOutput(cmd)
	settings := addSettings(cmd, "data_dir", "database_url")
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		cfg, err := settings.load()
		if err != nil {
			return err
		}
		report, err := server.Backup(cmd.Context(), cfg, args[0], release())
		if err != nil {
			return err
		}
		err = a.print(output, printed{json: report, rows: [][]string{
			{"file", report.File}, {"bytes", strconv.FormatInt(report.Bytes, 10)}, {"taken at", clock(report.TakenAt)},
			{"last audit sequence", strconv.FormatInt(report.LastSequence, 10)}, {"last audit hash", report.LastHash},
		}})
		a.say("The backup is whole. The master key is not in it: keep the key apart, since the backup cannot be used without it.")
		return err
	})
	return cmd
}

// release is the version of this program, as claviger version prints it.
func release() string {
	info, _ := debug.ReadBuildInfo() // nil in programs without modules
	return buildOf(info).Version
}
