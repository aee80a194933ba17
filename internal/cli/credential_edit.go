package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

// credentialEdit is the flags of an edit.
type credentialEdit struct {
	name                *words
	scopes, add, remove *words
	limits              *limits
	jwks, subject       *words
	version             int64
}

func newCredentialEdit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit CLIENT_ID", Short: "Edit an API credential",
		Long: `Changes what is given and leaves the rest; "none" removes a limit. Only the owner
edits a user-level credential; admins edit account-level ones.

Where somebody saves between reading and writing, nothing is changed. With
--if-version the version that you saw must still stand.`,
		Example: `  claviger credential edit 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --name "Weekly export"
  claviger credential edit 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --add-scope stats --remove-scope users:read
  claviger credential edit 0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811 --expires none --cidr 192.0.2.0/24 --if-version 3`,
		Args: takes("CLIENT_ID"),
	}
	m := addManagement(a, cmd)
	cmd.ValidArgsFunction = m.completeCredentials
	edit := &credentialEdit{
		name:   addText(cmd, "name", "name", "what people recognise it by"),
		scopes: addScopes(cmd, m, "scope", "all scopes that it shall hold, repeatable"),
		add:    addScopes(cmd, m, "add-scope", "scope that it shall hold too, repeatable"),
		remove: addScopes(cmd, m, "remove-scope", "scope that it shall hold no longer, repeatable"),
		limits: addLimits(cmd),
		jwks:   addText(cmd, "jwks", "file", "JWK Set of all public keys that a private_key_jwt credential shall have"),
		subject: addText(cmd, "tls-client-subject", "name",
			"name in the client certificate that a tls_client_auth credential shall have"),
	}
	cmd.Flags().Int64Var(&edit.version, "if-version", 0, "change nothing unless this `version` stands")
	output := addOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string) error {
		if err := edit.check(cmd); err != nil {
			return err
		}
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			credential, err := edit.apply(ctx, c, args[0])
			if client.IsProblem(err, client.CodePrecondition) {
				return &advice{err, []string{"See what stands now: claviger credential show " + cell(args[0])}}
			}
			if err != nil {
				return err
			}
			return a.print(output, credentialPrinted(credential))
		})
	})
	return cmd
}

func (e *credentialEdit) check(cmd *cobra.Command) error {
	flags := cmd.Flags()
	given := slices.ContainsFunc(
		[]string{"name", "scope", "add-scope", "remove-scope", "expires", "cidr", "token-lifetime", "requests-per-second", "jwks", "tls-client-subject"}, flags.Changed)
	switch {
	case !given:
		return usagef("Nothing to change was given.")
	case flags.Changed("scope") && (flags.Changed("add-scope") || flags.Changed("remove-scope")):
		return usagef("--scope names all scopes: leave --add-scope and --remove-scope out.")
	case flags.Changed("if-version") && e.version < 1:
		return usagef("--if-version must be a version, from 1 on.")
	}
	_, _, err := e.limits.ranges()
	return err
}

// apply reads the credential where the change builds on what stands, and saves.
func (e *credentialEdit) apply(ctx context.Context, c *client.Client, id string) (*client.Credential, error) {
	change := client.CredentialChange{
		Scopes: strings.Fields(e.scopes.String()), ExpiresAt: e.limits.expires.change(),
		TokenLifetimeSeconds: e.limits.lifetime.change(), RequestsPerSecond: e.limits.rate.change(),
	}
	if name := e.name.String(); name != "" {
		change.Name = &name
	}
	if ranges, given, err := e.limits.ranges(); err != nil {
		return nil, err
	} else if given {
		change.AllowedCIDRs = client.Set(ranges)
	}
	if path := e.jwks.String(); path != "" {
		var err error
		if change.JWKS, err = readKeySet(path); err != nil {
			return nil, err
		}
	}
	if name := e.subject.String(); name != "" {
		change.TLSClientSubject = &name
	}
	etag := ""
	if e.version > 0 {
		etag = strconv.Quote(strconv.FormatInt(e.version, 10))
	}
	if add, remove := strings.Fields(e.add.String()), strings.Fields(e.remove.String()); len(add)+len(remove) > 0 {
		stands, err := c.GetCredential(ctx, id)
		if err != nil {
			return nil, err
		}
		if etag == "" {
			etag = stands.ETag
		}
		if change.Scopes, err = scopesAfter(stands.Scopes, add, remove); err != nil {
			return nil, err
		}
	}
	return c.EditCredential(ctx, id, change, client.EditCredentialParams{IfMatch: etag})
}

// scopesAfter refuses to remove what is not there: it is mostly misspelt, and
// would go on being held.
func scopesAfter(stand, add, remove []string) ([]string, error) {
	for _, scope := range remove {
		if !slices.Contains(stand, scope) {
			return nil, usagef("The credential does not hold the scope %q.", scope)
		}
	}
	after := slices.DeleteFunc(slices.Concat(stand, add), func(s string) bool { return slices.Contains(remove, s) })
	slices.Sort(after)
	if after = slices.Compact(after); len(after) == 0 {
		return nil, usagef("A credential holds at least one scope. To switch it off: claviger credential disable")
	}
	return after, nil
}
