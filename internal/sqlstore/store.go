package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

var (
	_ lifecycle.Reader = (*reader)(nil)
	_ lifecycle.Tx     = (*tx)(nil)
	_ keyring.Tx       = (*tx)(nil)
	_ login.Tx         = (*tx)(nil)
)

// Lifecycle returns the store as the use cases of management see it.
func (s *Store) Lifecycle() lifecycle.Store { return lifecycleStore{s} }

// AccessToken returns the store as the directory and the usage counter see it.
func (s *Store) AccessToken() accesstoken.Store { return accessTokenStore{s} }

// Keyring returns the store as the signing keys see it.
func (s *Store) Keyring() keyring.Store { return keyringStore{s} }

// Login returns the store as sign-in sees it.
func (s *Store) Login() login.Store { return loginStore{s} }

// Audit returns the audit chain and its checkpoints.
func (s *Store) Audit() audit.Store { return auditStore{s} }

type lifecycleStore struct{ *Store }

func (s lifecycleStore) View(ctx context.Context, fn func(lifecycle.Reader) error) error {
	return s.view(ctx, func(r *reader) error { return fn(r) })
}

func (s lifecycleStore) Change(ctx context.Context, fn func(lifecycle.Tx) error) error {
	return s.change(ctx, func(t *tx) error { return fn(t) })
}

func (s lifecycleStore) RecordOnce(ctx context.Context, id apicred.BatchID, events []apicred.AuditEvent) error {
	return s.recordOnce(ctx, id, events)
}

func (s lifecycleStore) PutUsageMark(ctx context.Context, m lifecycle.UsageMark) error {
	return s.repeat(ctx, func() error {
		return s.write(ctx, func(r *reader) error { return r.putUsageMark(ctx, m) })
	})
}

type accessTokenStore struct{ *Store }

func (s accessTokenStore) Head(ctx context.Context) (accesstoken.Head, error) {
	head, err := newReader(s.follower).feedHead(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		s.letGo()
	}
	return head, err
}

func (s accessTokenStore) HashAt(ctx context.Context, sequence int64) (string, error) {
	return newReader(s.follower).hashAt(ctx, sequence)
}

func (s accessTokenStore) RenameHistory(ctx context.Context, from string) error {
	return s.renameHistory(ctx, from)
}

func (s accessTokenStore) Load(ctx context.Context, into accesstoken.Loader) (head accesstoken.Head, err error) {
	err = s.follow(ctx, func(r *reader) (err error) {
		head, err = r.load(ctx, into)
		return err
	})
	return head, err
}

func (s accessTokenStore) ChangesSince(ctx context.Context, after int64, most int) ([]accesstoken.Change, error) {
	return newReader(s.follower).changesSince(ctx, after, most)
}

func (s accessTokenStore) RecentChanges(ctx context.Context, since time.Time, upTo int64) (changes []accesstoken.Change, floor int64, err error) {
	err = s.follow(ctx, func(r *reader) (err error) {
		changes, floor, err = r.recentChanges(ctx, since, upTo)
		return err
	})
	return changes, floor, err
}

func (s accessTokenStore) CredentialRecords(ctx context.Context, clientIDs []string) (found map[string]accesstoken.FoundCredential, err error) {
	err = s.follow(ctx, func(r *reader) (err error) {
		found, err = r.credentialRecords(ctx, clientIDs)
		return err
	})
	return found, err
}

func (s accessTokenStore) Account(ctx context.Context, accountID string) (apicred.Account, error) {
	return newReader(s.follower).Account(ctx, accountID)
}

func (s accessTokenStore) User(ctx context.Context, accountID, userID string) (apicred.User, error) {
	return newReader(s.follower).User(ctx, accountID, userID)
}

func (s accessTokenStore) Catalogue(ctx context.Context) (apicred.Catalogue, int64, error) {
	return newReader(s.follower).Catalogue(ctx)
}

func (s accessTokenStore) RevokedTokens(ctx context.Context, jtis []string) (map[string]accesstoken.RevokedToken, error) {
	return s.reader(s.follower).revokedTokens(ctx, jtis)
}

func (s accessTokenStore) RevokeToken(ctx context.Context, r accesstoken.RevokedToken, event apicred.AuditEvent) error {
	return s.revokeToken(ctx, r, event)
}

func (s accessTokenStore) UseProof(ctx context.Context, hash []byte, now, end time.Time) error {
	return s.useProof(ctx, hash, now, end)
}

func (s accessTokenStore) AddUsage(ctx context.Context, id apicred.BatchID, batch accesstoken.UsageBatch) error {
	return s.addUsage(ctx, id, batch)
}

type keyringStore struct{ *Store }

func (s keyringStore) SigningKeys(ctx context.Context) ([]apicred.SigningKey, error) {
	return newReader(s.follower).SigningKeys(ctx)
}

func (s keyringStore) ChangeSigningKeys(ctx context.Context, fn func(keyring.Tx) error) error {
	return s.change(ctx, func(t *tx) error { return fn(t) })
}

type loginStore struct{ *Store }

func (s loginStore) Link(ctx context.Context, hash []byte) (login.Link, error) {
	return newReader(s.readers).Link(ctx, hash)
}

func (s loginStore) Session(ctx context.Context, hash []byte) (login.Session, error) {
	return newReader(s.readers).Session(ctx, hash)
}

func (s loginStore) Person(ctx context.Context, userID string) (apicred.Person, error) {
	return newReader(s.readers).Person(ctx, userID)
}

func (s loginStore) PersonByEmail(ctx context.Context, email string) (apicred.Person, error) {
	return newReader(s.readers).PersonByEmail(ctx, email)
}

func (s loginStore) Password(ctx context.Context, userID string) (login.StoredPassword, error) {
	return newReader(s.readers).Password(ctx, userID)
}

func (s loginStore) PasswordsNotUnder(ctx context.Context, masterKeyID, after string, most int) ([]login.StoredPassword, error) {
	return newReader(s.readers).passwordsNotUnder(ctx, masterKeyID, after, most)
}

func (s loginStore) ResealPassword(ctx context.Context, was, now login.StoredPassword) (done bool, err error) {
	err = s.repeat(ctx, func() error {
		return s.write(ctx, func(r *reader) (err error) {
			done, err = r.resealPassword(ctx, &was, &now)
			return err
		})
	})
	return done, err
}

func (s loginStore) Sessions(ctx context.Context, userID string) ([]login.Session, error) {
	return newReader(s.readers).Sessions(ctx, userID)
}

func (s loginStore) Memberships(ctx context.Context, userID string) ([]apicred.User, error) {
	return newReader(s.readers).Memberships(ctx, userID)
}

func (s loginStore) Account(ctx context.Context, accountID string) (apicred.Account, error) {
	return newReader(s.readers).Account(ctx, accountID)
}

func (s loginStore) TouchSession(ctx context.Context, session login.Session) error {
	return s.repeat(ctx, func() error {
		return s.write(ctx, func(r *reader) error { return r.touchSession(ctx, &session) })
	})
}

func (s loginStore) ChangeLogin(ctx context.Context, fn func(login.Tx) error) error {
	return s.change(ctx, func(t *tx) error { return fn(t) })
}

type auditStore struct{ *Store }

func (s auditStore) Chain(ctx context.Context, begin func(*audit.Base) error, entry func(audit.Entry) error) (head audit.Head, err error) {
	err = s.view(ctx, func(r *reader) (err error) {
		head, err = r.chain(ctx, begin, entry)
		return err
	})
	return head, err
}

func (s auditStore) Prune(ctx context.Context, step audit.Step) error {
	return s.change(ctx, func(t *tx) error { return t.prune(ctx, &step) })
}

func (s auditStore) Head(ctx context.Context) (audit.Head, error) {
	return newReader(s.readers).auditHead(ctx)
}

func (s auditStore) Checkpoints(ctx context.Context) ([]audit.Checkpoint, error) {
	return newReader(s.readers).checkpoints(ctx)
}

func (s auditStore) LastCheckpoint(ctx context.Context) (audit.Checkpoint, error) {
	return newReader(s.readers).lastCheckpoint(ctx)
}

func (s auditStore) InsertCheckpoint(ctx context.Context, c audit.Checkpoint) error {
	return s.repeat(ctx, func() error {
		return s.write(ctx, func(r *reader) error { return r.insertCheckpoint(ctx, &c) })
	})
}
