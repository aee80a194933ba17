package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/desk"
)

func newToken(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "token --user USER", Short: "Print a management access token that acts as a user",
		Long: `Prints an access token for the REST API under /api/v1 that acts as a user, named
by e-mail address or user ID. It carries every claviger: scope of the user's role,
or those given with --scope. The audit log says that the operator made it.`,
		Example: `  TOKEN=$(claviger token --user ada@example.com)
  claviger token --user ada@example.com --scope claviger:credentials:read --ttl 15m
  claviger token --user grace@example.com --account harbour`,
		Args: takes(),
	}
	user := addText(cmd, "user", "user", "e-mail address or ID of the user to act as")
	account := addAccount(cmd)
	scopes := addText(cmd, "scope", "scope", "scope that the token carries, repeatable (default all of the user's role)")
	scopes.repeat = true
	ttl := addLength(cmd, "ttl", time.Hour, "how long the token lives, at most 24h")
	require(cmd, "user")
	installation := addIssuingInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		in := desk.TokenRequest{
			UserRef: desk.UserRef{AccountRef: desk.AccountRef{Account: account.String()}, User: user.String()},
			Scopes:  strings.Fields(scopes.String()), TTL: ttl.Duration,
		}
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			token, err := operator.MintToken(cmd.Context(), in)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.Out, token.AccessToken.Reveal())
			return err
		})
	})
	return cmd
}
