package sqlstore

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// maxUserAgent is how much of a User-Agent is kept, in bytes.
const maxUserAgent = 512

func (r *reader) Session(ctx context.Context, hash []byte) (login.Session, error) {
	row, err := r.q.GetSession(ctx, hash)
	return sessionOf(&row), r.lookup(err)
}

func sessionOf(row *statement.Session) login.Session {
	return login.Session{
		ID: row.SessionID, Hash: row.Hash, UserID: row.UserID, AccountID: row.AccountID,
		CreatedAt: timeOf(row.CreatedAt), LastSeenAt: timeOf(row.LastSeenAt), ExpiresAt: timeOf(row.ExpiresAt),
		Address: row.Address, UserAgent: row.UserAgent,
		AuthenticatedAt: timeOf(row.AuthenticatedAt), AuthenticatedBy: login.Proof(row.AuthenticatedBy),
	}
}

func (r *reader) Sessions(ctx context.Context, userID string) ([]login.Session, error) {
	rows, err := r.q.ListSessions(ctx, userID)
	if err != nil {
		return nil, r.fault(err)
	}
	out := make([]login.Session, len(rows))
	for n := range rows {
		out[n] = sessionOf(&rows[n])
	}
	return out, nil
}

func (t *tx) ProveSession(ctx context.Context, sessionID string, at time.Time, by login.Proof) error {
	n, err := t.q.ProveSession(ctx, micros(at), string(by), sessionID)
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.lookup(err)
}

func (t *tx) InsertSession(ctx context.Context, s login.Session) error {
	err := t.q.InsertSession(ctx, statement.InsertSessionParams{
		SessionID: s.ID, Hash: s.Hash, UserID: s.UserID, AccountID: s.AccountID,
		CreatedAt: micros(s.CreatedAt), LastSeenAt: micros(s.LastSeenAt), ExpiresAt: micros(s.ExpiresAt),
		Address: plain(s.Address), UserAgent: clip(plain(s.UserAgent), maxUserAgent),
		AuthenticatedAt: micros(s.AuthenticatedAt), AuthenticatedBy: string(s.AuthenticatedBy),
	})
	if err != nil {
		return t.fault(err)
	}
	return t.seen(ctx, &s)
}

// touchSession also raises when the membership was last seen.
func (r *reader) touchSession(ctx context.Context, s *login.Session) error {
	n, err := r.q.TouchSession(ctx, statement.TouchSessionParams{
		LastSeenAt: micros(s.LastSeenAt), Address: plain(s.Address), AccountID: s.AccountID, SessionID: s.ID,
	})
	switch {
	case err != nil:
		return r.fault(err)
	case n == 0:
		return apicred.NotFound()
	}
	return r.seen(ctx, s)
}

func (r *reader) seen(ctx context.Context, s *login.Session) error {
	return r.fault(r.q.RaiseUserLastSeen(ctx, micros(s.LastSeenAt), s.AccountID, s.UserID))
}

func (t *tx) DeleteSession(ctx context.Context, sessionID string) error {
	n, err := t.q.DeleteSession(ctx, sessionID)
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.lookup(err)
}

func (t *tx) DeleteSessionsEndedBefore(ctx context.Context, end time.Time) error {
	return t.fault(t.q.DeleteSessionsEndedBefore(ctx, micros(end)))
}

func (t *tx) EndSessions(ctx context.Context, userID string) error {
	return t.fault(t.q.DeleteSessionsOf(ctx, userID))
}

func (t *tx) EndOtherSessions(ctx context.Context, userID, but string) (int64, error) {
	n, err := t.q.DeleteOtherSessionsOf(ctx, userID, but)
	return n, t.fault(err)
}
