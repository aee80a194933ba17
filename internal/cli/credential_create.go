package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialCreate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create --name NAME --scope SCOPE", Short: "Create an API credential",
		Long: `Creates an API credential and prints its client ID and client secret. The secret
is shown this once: no later command or page can show it again.

--output env prints lines for an .env file or for eval in a shell; json is the whole
credential.`,
		Example: `  claviger credential create --name "Nightly export" --scope users:read
  claviger credential create --name "Nightly export" --scope users:read --scope stats --expires 90d \
    --cidr 192.0.2.0/24 --output env > export.env
  claviger credential create --name Gateway --level account --scope claviger:introspect`,
		Args: takes(),
	}
	m := addManagement(a, cmd)
	name := addText(cmd, "name", "name", "what people recognise it by")
	scopes := addScopes(cmd, m, "scope", "scope that it shall hold, repeatable")
	level := choose(cmd, "level", "whose it is: yours, or the account's (default user)", client.LevelUser, client.LevelAccount)
	bounds := addLimits(cmd)
	key := addText(cmd, "idempotency-key", "text", "the same text again, within 24 hours, makes no second credential")
	require(cmd, "name", "scope")
	output := addSecretOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		ranges, _, err := bounds.ranges()
		if err != nil {
			return err
		}
		in := client.NewCredential{
			Name: name.String(), Scopes: strings.Fields(scopes.String()), Level: level.word,
			ExpiresAt: bounds.expires.value, AllowedCIDRs: ranges,
			TokenLifetimeSeconds: bounds.lifetime.value, RequestsPerSecond: bounds.rate.value,
		}
		once := key.String()
		if once == "" {
			once = rand.Text() // with a key the client may try again when the server is busy
		}
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			created, err := c.CreateCredential(ctx, in, client.CreateCredentialParams{IdempotencyKey: once})
			if err != nil {
				return alreadyCreated(err)
			}
			return a.printIssued(output, issued{
				clientID: created.ClientID, secret: created.ClientSecret, tokenURL: c.TokenURL(), json: createdJSON{created, created.ClientSecret.Reveal()},
			})
		})
	})
	return cmd
}

// createdJSON is the credential with its secret, as the REST API answers.
type createdJSON struct {
	*client.CreatedCredential
	ClientSecret string `json:"client_secret"`
}

// alreadyCreated tells what to do about a credential whose secret nobody saw.
func alreadyCreated(err error) error {
	var problem *client.Problem
	if !errors.As(err, &problem) || problem.ClientID == "" {
		return err
	}
	return &advice{err, []string{"For a new secret of it: claviger credential rotate " + cell(problem.ClientID)}}
}
