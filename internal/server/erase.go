package server

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
)

// EraseReport says what the erasing of a person came to.
type EraseReport struct {
	UserID   string    `json:"user_id"`
	ErasedAt time.Time `json:"erased_at"` // the first time
	// Again: they had been erased before; what had come up since is gone, too.
	Again    bool `json:"erased_before"`
	Accounts int  `json:"accounts"`
	// Credentials that they own, whose names stay, and labels of their secrets,
	// which stay as well.
	Credentials int `json:"credentials"`
	Labels      int `json:"secret_labels"`
	// Addresses is from how many audit events the address was taken.
	Addresses int64 `json:"addresses_of_audit_events"`
}

// EraseUser erases the data of a person, named by user ID or e-mail address, and
// writes an SQLite file anew so that nothing of it is left there. Servers may
// run and write. It works with the rights of migrate_database_url. Errors are
// finished lines for the operator.
func EraseUser(ctx context.Context, cfg config.Config, user string) (report EraseReport, err error) {
	cfg.DatabaseURL = cfg.MigrateDatabaseURL
	store, err := openExisting(ctx, cfg)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.CheckSchema(ctx); err != nil {
		return report, err
	}
	e, err := eraseIn(ctx, cfg, store, user)
	if err != nil {
		return report, err
	}
	report = EraseReport{
		UserID: e.UserID, ErasedAt: e.At.UTC(), Again: e.Again, Accounts: e.Accounts,
		Credentials: e.Credentials, Labels: e.Labels, Addresses: e.Addresses,
	}
	if err := store.Rewrite(ctx); err != nil {
		if cause := apicred.AsError(err).Unwrap(); cause != nil {
			err = cause
		}
		return report, fault(err, "The person %s was erased, but what was deleted is in the database file still, which could not be written anew: %s. Make room for two more copies of the file, or wait for what reads it all the time, and run the command again with this ID.", e.UserID, plainCause(err))
	}
	return report, nil
}

func eraseIn(ctx context.Context, cfg config.Config, store *sqlstore.Store, user string) (lifecycle.Erasure, error) {
	service := lifecycle.New(lifecycle.Options{
		Store: store.Lifecycle(), Clock: time.Now, Random: rand.Reader,
		ManagementAudience: accesstoken.ManagementAudience(cfg.IssuerAt(cfg.Listen)),
	})
	return service.EraseUser(ctx, apicred.Actor{Type: apicred.ActorOperator, Unlimited: true}, user)
}
