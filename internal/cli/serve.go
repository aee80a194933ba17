package cli

import (
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/server"
	"github.com/claviger/claviger/internal/web"
)

func newServe(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the server",
		Long: `Runs the server until it is told to stop (SIGTERM or Ctrl-C); requests under way
are finished first. SIGHUP applies catalogue_file and reads the TLS certificate and
the client authorities again. While no admin exists, a one-time set-up link for the
first one is printed on stderr.

Each setting is a flag here, a variable CLAVIGER_… in the environment, or a key of
the file named with --config; flags come before the environment, and that before
the file. Secrets are better given as files than as flags, which other users of
the machine can read.`,
		Example: `  claviger serve
  claviger serve --config /etc/claviger/claviger.yaml
  claviger serve --data-dir /var/lib/claviger --listen 127.0.0.1:8420 \
    --issuer https://credentials.example.com`,
		Args: takes(),
	}
	settings := addSettings(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		cfg, err := settings.load()
		if err != nil {
			return err
		}
		makeRoom()
		lines := web.NewLogWriter(a.Err)
		err = server.Run(cmd.Context(), cfg, web.NewLogger(lines, cfg.LogFormat == config.LogJSON, cfg.LogLevel), a.Err)
		return errors.Join(err, lines.Close())
	})
	return cmd
}

// newLogger is for commands that end soon: each line is written at once.
func newLogger(cfg config.Config, out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == config.LogJSON {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
