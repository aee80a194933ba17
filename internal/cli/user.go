package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

func newUser(a *app) *cobra.Command {
	cmd := group(a, "user", "Create, list, edit and erase users, make set-up links", `Users are the members of an account: a person, known by e-mail address, with a
role. Without --account the operator account is meant.`)
	cmd.AddCommand(newUserCreate(a), newUserList(a), newUserEdit(a), newUserSetUpLink(a), newUserErase(a))
	return cmd
}

func addAccount(cmd *cobra.Command) *words {
	return addText(cmd, "account", "name", "ID or name of the account (default the operator account)")
}

func roles() []string {
	return []string{string(apicred.RoleAdmin), string(apicred.RoleSupervisor), string(apicred.RoleAgent)}
}

func usersPrinted(users []desk.User, asJSON any) printed {
	p := printed{head: []string{"USER ID", "EMAIL", "NAME", "ROLE", "STATUS", "LAST SEEN"}, json: asJSON}
	for i := range users {
		u := &users[i]
		seen := ""
		if u.LastSeenAt != nil {
			seen = clock(*u.LastSeenAt)
		}
		p.rows = append(p.rows, []string{u.UserID, u.Email, u.Name, string(u.Role), string(u.Status), seen})
	}
	return p
}

// shownLink is a set-up link in JSON, where it is shown once.
type shownLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func shown(link desk.SetUpLink) shownLink { return shownLink{link.URL.Reveal(), link.ExpiresAt} }
