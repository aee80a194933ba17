package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/storetest"
)

// After a restart or a failover every connection of the pool may be dead, and
// nobody has to notice.
func TestPostgreSQL_ConnectionsThatDiedUnseenAreReplaced(t *testing.T) {
	server := storetest.StartPostgres(t)
	databaseURL := server.Database(t)
	s := openMigrated(t, databaseURL)
	for what, use := range map[string]func() error{
		"a change": func() error {
			return s.change(t.Context(), func(*tx) error { return nil })
		},
		"a snapshot": func() error { return s.view(t.Context(), func(*reader) error { return nil }) },
		"a read":     func() error { _, err := newReader(s.readers).feedHead(t.Context()); return err },
		"a poll":     func() error { _, err := s.AccessToken().Head(t.Context()); return err },
	} {
		connectAll(t, s.readers)
		connectAll(t, s.follower)
		server.SQL(t, databaseURL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'claviger'")
		if err := use(); err != nil {
			t.Errorf("%s after every connection has died: %v (%v)", what, err, apicred.AsError(err).Unwrap())
		}
	}
}

// connectAll opens every connection that a pool may have.
func connectAll(t *testing.T, pool steady) {
	t.Helper()
	var taken []*sql.Conn
	for range pool.Stats().MaxOpenConnections {
		c, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, c)
	}
	for _, c := range taken {
		if err := c.Close(); err != nil { // back into the pool
			t.Error(err)
		}
	}
}

func TestRepeat_IsForWhatDiedBeforeItsCommitWasAskedFor(t *testing.T) {
	died := domainError(fmt.Errorf("reading: %w", io.ErrUnexpectedEOF))
	for what, c := range map[string]struct {
		err  error
		want bool
	}{
		"died on the way":                {died, true},
		"told to end":                    {domainError(&pgconn.PgError{Code: stateAdminShutdown}), true},
		"died at the commit":             {unconfirmed(io.ErrUnexpectedEOF), false},
		"given up at the commit":         {unconfirmed(&pgconn.PgError{Code: stateSerializationFailed}), true},
		"nobody waits any more":          {domainError(context.DeadlineExceeded), false},
		"refused for what was asked for": {apicred.NotFound(), false},
	} {
		if got := worthRepeating(c.err); got != c.want {
			t.Errorf("%s: repeated %v, want %v", what, got, c.want)
		}
	}
}

// A database that hangs would hold whoever asked it as long as they wait. The
// poll finds it out and lets go of all of them.
func TestPostgreSQL_ThatHangsHoldsNobodyLongerThanThePollTakesToSeeIt(t *testing.T) {
	server := storetest.StartPostgres(t)
	databaseURL := server.Database(t) + "&connect_timeout=1"
	s := openMigrated(t, databaseURL)
	inside := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		var once sync.Once
		ended <- s.change(t.Context(), func(tx *tx) error {
			once.Do(func() {
				server.Pause(t)
				close(inside)
			})
			_, _, err := tx.Catalogue(t.Context())
			return err
		})
	}()
	<-inside
	poll, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.AccessToken().Head(poll)
	wantKind(t, err, apicred.KindUnavailable)
	wantKind(t, <-ended, apicred.KindUnavailable) // it would never come
	server.Resume(t)
	if err := s.change(t.Context(), func(*tx) error { return nil }); err != nil {
		t.Errorf("when it goes on: %v (%v)", err, errors.Unwrap(err))
	}
}
