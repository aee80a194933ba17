package accesstoken_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

// busyStore has changed again and again since it was loaded, and takes its time
// to tell of each change.
type busyStore struct {
	manyStore
	changes int
	slow    time.Duration
	loads   int
	asked   int // the most changes that were asked for
}

func (s *busyStore) Head(context.Context) (accesstoken.Head, error) {
	return accesstoken.Head{Epoch: "busy", Change: int64(s.changes)}, nil
}

func (s *busyStore) Load(ctx context.Context, into accesstoken.Loader) (accesstoken.Head, error) {
	s.loads++
	if _, err := s.manyStore.Load(ctx, into); err != nil {
		return accesstoken.Head{}, err
	}
	return s.Head(ctx)
}

func (s *busyStore) ChangesSince(_ context.Context, after int64, most int) (changes []accesstoken.Change, err error) {
	s.asked = most
	for n := after + 1; n <= int64(s.changes) && len(changes) < most; n++ {
		changes = append(changes, accesstoken.Change{Change: n, TargetType: apicred.TargetCredential, TargetID: numbered(3, int(n)), AccountID: numbered(1, 0)})
	}
	return changes, nil
}

func (s *busyStore) CredentialRecords(ctx context.Context, clientIDs []string) (map[string]accesstoken.FoundCredential, error) {
	time.Sleep(s.slow)
	if ctx.Err() != nil {
		return nil, apicred.Unavailable(ctx.Err())
	}
	found := map[string]accesstoken.FoundCredential{}
	for _, id := range clientIDs {
		found[id] = accesstoken.FoundCredential{CredentialRecord: accesstoken.CredentialRecord{Credential: apicred.Credential{
			ClientID: id, AccountID: numbered(1, 0), Level: apicred.LevelAccount, AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: 1,
		}}}
	}
	return found, nil
}

func (s *busyStore) directory(t *testing.T) *accesstoken.Directory {
	t.Helper()
	d := accesstoken.NewDirectory(s, s.hasher, accesstoken.Options{Issuer: issuer, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	return d
}

// A node that was away for long has much to read: it must get through it, not
// begin again every two seconds.
func TestFollow_AppliesManyChangesHoweverLongTheyTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &busyStore{manyStore: manyStore{hasher: keyring.NewMaster([32]byte{1}).Hasher(), count: 1}, slow: 1500 * time.Millisecond}
		d := s.directory(t)
		s.changes = 1900 // in four parts
		must(t, d.CatchUp(t.Context()))
		if s.loads != 1 || d.Size() != 1901 {
			t.Fatalf("everything was read %d times, and %d credentials are known; want once, and 1901", s.loads, d.Size())
		}
	})
}

// Nor may it read a list of changes that is longer than everything.
func TestFollow_ReadsEverythingWhereTooMuchHasChanged(t *testing.T) {
	s := &busyStore{manyStore: manyStore{hasher: keyring.NewMaster([32]byte{1}).Hasher(), count: 10}}
	d := s.directory(t)
	s.changes = 1_000_000
	must(t, d.CatchUp(t.Context()))
	if s.loads != 2 || s.asked > 10_000 {
		t.Fatalf("everything was read %d times, and %d changes were asked for", s.loads, s.asked)
	}
	must(t, d.CatchUp(t.Context()))
	if s.loads != 2 {
		t.Fatal("everything was read although nothing had changed")
	}
}
