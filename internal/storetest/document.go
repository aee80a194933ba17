package storetest

import (
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func documentTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Catalogue_IsEmptyAtVersionZeroAtFirst":      catalogueEmpty,
		"Catalogue_ReadsAsWritten":                   catalogueReadsAsWritten,
		"Catalogue_StaleVersionIsAFailedPreconditon": catalogueStale,
		"Idempotency_RemembersUntilNotBefore":        idempotencyRemembers,
		"Idempotency_IsBoundToAccountActorAndKey":    idempotencyBound,
		"Idempotency_OldKeysMayBeUsedAgain":          idempotencyAgain,
	}
}

func catalogueEmpty(f *fixture) {
	f.view(func(r lifecycle.Reader) error {
		c, version, err := r.Catalogue(f.Context())
		f.equal(c, apicred.Catalogue{})
		f.equal(version, int64(0))
		return err
	})
}

func someCatalogue(description string) apicred.Catalogue {
	return apicred.Catalogue{
		APIs: []apicred.API{{
			ID: "orders", Name: "Orders <&>", Audience: "urn:orders", Hosts: []string{"api.example.com"}, BasePath: "/o", Upstream: "http://127.0.0.1:9",
			DirectCredentials: true, ForwardAuthorization: true, Accounts: []string{"a"}, Retired: true,
			Routes: []apicred.Route{{Methods: []string{"GET"}, Path: "/{x}/**", Scopes: []string{"stats"}}},
		}},
		Scopes: []apicred.Scope{{Value: "stats", Description: description, API: "orders", Roles: []apicred.Role{apicred.RoleAdmin}, Retired: true}},
	}
}

func catalogueReadsAsWritten(f *fixture) {
	for version, description := range []string{"first", "ünïcode \u2028"} {
		want := someCatalogue(description)
		f.change(func(tx lifecycle.Tx) error { return tx.SaveCatalogue(f.Context(), want, int64(version)) })
		got, stored, err := f.store.AccessToken().Catalogue(f.Context())
		f.must(err)
		f.equal(got, want)
		f.equal(stored, int64(version)+1)
	}
}

func catalogueStale(f *fixture) {
	save := func(version int64) error {
		return f.tryChange(func(tx lifecycle.Tx) error { return tx.SaveCatalogue(f.Context(), someCatalogue("x"), version) })
	}
	f.wantKind(save(1), apicred.KindPrecondition)
	f.must(save(0))
	f.wantKind(save(0), apicred.KindPrecondition)
}

func (f *fixture) remember(key lifecycle.IdempotencyKey, clientID string, at time.Time) lifecycle.IdempotencyRecord {
	f.Helper()
	record := lifecycle.IdempotencyRecord{BodyHash: []byte("hash of " + clientID), ClientID: clientID, CreatedAt: at}
	f.change(func(tx lifecycle.Tx) error { return tx.InsertIdempotency(f.Context(), key, record) })
	return record
}

func (f *fixture) wantRemembered(key lifecycle.IdempotencyKey, notBefore time.Time, want lifecycle.IdempotencyRecord) {
	f.Helper()
	f.view(func(r lifecycle.Reader) error {
		got, err := r.Idempotency(f.Context(), key, notBefore)
		f.equal(got, want)
		return err
	})
}

func (f *fixture) wantForgotten(key lifecycle.IdempotencyKey, notBefore time.Time) {
	f.Helper()
	f.view(func(r lifecycle.Reader) error {
		_, err := r.Idempotency(f.Context(), key, notBefore)
		f.wantKind(err, apicred.KindNotFound)
		return nil
	})
}

func idempotencyRemembers(f *fixture) {
	key := lifecycle.IdempotencyKey{AccountID: "a", ActorID: "u", Key: "k"}
	want := f.remember(key, "c1", start())
	f.wantRemembered(key, start(), want)
	f.wantForgotten(key, start().Add(time.Microsecond))
}

func idempotencyBound(f *fixture) {
	f.remember(lifecycle.IdempotencyKey{AccountID: "a", ActorID: "u", Key: "k"}, "c1", start())
	for _, other := range []lifecycle.IdempotencyKey{
		{AccountID: "b", ActorID: "u", Key: "k"}, {AccountID: "a", ActorID: "v", Key: "k"}, {AccountID: "a", ActorID: "u", Key: "K"},
	} {
		f.wantForgotten(other, start())
	}
}

func idempotencyAgain(f *fixture) {
	old, young := lifecycle.IdempotencyKey{AccountID: "a", ActorID: "u", Key: "k"}, lifecycle.IdempotencyKey{AccountID: "a", ActorID: "u", Key: "young"}
	f.remember(old, "c1", start())
	f.remember(young, "c2", start().Add(20*time.Hour))
	want := f.remember(old, "c3", start().Add(25*time.Hour))
	f.wantRemembered(old, start().Add(time.Hour), want)
	// Kept as long as anybody may ask for them, then removed.
	f.remember(lifecycle.IdempotencyKey{AccountID: "a", ActorID: "u", Key: "late"}, "c4", start().Add(72*time.Hour))
	f.wantForgotten(young, start())
	f.wantRemembered(old, start(), want)
}
