package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

// Bounds of what a shell waits for when somebody presses the tab key.
const (
	completionPatience = 2 * time.Second
	completions        = 50
)

// completeCredentials offers client IDs with their names, where a server and a
// token are at hand; else nothing, and no error on the prompt.
func (m *management) completeCredentials(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	m.complete(cmd, func(ctx context.Context, c *client.Client) error {
		page, err := c.ListCredentials(ctx, client.ListCredentialsParams{Q: begun, PageSize: completions})
		if err != nil {
			return err
		}
		for i := range page.Credentials {
			out = append(out, cobra.CompletionWithDesc(page.Credentials[i].ClientID, cell(page.Credentials[i].Name)))
		}
		return nil
	})
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeScopes offers the scopes that the caller may give.
func (m *management) completeScopes(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	m.complete(cmd, func(ctx context.Context, c *client.Client) error {
		list, err := c.ListScopes(ctx, client.ListScopesParams{})
		if err != nil {
			return err
		}
		for _, scope := range list.Scopes {
			out = append(out, cobra.CompletionWithDesc(scope.Value, cell(scope.Description)))
		}
		return nil
	})
	return out, cobra.ShellCompDirectiveNoFileComp
}

// complete asks the server. The prompt of a shell is no place for errors.
func (m *management) complete(cmd *cobra.Command, ask func(context.Context, *client.Client) error) {
	if m.tokenFile.String() == standardStream {
		return // stdin is the shell's
	}
	c, err := m.client(client.WithTries(1))
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	if err := ask(ctx, c); err != nil {
		cobra.CompDebugln(err.Error(), false)
	}
}
