package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newAccount(a *app) *cobra.Command {
	cmd := group(a, "account", "Create, list and edit accounts", `Accounts hold people, credentials and the rules for them. The first is named
default and is the operator account: only its admins may be given the catalogue
and the signing keys, which belong to the installation.`)
	cmd.AddCommand(newAccountCreate(a), newAccountList(a), newAccountEdit(a))
	return cmd
}

func accountsPrinted(accounts []desk.Account, asJSON any) printed {
	p := printed{
		head: []string{"ACCOUNT ID", "NAME", "OPERATOR", "API CREDENTIALS", "ACCOUNT-LEVEL", "MAX TOKEN LIFETIME", "MAX SECRET AGE", "UNUSED: WARN", "DISABLE"},
		json: asJSON,
	}
	for i := range accounts {
		x := &accounts[i]
		p.rows = append(p.rows, []string{
			x.AccountID, x.Name, yesNo(x.Operator), onOff(x.APICredentialsEnabled), string(x.AccountLevelCredentials),
			lengthOf(x.MaxTokenLifetimeSeconds), lengthOf(x.MaxSecretAgeSeconds),
			lengthOf(x.UnusedWarnAfterSeconds), lengthOf(x.UnusedDisableAfterSeconds),
		})
	}
	return p
}

// lengthOf prints seconds; none is empty.
func lengthOf(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	return strconv.FormatInt(seconds, 10) + "s"
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
