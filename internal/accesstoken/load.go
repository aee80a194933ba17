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
	gathered []shardBuilder
	faults   []error
	onMany   func()
	count    int
}

const maxLoggedFaults = 20

func newLoader(hasher Hasher, o *Options, previous *table) *loader {
	l := &loader{
		table: newTable(), hasher: hasher, audience: ManagementAudience(o.Issuer), previous: previous,
		gathered: make([]shardBuilder, shardCount), onMany: o.OnManyLoaded,
	}
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
	if err == nil && l.table.accountOf(e) == nil {
		err = errors.New("client ID " + r.Credential.ClientID + " belongs to no account")
	}
	if err != nil {
		if len(l.faults) < maxLoggedFaults {
			l.faults = append(l.faults, err)
		}
		return
	}
	if l.previous != nil {
		if old := l.previous.find(e.id); old.known() {
			e.keepFrom(old)
		}
	}
	l.gathered[e.id.hash()>>(64-shardBits)].add(e)
	l.count++
}

// LoadRevokedToken implements Loader.
func (l *loader) LoadRevokedToken(r RevokedToken) { l.table.revoked.add(&r) }

// finish lays out the credentials.
func (l *loader) finish() *table {
	for i := range l.gathered {
		l.table.size.Add(int64(len(l.gathered[i].entries)))
		l.table.shards[i].Store(l.gathered[i].shard())
		l.gathered[i] = shardBuilder{}
	}
	return l.table
}

// over ends the loading, whatever came of it: call it when nothing of l is used
// any more.
func (l *loader) over() {
	l.table, l.previous, l.gathered = nil, nil, nil
	if l.count >= manyCredentials {
		l.onMany()
	}
}

// entryOf packs a record and ties it to account, owner and scope list.
func (t *table) entryOf(r *CredentialRecord, hasher Hasher) (held, error) {
	e, err := newEntry(r, hasher)
	if err != nil {
		return held{}, err
	}
	c := &r.Credential
	e.class = t.classOf(t.holdingOf(c.Scopes), t.accountCell(c.AccountID))
	if c.Level != apicred.LevelAccount {
		// A level that is not understood counts as user-level without an owner,
		// which may do nothing.
		e.owner = t.memberCell(c.AccountID, c.OwnerID).number
	}
	return e, nil
}

// classOf returns the number of the one class with this holding and account.
func (t *table) classOf(h *holding, account *accountCell) uint32 {
	key := classKey{h, account}
	if n, known := t.classNumbers[key]; known {
		return n
	}
	n := t.classes.add(&class{holding: h, account: account})
	t.classNumbers[key] = n
	return n
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
