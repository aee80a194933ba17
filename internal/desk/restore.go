package desk

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// Confirmation names restored credentials that may work again.
type Confirmation struct {
	// ClientIDs; none: the first of those that wait.
	ClientIDs []string `json:"client_ids,omitempty"`
}

// RestoredQuery selects a page of the credentials that wait for a confirmation.
type RestoredQuery struct {
	After string `json:"after,omitempty"` // the last client ID of the page before
}

// RestoredCredential is a credential that came back with a backup.
type RestoredCredential struct {
	ClientID  string         `json:"client_id"`
	AccountID string         `json:"account_id"`
	Name      string         `json:"name"`
	Level     apicred.Level  `json:"level"`
	OwnerID   string         `json:"owner_id"` // empty: the account
	Scopes    []string       `json:"scopes"`
	Status    apicred.Status `json:"status"`
	// StatusReason is why it is suspended; empty where it is not.
	StatusReason apicred.Suspension `json:"status_reason"`
}

// restoredPage is how many credentials a page lists.
const restoredPage = 500

// RestoredCredentials lists those that wait for a confirmation, by client ID; an
// empty page is the end.
func (d *Desk) RestoredCredentials(ctx context.Context, in RestoredQuery) ([]RestoredCredential, error) {
	waiting, err := d.lifecycle.RestoredCredentials(ctx, in.After, restoredPage)
	return d.restoredOf(waiting), err
}

// ConfirmRestored lets restored credentials work again: those named, all or
// none; or a batch of those that wait, so call it until it returns none. It
// returns them as they are now. Errors: invalid (a Field for each ID that cannot
// be confirmed).
func (d *Desk) ConfirmRestored(ctx context.Context, in Confirmation) ([]RestoredCredential, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return nil, err
	}
	confirmed, err := d.lifecycle.ConfirmRestored(ctx, actor, in.ClientIDs)
	return d.restoredOf(confirmed), err
}

func (d *Desk) restoredOf(credentials []apicred.Credential) []RestoredCredential {
	out := make([]RestoredCredential, 0, len(credentials))
	for i := range credentials {
		c := &credentials[i]
		out = append(out, RestoredCredential{
			ClientID: c.ClientID, AccountID: c.AccountID, Name: c.Name, Level: c.Level, OwnerID: c.OwnerID, Scopes: c.Scopes,
			Status: c.StatusAt(d.clock()), StatusReason: c.Suspension,
		})
	}
	return out
}
