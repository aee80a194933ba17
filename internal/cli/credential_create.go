package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

func newCredentialCreate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create --name NAME --scope SCOPE", Short: "Create an API credential",
		Long: `Creates an API credential and prints its client ID and client secret. The secret
is shown this once: no later command or page can show it again.

With --jwks the credential has no secret: its programs sign assertions with a
private key (private_key_jwt) whose public part is in the file. Nothing else of the
file is sent. With --tls-client-subject it has none either: its programs come by
mutual TLS, with a client certificate that names it (tls_client_auth).

--output env prints lines for an .env file or for eval in a shell; json is the whole
credential.`,
		Example: `  claviger credential create --name "Nightly export" --scope users:read
  claviger credential create --name "Nightly export" --scope users:read --scope stats --expires 90d \
    --cidr 192.0.2.0/24 --output env > export.env
  claviger credential create --name Gateway --level account --scope claviger:introspect --api orders
  claviger credential create --name Export --scope stats --jwks keys.json
  claviger credential create --name Export --scope stats --tls-client-subject dns:export.example.com`,
		Args: takes(),
	}
	m := addManagement(a, cmd)
	name := addText(cmd, "name", "name", "what people recognise it by")
	scopes := addScopes(cmd, m, "scope", "scope that it shall hold, repeatable")
	level := choose(cmd, "level", "whose it is: yours, or the account's (default user)", client.LevelUser, client.LevelAccount)
	bounds := addLimits(cmd)
	jwks := addText(cmd, "jwks", "file", "JWK Set of the public keys that it signs assertions with, instead of a secret")
	subject := addText(cmd, "tls-client-subject", "name", "name in the client certificate that it has instead of a secret: CN=…, dns:…, uri:…, ip:… or email:…")
	cmd.MarkFlagsMutuallyExclusive("jwks", "tls-client-subject")
	api := addText(cmd, "api", "id", "API whose tokens it may introspect, of every account (operator account only)")
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
		if api.String() != "" {
			in.API = new(api.String())
		}
		if jwks.String() != "" {
			in.AuthenticationMethod = client.AuthenticationPrivateKeyJWT
			if in.JWKS, err = readKeySet(jwks.String()); err != nil {
				return err
			}
		}
		if name := subject.String(); name != "" {
			in.AuthenticationMethod, in.TLSClientSubject = client.AuthenticationTLSClientAuth, &name
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
			if in.AuthenticationMethod != "" {
				return a.printKeyed(output, created, c.TokenURL())
			}
			return a.printIssued(output, issued{
				clientID: created.ClientID, secret: created.ClientSecret, tokenURL: c.TokenURL(), json: createdJSON{created, created.ClientSecret.Reveal()},
			})
		})
	})
	return cmd
}

// printKeyed writes a new credential that has no secret.
func (a *app) printKeyed(output *choice, created *client.CreatedCredential, tokenURL string) error {
	if output.word == outputEnv {
		_, err := fmt.Fprintf(a.Out, "CLIENT_ID=%s\nTOKEN_URL=%s\n", shellWord(created.ClientID), shellWord(tokenURL))
		return err
	}
	rows := [][]string{{"client ID", cell(created.ClientID)}}
	if created.JWKS != nil {
		for _, key := range created.JWKS.Keys {
			rows = append(rows, []string{"key", cell(key.Kid)})
		}
	}
	if created.TLSClientSubject != nil {
		rows = append(rows, []string{"certificate", cell(*created.TLSClientSubject)})
	}
	return a.print(output, printed{json: created, rows: rows})
}

// readKeySet reads a file with a JWK Set. What is private in it is left out here:
// it never goes over the wire.
func readKeySet(path string) (*client.KeySet, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller names their own file
	if err != nil {
		return nil, err
	}
	set := &client.KeySet{}
	if err := json.Unmarshal(text, set); err != nil || len(set.Keys) == 0 {
		return nil, usagef("The file %s holds no JWK Set. It must be JSON, as {\"keys\":[{\"kty\":\"EC\",…}]}.", path)
	}
	return set, nil
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
