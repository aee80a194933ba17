package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/server"
)

func newUserErase(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "erase USER", Short: "Erase the data of a person who has left",
		Long: `Erases, for good, what the database knows of a person, named by e-mail address or
user ID, in every account: e-mail address and name, password, sessions, links, the
addresses of what they and their credentials did, and those of what was done to
them. What stays is their user ID, so that the audit log keeps its meaning; it
verifies as before. Their credentials stay stopped. The e-mail address may be added
again later, as somebody new.

Who is active in any account is refused. The command opens the database itself,
beside running servers, and writes an SQLite file anew, for which changes wait.
Run again, it takes away what has come up since, and says when it was done first.

Names of credentials and labels of secrets are texts that people typed, and stay:
it says how many there are. So do the networks and certificates that credentials
are bound to, until these are deleted. Backups and archives made before are not
reached. Erase again after an older backup was restored.

It uses migrate_database_url, as the servers' role may have no right to remove what
stands beside the audit log. Where that is set for migrations alone, give it here.

On a terminal it asks first; a script gives --yes.`,
		Example: `  claviger user edit grace@example.com --status deactivated
  claviger user erase grace@example.com`,
		Args: takes("USER"),
	}
	yes := cmd.Flags().Bool("yes", false, "do not ask")
	output := addOutput(cmd)
	settings := addSettings(cmd, "data_dir", "database_url", "migrate_database_url")
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		if !*yes && !a.onTerminal() {
			return usagef("There is no terminal to ask on: give --yes to erase without being asked.")
		}
		cfg, err := settings.load()
		if err != nil {
			return err
		}
		if !*yes {
			a.say("Erase what is known of %s, in every account? There is no undo. [y/N]", cell(args[0]))
			if err := a.confirmed(); err != nil {
				return err
			}
		}
		report, err := server.EraseUser(cmd.Context(), cfg, args[0])
		if err != nil {
			return err
		}
		return a.printErased(output, &report)
	})
	return cmd
}

func (a *app) printErased(output *choice, r *server.EraseReport) error {
	err := a.print(output, printed{json: r, rows: [][]string{
		{"user ID", r.UserID}, {"erased at", clock(r.ErasedAt)}, {"accounts", strconv.Itoa(r.Accounts)},
		{"credentials", strconv.Itoa(r.Credentials)}, {"secret labels", strconv.Itoa(r.Labels)},
		{"addresses of audit events", strconv.FormatInt(r.Addresses, 10)},
	}})
	if r.Again {
		a.say("This person had been erased before; what had come up since is gone.")
	} else {
		a.say("Erased. Keep the user ID: erase it again after a restore of an older backup.")
	}
	if r.Credentials+r.Labels > 0 {
		a.say("Names of %d credentials and %d labels of their secrets stay. See whether they name the person: claviger credential list --owner %s", r.Credentials, r.Labels, r.UserID)
	}
	return err
}
