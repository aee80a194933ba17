package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredential(a *app) *cobra.Command {
	cmd := group(a, "credential", "Create, list, edit and rotate API credentials", `API credentials, through the REST API of a server on this machine or another, as
the user whom the access token is for. The console does the same, with the same
rights.

The token stands in CLAVIGER_TOKEN, the server's address in CLAVIGER_SERVER:

  export CLAVIGER_TOKEN=$(claviger token --user ada@example.com)`)
	cmd.AddCommand(
		newCredentialCreate(a), newCredentialList(a), newCredentialShow(a), newCredentialEdit(a),
		newCredentialRotate(a), newCredentialEditSecret(a), newCredentialDisable(a), newCredentialEnable(a), newCredentialDelete(a), newCredentialUsage(a),
	)
	return cmd
}

// onCredential makes cmd a command that does one thing with the credential of
// its argument, and prints what the server answers.
func onCredential(a *app, cmd *cobra.Command, do func(c *client.Client, ctx context.Context, clientID string) (*client.Credential, error)) *cobra.Command {
	m := addManagement(a, cmd)
	cmd.Args, cmd.ValidArgsFunction = takes("CLIENT_ID"), m.completeCredentials
	output := addOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			credential, err := do(c, ctx, args[0])
			if err != nil {
				return err
			}
			return a.print(output, credentialPrinted(credential))
		})
	})
	return cmd
}

// scopesInTable is how many scopes a row of a table shows.
const scopesInTable = 3

func credentialsPrinted(credentials []client.ListedCredential, asJSON any) printed {
	p := printed{
		head: []string{"CLIENT ID", "NAME", "LEVEL", "OWNER", "STATUS", "SCOPES", "LAST USED", "EXPIRES"},
		json: asJSON,
	}
	for i := range credentials {
		c := &credentials[i]
		scopes := strings.Join(c.Scopes[:min(len(c.Scopes), scopesInTable)], " ")
		if more := len(c.Scopes) - scopesInTable; more > 0 {
			scopes += fmt.Sprintf(" +%d", more)
		}
		p.rows = append(p.rows, []string{
			cell(c.ClientID), cell(c.Name), cell(c.Level), ownerOf(c.Owner), statusOf(c.Status, c.StatusReason), cell(scopes),
			clockOf(c.LastUsedAt), clockOf(c.ExpiresAt),
		})
	}
	return p
}

// credentialPrinted shows one credential, a member a line.
func credentialPrinted(c *client.Credential) printed {
	p := printed{json: c, rows: [][]string{
		{"client ID", cell(c.ClientID)},
		{"name", cell(c.Name)},
		{"level", cell(c.Level)},
		{"owner", ownerOf(c.Owner)},
		{"status", statusOf(c.Status, c.StatusReason)},
		{"scopes", cell(strings.Join(c.Scopes, " "))},
		{"effective scopes", cell(strings.Join(c.EffectiveScopes, " "))},
		{"expires", clockOf(c.ExpiresAt)},
		{"addresses", cell(strings.Join(c.AllowedCIDRs, " "))},
		{"token lifetime", secondsOf(c.TokenLifetimeSeconds)},
		{"requests per second", numberOf(c.RequestsPerSecond)},
		{"last used", usedOf(c.LastUsedAt, c.LastUsedAddress)},
		{"created", clock(c.CreatedAt)},
		{"version", fmt.Sprint(c.Version)},
	}}
	if c.JWKS != nil {
		for i := range c.JWKS.Keys {
			p.rows = append(p.rows, []string{"key", cell(c.JWKS.Keys[i].Kid)})
		}
	}
	if c.TLSClientSubject != nil {
		p.rows = append(p.rows, []string{"certificate", cell(*c.TLSClientSubject)})
	}
	for i := range c.Secrets {
		p.rows = append(p.rows, secretRow(&c.Secrets[i]))
	}
	return p
}

// secretRow shows a client secret on a line.
func secretRow(s *client.Secret) []string {
	text := cell(s.SecretID) + " …" + cell(s.Hint)
	if s.Label != nil {
		text += " " + cell(*s.Label)
	}
	if s.ExpiresAt != nil {
		text += ", until " + clock(*s.ExpiresAt)
	}
	if s.CloseWhenQuietHours != nil {
		text += ", closed when unused for " + hoursOf(*s.CloseWhenQuietHours)
	}
	if s.ClosesAt != nil {
		text += " (not before " + clock(*s.ClosesAt) + ")"
	}
	return []string{"secret", text + ", last used " + orNever(usedOf(s.LastUsedAt, s.LastUsedAddress))}
}

// hoursOf writes a number of hours as flags take it.
func hoursOf(n int64) string { return fmt.Sprintf("%dh", n) }

func ownerOf(o *client.Owner) string {
	switch {
	case o == nil:
		return ""
	case o.Email == nil:
		return cell(o.UserID)
	}
	return cell(*o.Email)
}

func statusOf(status string, reason *string) string {
	if reason == nil {
		return cell(status)
	}
	return cell(status + " (" + strings.ReplaceAll(*reason, "_", " ") + ")")
}

func clockOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return clock(*t)
}

func usedOf(at *time.Time, address *string) string {
	if at == nil || address == nil {
		return clockOf(at)
	}
	return clock(*at) + " from " + cell(*address)
}

func orNever(text string) string {
	if text == "" {
		return "never"
	}
	return text
}

func secondsOf(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%ds", *n)
}

func numberOf(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}
