package storetest

import (
	"fmt"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func directoryTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Load_HandsOverEverythingInOrder":     loadEverything,
		"Load_OfManyRowsLeavesNoneOut":        loadMany,
		"Load_OfAnEmptyStoreIsItsHead":        loadEmpty,
		"Load_ReturnsTheHeadOfItsOwnSnapshot": loadSnapshot,
		"HashAt_IsThatOfTheHeadThen":          hashAt,
		"CredentialRecords_AreOfWhatIsThere":  credentialRecords,
		"RenameHistory_HappensOnceToAName":    renameHistory,
		"RevokeToken_IsKeptOnceWithItsEvent":  revokeToken,
		"RevokeToken_MakesRoomForItself":      revokeTokenPrunes,
	}
}

// loader collects what it is handed, as a Loader must: copying slices.
type loader struct {
	order       []string
	catalogue   apicred.Catalogue
	version     int64
	accounts    map[string]apicred.Account
	users       map[string]apicred.User
	credentials map[string]accesstoken.CredentialRecord
	revoked     []accesstoken.RevokedToken
	first       func()
}

func newLoader() *loader {
	return &loader{
		accounts: map[string]apicred.Account{}, users: map[string]apicred.User{}, credentials: map[string]accesstoken.CredentialRecord{},
	}
}

func (l *loader) came(what string) {
	if n := len(l.order); n == 0 || l.order[n-1] != what {
		l.order = append(l.order, what)
	}
}

func (l *loader) LoadCatalogue(c apicred.Catalogue, version int64) {
	l.came("catalogue")
	l.catalogue, l.version = c, version
	if l.first != nil {
		l.first()
	}
}

func (l *loader) LoadAccount(a apicred.Account) {
	l.came("accounts")
	l.accounts[a.ID] = a
}

func (l *loader) LoadUser(u apicred.User) {
	l.came("users")
	l.users[u.AccountID+" "+u.ID] = u
}

func (l *loader) LoadRevokedToken(r accesstoken.RevokedToken) {
	l.came("revoked tokens")
	l.revoked = append(l.revoked, r)
}

func (l *loader) LoadCredential(r accesstoken.CredentialRecord) {
	l.came("credentials")
	r.Credential.Scopes = append([]string(nil), r.Credential.Scopes...)
	r.Credential.AllowedCIDRs = append([]prefix(nil), r.Credential.AllowedCIDRs...)
	r.Secrets = append([]apicred.Secret(nil), r.Secrets...)
	l.credentials[r.Credential.ClientID] = r
}

func loadEverything(f *fixture) {
	a, b := f.account("Acme"), f.account("Other")
	u := f.user(a.ID, "ada@example.com")
	f.user(b.ID, "bob@example.com")
	f.change(func(tx lifecycle.Tx) error { return tx.SaveCatalogue(f.Context(), someCatalogue("x"), 0) })
	one, two, none := f.credential(a.ID), f.credential(b.ID), f.credential(a.ID)
	ones, twos := f.secrets(one.ClientID), f.secrets(two.ClientID)
	f.recordEvents(f.event("credential.create"))

	l := newLoader()
	head, err := f.store.AccessToken().Load(f.Context(), l)
	f.must(err)
	f.equal(head, f.head())
	f.equal(l.order, []string{"catalogue", "accounts", "users", "credentials"})
	f.equal(l.catalogue, someCatalogue("x"))
	f.equal(l.version, int64(1))
	f.equal(l.accounts, map[string]apicred.Account{a.ID: a, b.ID: b})
	f.equal(len(l.users), 2)
	f.equal(l.users[a.ID+" "+u.ID], u)
	f.equal(l.credentials, map[string]accesstoken.CredentialRecord{
		one.ClientID:  asLoaded(one, ones),
		two.ClientID:  asLoaded(two, twos),
		none.ClientID: asLoaded(none, nil),
	})
}

// credentialRecords asks for what is there, and for what is not.
func credentialRecords(f *fixture) {
	const many = 60
	a, other := f.account("Acme"), f.account("Other")
	one := f.credential(a.ID)
	ones := f.secrets(one.ClientID)
	ids := []string{"absent", one.ClientID, f.id()}
	want := map[string]accesstoken.FoundCredential{
		one.ClientID: {CredentialRecord: accesstoken.CredentialRecord{Credential: one, Secrets: ones}},
	}
	for range many {
		c := f.credential(other.ID)
		ids = append(ids, c.ClientID)
		want[c.ClientID] = accesstoken.FoundCredential{CredentialRecord: accesstoken.CredentialRecord{Credential: c}}
	}
	found, err := f.store.AccessToken().CredentialRecords(f.Context(), ids)
	f.must(err)
	f.equal(found, want)
}

// asLoaded leaves out what no token depends on: it is not read of a million.
func asLoaded(c apicred.Credential, secrets []apicred.Secret) accesstoken.CredentialRecord {
	c.Name, c.DisabledBy, c.CreatedBy, c.LastUsedAddress, c.Version = "", "", "", "", 0
	c.CreatedAt, c.UpdatedAt, c.EnabledAt = time.Time{}, time.Time{}, time.Time{}
	record := accesstoken.CredentialRecord{Credential: c}
	for _, s := range secrets {
		s.Label, s.Hint, s.LastUsedAddress = "", "", ""
		record.Secrets = append(record.Secrets, s)
	}
	return record
}

func loadEmpty(f *fixture) {
	l := newLoader()
	head, err := f.store.AccessToken().Load(f.Context(), l)
	f.must(err)
	f.equal(head, f.head())
	f.equal(l.order, []string{"catalogue"})
}

// loadMany needs more than a page of everything, whatever a page is.
func loadMany(f *fixture) {
	const many = 2100
	a := f.account("Acme")
	want := map[string]int{}
	f.change(func(tx lifecycle.Tx) error {
		for i := range many {
			p := apicred.Person{ID: f.id(), Email: fmt.Sprintf("u%d@example.com", i), CreatedAt: start()}
			f.must(tx.InsertPerson(f.Context(), p))
			f.must(tx.InsertUser(f.Context(), apicred.User{Person: p, AccountID: a.ID, Role: apicred.RoleAgent, Status: apicred.UserActive, Version: 1}))
			c := apicred.Credential{ClientID: f.id(), AccountID: a.ID, Name: "x", Level: apicred.LevelUser, OwnerID: p.ID, Version: 1, CreatedAt: start()}
			f.must(tx.InsertCredential(f.Context(), c))
			want[c.ClientID] = i % 3
			for range i % 3 {
				f.must(tx.InsertSecret(f.Context(), f.newSecret(c.ClientID)))
			}
		}
		return nil
	})
	l := newLoader()
	_, err := f.store.AccessToken().Load(f.Context(), l)
	f.must(err)
	f.equal(len(l.users), many)
	got := map[string]int{}
	for id, r := range l.credentials {
		got[id] = len(r.Secrets)
	}
	f.equal(got, want)
}

func loadSnapshot(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	f.recordEvents(f.event("credential.create"))
	before := f.head()
	l := newLoader()
	l.first = func() {
		f.change(func(tx lifecycle.Tx) error {
			f.must(tx.DeleteCredential(f.Context(), c.AccountID, c.ClientID))
			return tx.Record(f.Context(), f.event("credential.delete"))
		})
	}
	head, err := f.store.AccessToken().Load(f.Context(), l)
	f.must(err)
	f.equal(head, before)
	f.equal(len(l.credentials), 1)
}

func (f *fixture) revoked(jti string, ends time.Duration) accesstoken.RevokedToken {
	return accesstoken.RevokedToken{JTI: jti, AccountID: "acc", ClientID: f.id(), ExpiresAt: start().Add(ends), RevokedAt: start()}
}

func (f *fixture) revoke(r accesstoken.RevokedToken) {
	f.Helper()
	e := f.event("token.revoke")
	e.TargetType, e.TargetID = apicred.TargetToken, r.JTI
	f.must(f.store.AccessToken().RevokeToken(f.Context(), r, e))
}

func revokeToken(f *fixture) {
	r := f.revoked("jti-1", time.Hour)
	f.revoke(r)
	f.revoke(r)
	f.wantFeed(0, []int64{1})
	other := f.revoked("jti-3", time.Hour)
	f.revoke(other)
	got, err := f.store.AccessToken().RevokedTokens(f.Context(), []string{"jti-1", "jti-2", "jti-3"})
	f.must(err)
	f.equal(got, map[string]accesstoken.RevokedToken{"jti-1": r, "jti-3": other})
	f.wantChain(2)
}

func revokeTokenPrunes(f *fixture) {
	short, long := f.revoked("short", time.Minute), f.revoked("long", time.Hour)
	f.revoke(short)
	f.revoke(long)
	last := f.revoked("last", 4*time.Hour)
	last.RevokedAt = start().Add(accesstoken.ClockSetBack + 2*time.Minute)
	f.revoke(last)
	l := newLoader()
	_, err := f.store.AccessToken().Load(f.Context(), l)
	f.must(err)
	f.equal(l.revoked, []accesstoken.RevokedToken{last, long})
	f.equal(l.order[len(l.order)-1], "revoked tokens")
}

func hashAt(f *fixture) {
	var heads []accesstoken.Head
	for range 3 {
		f.change(func(tx lifecycle.Tx) error { return tx.Record(f.Context(), f.event("account.create")) })
		heads = append(heads, f.head())
	}
	store := f.store.AccessToken()
	for _, head := range heads {
		hash, err := store.HashAt(f.Context(), head.Sequence)
		f.must(err)
		f.equal(hash, head.Hash)
	}
	_, err := store.HashAt(f.Context(), heads[2].Sequence+1)
	f.wantKind(err, apicred.KindNotFound)
}

func renameHistory(f *fixture) {
	store, before := f.store.AccessToken(), f.head()
	f.must(store.RenameHistory(f.Context(), before.Epoch))
	after := f.head()
	if after.Epoch == before.Epoch || after.Epoch == "" {
		f.Errorf("the epoch is %q, it was %q", after.Epoch, before.Epoch)
	}
	// Another node that met the same.
	f.must(store.RenameHistory(f.Context(), before.Epoch))
	f.equal(f.head(), after)
}
