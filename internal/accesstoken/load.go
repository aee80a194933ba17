package accesstoken

import (
	"errors"
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// loader builds a table from a whole snapshot (Loader). What it cannot use it
// counts and leaves out: a credential that is not understood authenticates
// nobody.
type loader struct {
	table    *table
	hasher   Hasher
	audience string
	previous *table // facts of use are carried over from it; may be nil
	buckets  [][]*entry
	faults   []error
}

const maxLoggedFaults = 20

func newLoader(hasher Hasher, managementAudience string, previous *table) *loader {
	l := &loader{table: newTable(), hasher: hasher, audience: managementAudience, previous: previous, buckets: make([][]*entry, shardCount)}
	l.LoadCatalogue(apicred.Catalogue{}, 0) // until the store says otherwise
	return l
}

// LoadCatalogue implements Loader.
func (l *loader) LoadCatalogue(c apicred.Catalogue, version int64) {
	l.table.land.Store(newLandscape(apicred.Compile(c, l.audience, version)))
}

// LoadAccount implements Loader.
func (l *loader) LoadAccount(a apicred.Account) { l.table.accountCell(a.ID).now.Store(&a) }

// LoadUser implements Loader.
func (l *loader) LoadUser(u apicred.User) {
	l.table.memberCell(u.AccountID, u.ID).now.Store(memberOf(&u))
}

// LoadCredential implements Loader.
func (l *loader) LoadCredential(r CredentialRecord) {
	e, err := l.table.entryOf(&r, l.hasher)
	if err == nil && e.account.now.Load() == nil {
		err = errors.New("client ID " + r.Credential.ClientID + " belongs to no account")
	}
	if err != nil {
		if len(l.faults) < maxLoggedFaults {
			l.faults = append(l.faults, err)
		}
		return
	}
	if l.previous != nil {
		if old := l.previous.find(e.id); old != nil {
			e.keepFrom(old)
		}
	}
	i := e.id.hash() >> (64 - shardBits)
	l.buckets[i] = append(l.buckets[i], e)
}

// LoadRevokedToken implements Loader.
func (l *loader) LoadRevokedToken(r RevokedToken) { l.table.revoked.add(&r) }

// finish lays out the credentials.
func (l *loader) finish() *table {
	for i, entries := range l.buckets {
		l.table.shards[i].Store(newShard(entries))
		l.table.size.Add(int64(len(entries)))
		l.buckets[i] = nil
	}
	return l.table
}

// entryOf packs a record and ties it to account, owner and scope list.
func (t *table) entryOf(r *CredentialRecord, hasher Hasher) (*entry, error) {
	e, err := newEntry(r, hasher)
	if err != nil {
		return nil, err
	}
	c := &r.Credential
	e.account = t.accountCell(c.AccountID)
	if c.Level != apicred.LevelAccount {
		// A level that is not understood counts as user-level without an owner,
		// which may do nothing.
		e.owner = t.memberCell(c.AccountID, c.OwnerID)
	}
	e.holding = t.holdingOf(c.Scopes)
	return e, nil
}

// holdingOf returns the one holding with these scopes.
func (t *table) holdingOf(scopes []string) *holding {
	joined := strings.Join(scopes, " ")
	if h := t.holdings[joined]; h != nil {
		return h
	}
	joined = strings.Clone(joined) // never a part of a row
	h := &holding{scopes: apicred.NormalizeScopes(strings.Split(joined, " "))}
	h.management = !slices.ContainsFunc(h.scopes, func(s string) bool { return !apicred.IsManagement(s) })
	t.holdings[joined] = h
	return h
}
