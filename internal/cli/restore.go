package cli

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/server"
)

// restoreFlags say what a restore is to do.
type restoreFlags struct {
	trust, confirm, all, waiting bool
}

func newRestore(a *app) *cobra.Command {
	flags := &restoreFlags{}
	cmd := &cobra.Command{
		Use: "restore FILE | --confirm [CLIENT_ID...]", Short: "Bring a backup back, and confirm what came back",
		Long: `Fills the configured database, which must be empty, from a backup. The server must
not run on it. The backup is checked first: as a database, its audit log, and
whether the configured master key opens it. A backup of an older release is brought
up to this one's schema.

A backup knows nothing of what happened since: credentials in it may have been
deleted, secrets closed, people let go. So every credential is suspended until it
is confirmed, signing keys are made anew, and sessions and one-time links are gone.
Start the server, look through people and credentials, then confirm: some by client
ID, or all that wait. Tokens from before stay dead.

With --trust nothing is suspended and tokens stay alive: for a move on which
nothing can have happened since the backup.`,
		Example: `  claviger restore /mnt/backup/claviger-2026-11-22.db
  claviger restore --waiting
  claviger restore --confirm 0192d3c0-6f3e-7a44-9d0b-2f1f6a3c9b10
  claviger restore --confirm --all
  claviger restore claviger.db --trust --data-dir /var/lib/claviger`,
		Args: flags.check,
	}
	cmd.Flags().BoolVar(&flags.trust, "trust", false, "suspend nothing: nothing can have happened since the backup")
	cmd.Flags().BoolVar(&flags.confirm, "confirm", false, "let restored credentials work again: those named, or all")
	cmd.Flags().BoolVar(&flags.all, "all", false, "with --confirm: all that wait, as without client IDs")
	cmd.Flags().BoolVar(&flags.waiting, "waiting", false, "list the credentials that wait for a confirmation")
	output := addOutput(cmd)
	installation := addRestorable(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		switch {
		case flags.confirm:
			return installation.do(cmd.Context(), func(operator desk.Operator) error {
				confirmed, err := confirmRestored(cmd.Context(), operator, args)
				return errors.Join(err, a.printConfirmed(output, confirmed))
			})
		case flags.waiting:
			return installation.do(cmd.Context(), func(operator desk.Operator) error {
				waiting, err := allRestored(cmd.Context(), operator)
				if err != nil {
					return err
				}
				if len(waiting) == 0 {
					a.say("No restored credential waits for a confirmation.")
				}
				return a.print(output, restoredPrinted(waiting))
			})
		}
		return a.restore(cmd.Context(), installation.settings, output, server.RestoreRequest{File: args[0], Trust: flags.trust})
	})
	return cmd
}

// addRestorable is addInstallation for a command that may also name the database
// to fill.
func addRestorable(a *app, cmd *cobra.Command) *installation {
	return &installation{app: a, settings: addSettings(cmd, "data_dir", "database_url", "migrate_database_url", "master_key", "master_keys_old")}
}

// check refuses flags and arguments that do not go together: a slip here brings
// credentials back that nobody looked at.
func (f *restoreFlags) check(_ *cobra.Command, args []string) error {
	switch {
	case f.confirm && f.waiting:
		return usagef("--confirm and --waiting do not go together.")
	case f.trust && (f.confirm || f.waiting):
		return usagef("--trust goes with a FILE to restore.")
	case f.all && !f.confirm:
		return usagef("--all goes with --confirm.")
	case f.all && len(args) > 0:
		return usagef("Give client IDs or --all, not both.")
	case f.waiting && len(args) > 0:
		return usagef("The argument %q is one too many.", args[0])
	case f.confirm:
		for _, id := range args {
			if id == "" {
				return usagef("A CLIENT_ID is empty.")
			}
		}
		return nil
	case f.waiting:
		return nil
	}
	return takes("FILE")(nil, args)
}

func (a *app) restore(ctx context.Context, settings *settings, output *choice, in server.RestoreRequest) error {
	cfg, err := settings.load()
	if err != nil {
		return err
	}
	report, err := server.Restore(ctx, cfg, newLogger(cfg, a.Err), in)
	if err != nil {
		return err
	}
	err = a.print(output, restorePrinted(&report))
	a.tellGap(&report, in.Trust)
	return err
}

func restorePrinted(r *server.RestoreReport) printed {
	return printed{json: r, rows: [][]string{
		{"backup taken at", clockOrNone(r.TakenAt)}, {"last audit sequence", strconv.FormatInt(r.LastSequence, 10)},
		{"last audit hash", r.LastHash}, {"last audit event at", clockOrNone(r.LastAt)}, {"restored at", clock(r.RestoredAt)},
		{"gap", gap(r)}, {"credentials", strconv.FormatInt(r.Credentials, 10)}, {"suspended", strconv.FormatInt(r.Suspended, 10)},
	}}
}

// gap is the time whose changes are lost, to the second.
func gap(r *server.RestoreReport) string {
	if r.GapFrom().IsZero() {
		return "unknown"
	}
	return r.RestoredAt.Sub(r.GapFrom()).Round(time.Second).String()
}

func (a *app) tellGap(r *server.RestoreReport, trusted bool) {
	from := "an unknown moment"
	if !r.GapFrom().IsZero() {
		from = clock(r.GapFrom())
	}
	a.say("The gap: what was done between %s (audit event %d) and %s (now) is not in the backup.", from, r.LastSequence, clock(r.RestoredAt))
	if r.SecretsWithoutKey > 0 {
		a.say("Client secrets that will not work, being hashed under a master key that is not configured: %d. Add that key to master_keys_old.", r.SecretsWithoutKey)
	}
	if trusted {
		a.say("Nothing was suspended (--trust).")
		return
	}
	a.say("People, roles, secrets and the catalogue are as they were then: undo what was taken away since before you confirm.")
	a.say("Suspended until you confirm them: %d. Confirm: claviger restore --confirm CLIENT_ID..., or --confirm --all.", r.Suspended)
}

// confirmRestored confirms those named, or batch after batch of all. With an
// error it returns those that were confirmed before.
func confirmRestored(ctx context.Context, operator desk.Operator, clientIDs []string) ([]desk.RestoredCredential, error) {
	if len(clientIDs) > 0 {
		return operator.ConfirmRestored(ctx, desk.Confirmation{ClientIDs: clientIDs})
	}
	all := []desk.RestoredCredential{}
	for {
		batch, err := operator.ConfirmRestored(ctx, desk.Confirmation{})
		if err != nil || len(batch) == 0 {
			return all, err
		}
		all = append(all, batch...)
	}
}

func (a *app) printConfirmed(output *choice, confirmed []desk.RestoredCredential) error {
	err := a.print(output, restoredPrinted(confirmed))
	still := 0
	for i := range confirmed {
		if confirmed[i].Status != apicred.StatusActive {
			still++
		}
	}
	switch {
	case still > 0:
		a.say("%d confirmed; %d of them are not active, for the reason shown.", len(confirmed), still)
	case len(confirmed) > 0:
		a.say("%d confirmed, and active again.", len(confirmed))
	default:
		a.say("0 confirmed. What waits is listed by: claviger restore --waiting")
	}
	return err
}

func restoredPrinted(credentials []desk.RestoredCredential) printed {
	p := printed{
		head: []string{"CLIENT ID", "NAME", "ACCOUNT", "LEVEL", "OWNER", "STATUS", "REASON"},
		json: map[string]any{"credentials": credentials},
	}
	for i := range credentials {
		c := &credentials[i]
		p.rows = append(p.rows, []string{c.ClientID, cell(c.Name), c.AccountID, string(c.Level), c.OwnerID, string(c.Status), string(c.StatusReason)})
	}
	return p
}

// allRestored reads page after page.
func allRestored(ctx context.Context, operator desk.Operator) ([]desk.RestoredCredential, error) {
	all := []desk.RestoredCredential{}
	for after := ""; ; {
		page, err := operator.RestoredCredentials(ctx, desk.RestoredQuery{After: after})
		if err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
		if page[0].ClientID <= after {
			return nil, errors.New("the server lists the same credentials again and again")
		}
		after = page[len(page)-1].ClientID
	}
}

func clockOrNone(t *time.Time) string {
	if t == nil {
		return ""
	}
	return clock(*t)
}
