package accesstoken_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

// farStore is one that answers after a while, whatever it is asked, and in which
// changed has changed since it was loaded.
type farStore struct {
	manyStore
	away    time.Duration
	changed []accesstoken.Change
	asked   int
}

// answer waits, and fails where the caller would not.
func (s *farStore) answer(ctx context.Context) error {
	s.asked++
	time.Sleep(s.away)
	if ctx.Err() != nil {
		return apicred.Unavailable(ctx.Err())
	}
	return nil
}

func (s *farStore) Head(ctx context.Context) (accesstoken.Head, error) {
	return accesstoken.Head{Epoch: "far", Change: int64(len(s.changed))}, s.answer(ctx)
}

func (s *farStore) Load(ctx context.Context, into accesstoken.Loader) (accesstoken.Head, error) {
	if _, err := s.manyStore.Load(ctx, into); err != nil {
		return accesstoken.Head{}, err
	}
	return s.Head(ctx)
}

func (s *farStore) ChangesSince(ctx context.Context, after int64, most int) ([]accesstoken.Change, error) {
	return s.changed[after:min(len(s.changed), int(after)+most)], s.answer(ctx)
}

func (s *farStore) User(ctx context.Context, account, id string) (apicred.User, error) {
	return apicred.User{Person: apicred.Person{ID: id}, AccountID: account, Role: apicred.RoleAgent, Status: apicred.UserActive, Generation: 2}, s.answer(ctx)
}

func (s *farStore) RevokedTokens(ctx context.Context, jtis []string) (map[string]accesstoken.RevokedToken, error) {
	found := map[string]accesstoken.RevokedToken{}
	for _, jti := range jtis {
		found[jti] = accesstoken.RevokedToken{JTI: jti, AccountID: numbered(1, 0), ClientID: numbered(3, 0), ExpiresAt: time.Now().Add(time.Hour)}
	}
	return found, s.answer(ctx)
}

// changes are so many, of a kind.
func changes(count int, kind apicred.TargetType, id byte) (all []accesstoken.Change) {
	for i := range count {
		all = append(all, accesstoken.Change{Change: int64(i + 1), TargetType: kind, TargetID: numbered(id, i), AccountID: numbered(1, 0)})
	}
	return all
}

// Who may ask for tokens may revoke two hundred in a row. A node 80 ms from its
// database that read each by itself, all of them within two seconds, would never
// get behind them: it would go without the database, and then refuse everybody.
func TestFollow_FarFromTheDatabaseGetsThroughWhateverHasChanged(t *testing.T) {
	for name, test := range map[string]struct {
		changed []accesstoken.Change
		reads   int // beside the head row and the list of changes
	}{
		"revoked tokens": {changes(200, apicred.TargetToken, 6), 1},
		"people":         {changes(200, apicred.TargetUser, 2), 200},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &farStore{manyStore: manyStore{hasher: keyring.NewMaster([32]byte{1}).Hasher(), count: 1}, away: 80 * time.Millisecond}
			d := accesstoken.NewDirectory(s, s.hasher, accesstoken.Options{Issuer: issuer, MaxOffline: time.Hour})
			must(t, d.Load(t.Context()))
			s.changed, s.asked = slices.Clone(test.changed), 0
			if err := d.CatchUp(t.Context()); err != nil || s.asked != test.reads+2 {
				t.Errorf("200 %s: %v after %d reads, want %d", name, err, s.asked, test.reads+2)
			}
		})
	}
}
