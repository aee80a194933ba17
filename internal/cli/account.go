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
		head: []string{"ACCOUNT ID", "NAME", "OPERATOR", "API CREDENTIALS", "ACCOUNT-LEVEL", "MAX TOKEN LIFETIME"},
		json: asJSON,
	}
	for i := range accounts {
		x := &accounts[i]
		lifetime := ""
		if x.MaxTokenLifetimeSeconds > 0 {
			lifetime = strconv.FormatInt(x.MaxTokenLifetimeSeconds, 10) + "s"
		}
		p.rows = append(p.rows, []string{
			x.AccountID, x.Name, yesNo(x.Operator), onOff(x.APICredentialsEnabled), string(x.AccountLevelCredentials), lifetime,
		})
	}
	return p
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
