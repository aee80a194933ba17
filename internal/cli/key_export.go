package cli

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/keyring"
)

const (
	formatJWK = "jwk"
	formatPEM = "pem"
)

func newKeyExport(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Print public keys, for verifiers that fetch none",
		Long: `Prints public keys: as a JWK Set (RFC 7517), or as PEM, which HAProxy's jwt_verify
and OpenSSL read. Without --all or --kid it is the key that signs now. Private keys
are never exported.

HAProxy reads one key from a file: write the active and the next key to two files
and choose by the token's kid. After a rotation they must be written anew.`,
		Example: `  claviger key export --all > jwks.json
  claviger key export --format pem > active.pem
  claviger key export --format pem --kid l3rWvj6oVZ9yK2mT5cQxXh1sN8bEfUaG4dRzP7uYwJk > next.pem`,
		Args: takes(),
	}
	format := choose(cmd, "format", "how keys are written (default jwk)", formatJWK, formatPEM)
	all := cmd.Flags().Bool("all", false, "every published key: the active, the next, retired ones")
	kid := addText(cmd, "kid", "kid", "the key of this kid")
	cmd.MarkFlagsMutuallyExclusive("all", "kid")
	installation := addInstallation(a, cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		return installation.do(cmd.Context(), func(operator desk.Operator) error {
			keys, err := operator.SigningKeys(cmd.Context())
			if err != nil {
				return err
			}
			keys = slices.DeleteFunc(keys, func(k desk.SigningKey) bool {
				if kid.String() != "" {
					return k.KID != kid.String()
				}
				return !*all && k.Status != apicred.SigningKeyActive
			})
			if len(keys) == 0 {
				return apicred.Conflict("There is no signing key of this kid. List them with: claviger key list")
			}
			if format.word == formatPEM {
				return a.printPEM(keys)
			}
			return a.printJWKSet(keys)
		})
	})
	return cmd
}

func (a *app) printJWKSet(keys []desk.SigningKey) error {
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{}
	for i := range keys {
		set.Keys = append(set.Keys, keys[i].PublicJWK)
	}
	encoder := json.NewEncoder(a.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(set)
}

// printPEM names each key in a line that readers of PEM pass over (RFC 7468
// section 2).
func (a *app) printPEM(keys []desk.SigningKey) error {
	for i := range keys {
		text, err := keyring.PublicPEM(keys[i].PublicJWK)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.Out, "# kid %s, %s, %s\n%s", keys[i].KID, keys[i].Algorithm, keys[i].Status, text); err != nil {
			return err
		}
	}
	return nil
}
