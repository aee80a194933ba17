package storetest

import (
	"net/netip"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// prefix is compared by value.
type prefix = netip.Prefix

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range texts {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func credentialTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Credential_ReadsAsWritten":                    credentialReadsAsWritten,
		"Credential_UpdateWritesWhatMayChange":         credentialUpdate,
		"Credential_UpdateLeavesLastUseAlone":          credentialUpdateLeavesLastUse,
		"Credential_StaleVersionIsAFailedPrecondition": credentialStale,
		"Credential_OfAnotherAccountIsNotFound":        credentialElsewhere,
		"Credential_DeletedTakesSecretsAlong":          credentialDelete,
		"Credential_IDIsTakenOnce":                     credentialIDTaken,
		"Credential_FoundByTheScopesItHoldsNow":        credentialByScope,
		"Credential_FoundByItsOwner":                   credentialByOwner,
		"Credential_FoundByTheNameItHasNow":            credentialByName,
		"Credential_WithACertificateIsNeverUnrotated":  credentialCertified,
	}
}

func (f *fixture) wantCredential(want apicred.Credential) {
	f.Helper()
	f.view(func(r lifecycle.Reader) error {
		got, err := r.Credential(f.Context(), want.AccountID, want.ClientID)
		f.equal(got, want)
		return err
	})
	f.equal(f.record(want.ClientID).Credential, want)
}

// record is the credential as a follower reads it.
func (f *fixture) record(clientID string) accesstoken.CredentialRecord {
	f.Helper()
	found, err := f.store.AccessToken().CredentialRecords(f.Context(), []string{clientID})
	f.must(err)
	f.must(found[clientID].Fault)
	f.equal(len(found), 1)
	return found[clientID].CredentialRecord
}

func credentialReadsAsWritten(f *fixture) {
	a := f.account("Acme")
	u := f.user(a.ID, "ada@example.com")
	plain := apicred.Credential{
		ClientID: f.id(), AccountID: a.ID, Name: "Plain", Level: apicred.LevelUser, OwnerID: u.ID,
		AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: 1, Version: 1, CreatedAt: start(), UpdatedAt: start(),
	}
	for _, want := range []apicred.Credential{f.newCredential(a.ID, nil), f.newCredential(a.ID, &u), plain} {
		f.change(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), want) })
		f.wantCredential(want)
	}
}

func credentialUpdate(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	edited := apicred.Credential{
		ClientID: c.ClientID, AccountID: c.AccountID, Name: "Weekly Import", Level: c.Level, Scopes: []string{"webhooks"},
		AuthenticationMethod: "private_key_jwt", KeySet: `{"keys":[1]}`, TLSClientSubject: "dns:worker.example.com", Generation: 5, Version: c.Version,
		CreatedAt: c.CreatedAt, CreatedBy: c.CreatedBy, UpdatedAt: start().Add(1), LastUsedAt: c.LastUsedAt, LastUsedAddress: c.LastUsedAddress,
	}
	edited.UpdatedAt = start().AddDate(0, 0, 1)
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), edited) })
	edited.Version++
	f.wantCredential(edited)
}

func credentialUpdateLeavesLastUse(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	edited := c
	edited.LastUsedAt, edited.LastUsedAddress = start().AddDate(1, 0, 0), "203.0.113.1"
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), edited) })
	c.Version++
	f.wantCredential(c)
}

func credentialStale(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	update := func(c apicred.Credential) error {
		return f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), c) })
	}
	f.must(update(c))
	f.wantKind(update(c), apicred.KindPrecondition)
	c.ClientID = f.id()
	f.wantKind(update(c), apicred.KindNotFound)
}

func credentialElsewhere(f *fixture) {
	a, b := f.account("Acme"), f.account("Other")
	c := f.credential(a.ID)
	f.view(func(r lifecycle.Reader) error {
		_, err := r.Credential(f.Context(), b.ID, c.ClientID)
		f.wantKind(err, apicred.KindNotFound)
		return nil
	})
	err := f.tryChange(func(tx lifecycle.Tx) error { return tx.DeleteCredential(f.Context(), b.ID, c.ClientID) })
	f.wantKind(err, apicred.KindNotFound)
	moved := c
	moved.AccountID = b.ID
	err = f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), moved) })
	f.wantKind(err, apicred.KindNotFound)
	f.wantCredential(c)
}

func credentialDelete(f *fixture) {
	a := f.account("Acme")
	gone, stays := f.credential(a.ID), f.credential(a.ID)
	for _, c := range []apicred.Credential{gone, stays} {
		f.change(func(tx lifecycle.Tx) error { return tx.InsertSecret(f.Context(), f.newSecret(c.ClientID)) })
	}
	f.change(func(tx lifecycle.Tx) error { return tx.DeleteCredential(f.Context(), a.ID, gone.ClientID) })
	f.view(func(r lifecycle.Reader) error {
		_, err := r.Credential(f.Context(), a.ID, gone.ClientID)
		f.wantKind(err, apicred.KindNotFound)
		secrets, err := r.SecretsOf(f.Context(), []string{gone.ClientID, stays.ClientID})
		f.must(err)
		f.equal([]int{len(secrets[gone.ClientID]), len(secrets[stays.ClientID])}, []int{0, 1})
		holding, err := r.CredentialsHolding(f.Context(), gone.Scopes)
		f.equal(clientIDs(holding), []string{stays.ClientID})
		return err
	})
	err := f.tryChange(func(tx lifecycle.Tx) error { return tx.DeleteCredential(f.Context(), a.ID, gone.ClientID) })
	f.wantKind(err, apicred.KindNotFound)
}

func credentialIDTaken(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	c.AccountID = f.account("Other").ID
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) }), apicred.KindConflict)
}

func credentialByScope(f *fixture) {
	a, b := f.account("Acme"), f.account("Other")
	one, two := f.credential(a.ID), f.credential(b.ID)
	two.Scopes = []string{"users:read", "webhooks"}
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), two) })
	for _, test := range []struct {
		scopes, clients []string
	}{
		{[]string{"stats"}, []string{one.ClientID}},
		{[]string{"users:read"}, []string{one.ClientID, two.ClientID}},
		{[]string{"stats", "webhooks", "none"}, []string{one.ClientID, two.ClientID}},
		{[]string{"STATS"}, nil}, // scopes are case-sensitive (RFC 6749 section 3.3)
		{nil, nil},
	} {
		f.view(func(r lifecycle.Reader) error {
			found, err := r.CredentialsHolding(f.Context(), test.scopes)
			f.equal(clientIDs(found), test.clients)
			return err
		})
	}
	f.view(func(r lifecycle.Reader) error {
		held, err := r.ScopesHeld(f.Context(), []string{"stats", "none", "webhooks", "Webhooks"})
		slices.Sort(held)
		f.equal(held, []string{"stats", "webhooks"})
		f.must(err)
		holders, err := r.ScopeHolders(f.Context(), []string{"stats", "users:read", "none", "Webhooks"})
		f.equal(holders, map[string]int64{"stats": 1, "users:read": 2})
		return err
	})
}

func credentialByOwner(f *fixture) {
	a := f.account("Acme")
	ada, bob := f.user(a.ID, "ada@example.com"), f.user(a.ID, "bob@example.com")
	of := func(u *apicred.User) apicred.Credential {
		c := f.newCredential(a.ID, u)
		f.change(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) })
		return c
	}
	one, _, two, _ := of(&ada), of(&bob), of(&ada), of(nil)
	f.view(func(r lifecycle.Reader) error {
		owned, err := r.CredentialsOwned(f.Context(), a.ID, ada.ID)
		f.equal(owned, []apicred.Credential{one, two})
		return err
	})
	f.view(func(r lifecycle.Reader) error {
		owned, err := r.CredentialsOwned(f.Context(), a.ID, "")
		f.equal(len(owned), 0)
		return err
	})
}

func credentialCertified(f *fixture) {
	c := f.newCredential(f.account("Acme").ID, nil)
	c.AuthenticationMethod, c.KeySet, c.TLSClientSubject = apicred.AuthenticationTLSClientAuth, "", "CN=worker"
	c.DisabledAt, c.DisabledBy, c.ExpiresAt, c.Suspension = time.Time{}, "", time.Time{}, ""
	f.change(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) })
	f.wantCredential(c)
	c.TLSClientSubject = "CN=other"
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), c) })
	q := lifecycle.CredentialQuery{
		AccountID: c.AccountID, Now: start().AddDate(9, 0, 0),
		Attention: lifecycle.Attention{Kind: lifecycle.AttentionUnrotated, RotatedBefore: start().AddDate(8, 0, 0)},
	}
	f.view(func(r lifecycle.Reader) error {
		n, err := r.CountCredentials(f.Context(), q, 10)
		f.equal(n, 0)
		return err
	})
}

func credentialByName(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	c.Name = "Ünïcode Import"
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), c) })
	for search, want := range map[string]int{"nightly": 0, "imp": 1, "ÜNÏ": 1} {
		f.view(func(r lifecycle.Reader) error {
			n, err := r.CountCredentials(f.Context(), lifecycle.CredentialQuery{AccountID: c.AccountID, Search: search, Now: start()}, 10)
			f.equal(n, want)
			return err
		})
	}
}
