package sqlstore

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) Link(ctx context.Context, hash []byte) (login.Link, error) {
	row, err := r.q.GetOneTimeLink(ctx, hash)
	return login.Link{
		Hash: row.Hash, Kind: login.LinkKind(row.Kind), AccountID: row.AccountID, UserID: row.UserID,
		CreatedAt: timeOf(row.CreatedAt), ExpiresAt: timeOf(row.ExpiresAt), UsedAt: timeOf(row.UsedAt),
		Reusable: row.Reusable == 1,
	}, r.lookup(err)
}

func (t *tx) InsertLink(ctx context.Context, l login.Link) error {
	return t.fault(t.q.InsertOneTimeLink(ctx, statement.InsertOneTimeLinkParams{
		Hash: l.Hash, Kind: string(l.Kind), AccountID: l.AccountID, UserID: l.UserID,
		CreatedAt: micros(l.CreatedAt), ExpiresAt: micros(l.ExpiresAt), UsedAt: micros(l.UsedAt), Reusable: flag(l.Reusable),
	}))
}

func (t *tx) UseLink(ctx context.Context, hash []byte, at time.Time) error {
	n, err := t.q.UseOneTimeLink(ctx, micros(at), hash)
	if err != nil || n == 1 {
		return t.fault(err)
	}
	if _, err := t.Link(ctx, hash); err != nil {
		return err
	}
	return apicred.Conflict("This link was used before. Ask for a new one.")
}

func (t *tx) DeleteLinks(ctx context.Context, kind login.LinkKind, userID string) error {
	return t.fault(t.q.DeleteOneTimeLinks(ctx, userID, string(kind)))
}

func (t *tx) DeleteLinksOfMember(ctx context.Context, kind login.LinkKind, accountID, userID string) error {
	return t.fault(t.q.DeleteOneTimeLinksOfMember(ctx, userID, accountID, string(kind)))
}

func (t *tx) EndLinksOf(ctx context.Context, userID string) error {
	return t.fault(t.q.EndOneTimeLinksOf(ctx, userID))
}

func (t *tx) EndLinks(ctx context.Context, accountID, userID string) error {
	return t.fault(t.q.EndOneTimeLinksOfMember(ctx, userID, accountID))
}
