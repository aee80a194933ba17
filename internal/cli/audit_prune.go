package cli

import (
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/server"
)

func newAuditPrune(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "prune --before MOMENT [--archive FILE]", Short: "Move old events of the audit log to an archive",
		Long: `Verifies the audit log, writes the events from before a moment to a new file, and
then removes them from the database, with their addresses, while servers run and
write. What the log begins behind from then on is signed with a key that is derived
from the master key, so claviger audit verify still proves it: whoever owns the
database, and not that key, cannot cut the beginning off. The pruning is an event of
the log itself.

Without --archive nothing changes: it says what would go. Events of the last 48
hours stay. The file can be read by its owner alone and never replaces another.
Keep it where the owner of the database cannot write; claviger audit verify
--archive proves it, and that it joins on to the log.

It uses migrate_database_url, as the servers' role may have no right to remove
events. Where that is set for migrations alone, give it here.`,
		Example: `  claviger audit prune --before 400d
  claviger audit prune --before 2026-01-01 --archive /mnt/elsewhere/2025.archive`,
		Args: takes(),
	}
	before := &past{}
	cmd.Flags().Var(before, "before", "prune events from before this moment, as 2026-01-01, or that are older, as 400d")
	archive := addText(cmd, "archive", "file", "write the events to this new file and prune them")
	require(cmd, "before")
	output := addOutput(cmd)
	settings := addSettings(cmd, "data_dir", "database_url", "migrate_database_url", "master_key", "master_keys_old")
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		if archive.String() == "-" {
			return usagef("--archive takes the name of a new file, which is on the disk before anything is removed.")
		}
		cfg, err := settings.load()
		if err != nil {
			return err
		}
		report, err := server.PruneAudit(cmd.Context(), cfg, newLogger(cfg, a.Err), server.PruneRequest{
			Before: before.moment(time.Now()), Archive: archive.String(),
		})
		if err != nil {
			return err
		}
		err = a.print(output, prunePrinted(&report))
		if report.Archive == "" {
			a.say("Nothing was pruned. To do it, name a new file: --archive FILE.")
		} else {
			a.say("Pruned. Keep the archive where the owner of the database cannot write, and check it: claviger audit verify --archive %s", report.Archive)
		}
		return err
	})
	return cmd
}

func prunePrinted(r *server.PruneReport) printed {
	return printed{json: r, rows: [][]string{
		{"events", strconv.FormatInt(r.Events, 10)}, {"first sequence", strconv.FormatInt(r.FirstSequence, 10)},
		{"last sequence", strconv.FormatInt(r.LastSequence, 10)}, {"from", clock(r.From)}, {"to", clock(r.To)},
		{"last hash", r.LastHash}, {"left", strconv.FormatInt(r.Left, 10)}, {"archive", r.Archive},
	}}
}

// past is a flag that takes a moment, or a length of time that ends now.
type past struct {
	text string
	at   moment
	ago  time.Duration
}

func (p *past) String() string { return p.text }

// Type names the value in help texts.
func (p *past) Type() string { return "moment" }

// Set refuses what is neither.
func (p *past) Set(text string) error {
	p.text, p.ago = text, 0
	if p.at.Set(text) == nil {
		return nil
	}
	var err error
	if p.ago, err = config.ParseDuration(text); err != nil || p.ago <= 0 {
		return errors.New("it must be a day or a time, as 2026-01-01 or 2026-01-01T12:00:00Z, or an age, as 400d")
	}
	return nil
}

func (p *past) moment(now time.Time) time.Time {
	if p.ago > 0 {
		return now.Add(-p.ago)
	}
	return p.at.at
}
