package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/client"
)

// maxCredentialPage is the largest page of the REST API.
const maxCredentialPage = 200

// credentialFilter is the flags of a listing.
type credentialFilter struct {
	level, status, attention, sort *choice
	owner, scope, query, pageToken *words
	pageSize                       int64
	all                            bool
}

func newCredentialList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List API credentials",
		Long: `Lists the API credentials that you may see: admins every one of the account,
supervisors their own. The filters narrow together. One page is listed, unless
--all is given.

--attention selects what somebody should look at: a credential or a secret that
ends within 14 days (expiring); nobody has used it for 90 days, or for as long
as the account says (unused); no secret was added for 90 days (unrotated); or it
is suspended.`,
		Example: `  claviger credential list
  claviger credential list --owner me --status active --sort=-last_used_at
  claviger credential list --attention unused --all
  claviger credential list --q nightly --all --output json`,
		Args: takes(),
	}
	m := addManagement(a, cmd)
	filter := &credentialFilter{
		level:     choose(cmd, "level", "only credentials of this level", client.LevelUser, client.LevelAccount),
		owner:     addText(cmd, "owner", "user", "only those of a user: a user ID, or me"),
		status:    choose(cmd, "status", "only those in this state", client.StatusActive, client.StatusDisabled, client.StatusExpired, client.StatusSuspended),
		attention: choose(cmd, "attention", "only those that somebody should look at", client.AttentionExpiring, client.AttentionUnused, client.AttentionUnrotated, client.AttentionSuspended),
		scope:     addText(cmd, "scope", "scope", "only those that hold this scope"),
		query:     addText(cmd, "q", "text", "beginnings of words of the name; or of the client ID, or of the owner's e-mail address"),
		sort:      choose(cmd, "sort", "order, a minus sign is descending (default newest first)", "name", "-name", "created_at", "-created_at", "last_used_at", "-last_used_at"),
		pageToken: addText(cmd, "page-token", "token", "go on where a page ended: its next_page_token"),
	}
	cmd.Flags().Int64Var(&filter.pageSize, "page-size", 50, "rows of a page")
	cmd.Flags().BoolVar(&filter.all, "all", false, "all pages")
	_ = cmd.RegisterFlagCompletionFunc("scope", m.completeScopes) // it fails only for a flag that does not exist
	output := addOutput(cmd)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string) error {
		if filter.pageSize < 1 || filter.pageSize > maxCredentialPage {
			return usagef("--page-size must be 1 to %d.", maxCredentialPage)
		}
		return m.do(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			list, err := filter.read(ctx, c)
			if err != nil {
				return err
			}
			if err := a.print(output, credentialsPrinted(list.Credentials, list)); err != nil {
				return err
			}
			if list.NextPageToken != nil {
				a.say("%d of %s are listed. For all: --all; or narrow with the filters.", len(list.Credentials), totalOf(list))
			}
			return nil
		})
	})
	return cmd
}

// read reads one page, or all.
func (f *credentialFilter) read(ctx context.Context, c *client.Client) (*client.CredentialList, error) {
	params := client.ListCredentialsParams{
		Level: f.level.word, Owner: f.owner.String(), Status: f.status.word, Attention: f.attention.word,
		Scope: f.scope.String(), Q: f.query.String(), Sort: f.sort.word, PageSize: f.pageSize, PageToken: f.pageToken.String(),
	}
	if f.all {
		params.PageSize = maxCredentialPage
	}
	list, err := c.ListCredentials(ctx, params)
	if err != nil || !f.all || list.NextPageToken == nil {
		return list, err
	}
	params.PageToken, list.NextPageToken = *list.NextPageToken, nil
	for credential, err := range c.Credentials(ctx, params) {
		if err != nil {
			return nil, err
		}
		list.Credentials = append(list.Credentials, credential)
	}
	return list, nil
}

func totalOf(list *client.CredentialList) string {
	if list.TotalCapped {
		return fmt.Sprintf("more than %d", list.Total)
	}
	return fmt.Sprint(list.Total)
}
