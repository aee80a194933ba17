package cli

import (
	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

func newAccountEdit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit ACCOUNT", Short: "Change an account's settings",
		Long: `Changes the settings of an account, named by its ID or name; what is not given
stays. --api-credentials=off hides the API Credentials area of the console and of
the REST API, and stops no program. The rules for secrets and for unused credentials
are an admin's as well (PATCH /api/v1/account). A rule that disables unused
credentials gives notice first: for as long as it warns before it disables, and
for a day at least, it disables nothing.`,
		Example: `  claviger account edit default --name "Northwind Care"
  claviger account edit harbour --api-credentials=off
  claviger account edit harbour --account-level-credentials=open --max-token-lifetime=30m
  claviger account edit harbour --max-secret-age=8760h --unused-warn-after=1440h --unused-disable-after=2160h`,
		Args: takes("ACCOUNT"),
	}
	name := cmd.Flags().String("name", "", "new `name`")
	area := choose(cmd, "api-credentials", "whether the API Credentials area is shown", "on", "off")
	policy := choose(cmd, "account-level-credentials", "whether admins may create account-level credentials", "open", "closed")
	lifetime := addLength(cmd, "max-token-lifetime", 0, "longest life of access tokens, 60s to 24h; 0 for no bound")
	secretAge := addLength(cmd, "max-secret-age", 0, "how old a client secret may grow, 1m or more; 0 for no bound")
	warnAfter := addLength(cmd, "unused-warn-after", 0, "when to list a credential as unused, 1m or more; 0 for the usual 90 days")
	disableAfter := addLength(cmd, "unused-disable-after", 0, "when to disable an unused credential, later than warned; 0 for never")
	output := addOutput(cmd)
	installation := addInstallation(a, cmd)
	installation.creates = true
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		in := desk.AccountEdit{
			AccountRef: desk.AccountRef{Account: args[0]}, Name: changed(cmd, "name", *name),
			APICredentialsEnabled:   changed(cmd, "api-credentials", area.word == "on"),
			AccountLevelCredentials: changed(cmd, "account-level-credentials", apicred.AccountLevelPolicy(policy.word)),
			MaxTokenLifetime:        changed(cmd, "max-token-lifetime", lifetime.Duration),
			MaxSecretAge:            changed(cmd, "max-secret-age", secretAge.Duration),
			UnusedWarnAfter:         changed(cmd, "unused-warn-after", warnAfter.Duration),
			UnusedDisableAfter:      changed(cmd, "unused-disable-after", disableAfter.Duration),
		}
		if in == (desk.AccountEdit{AccountRef: in.AccountRef}) {
			return usagef("Nothing to change was given.")
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			account, err := operator.EditAccount(cmd.Context(), in)
			if err != nil {
				return err
			}
			return a.print(output, accountsPrinted([]desk.Account{account}, account))
		})
	})
	return cmd
}
