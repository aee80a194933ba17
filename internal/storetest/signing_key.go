package storetest

import (
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

func keyTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"SigningKey_ReadsAsWrittenOldestFirst":         keyReadsAsWritten,
		"SigningKey_UpdateWritesStatusAndTimes":        keyUpdate,
		"SigningKey_DeletedIsGone":                     keyDelete,
		"SigningKey_ChangeAndAuditCommitTogether":      keyChangeAudited,
		"SigningKey_IDIsTakenOnceAndUndoesTheRotation": keyTaken,
	}
}

func newKey(kid string, created time.Time) apicred.SigningKey {
	return apicred.SigningKey{
		KID: kid, Algorithm: "ES256", Status: apicred.SigningKeyNext, PublicJWK: []byte(`{"kty":"EC"}`), Sealed: []byte{0, 1, 255},
		MasterKeyID: "m1", CreatedAt: created, NotBefore: created.Add(time.Hour),
	}
}

func (f *fixture) changeKeys(fn func(keyring.Tx) error) error {
	return f.store.Keyring().ChangeSigningKeys(f.Context(), fn)
}

func (f *fixture) keys(records ...apicred.SigningKey) {
	f.Helper()
	f.must(f.changeKeys(func(tx keyring.Tx) error {
		for _, r := range records {
			f.must(tx.InsertSigningKey(f.Context(), r))
		}
		return nil
	}))
}

func (f *fixture) wantKeys(want ...apicred.SigningKey) {
	f.Helper()
	got, err := f.store.Keyring().SigningKeys(f.Context())
	f.must(err)
	f.equal(got, want)
}

func keyReadsAsWritten(f *fixture) {
	young, old := newKey("b", start()), newKey("a", start().Add(-time.Hour))
	f.keys(young, old)
	f.wantKeys(old, young)
}

func keyUpdate(f *fixture) {
	k := newKey("a", start())
	f.keys(k)
	k.Status, k.NotBefore, k.ExpiresAt = apicred.SigningKeyRetired, start(), start().Add(time.Hour)
	edited := k
	edited.Sealed, edited.Algorithm = []byte("other"), "none" // not to be written
	f.must(f.changeKeys(func(tx keyring.Tx) error { return tx.UpdateSigningKey(f.Context(), edited) }))
	f.wantKeys(k)
	edited.KID = "absent"
	f.wantKind(f.changeKeys(func(tx keyring.Tx) error { return tx.UpdateSigningKey(f.Context(), edited) }), apicred.KindNotFound)
}

func keyDelete(f *fixture) {
	a, b := newKey("a", start()), newKey("b", start())
	f.keys(a, b)
	remove := func() error {
		return f.changeKeys(func(tx keyring.Tx) error { return tx.DeleteSigningKey(f.Context(), "a") })
	}
	f.must(remove())
	f.wantKeys(b)
	f.wantKind(remove(), apicred.KindNotFound)
}

func keyChangeAudited(f *fixture) {
	f.must(f.changeKeys(func(tx keyring.Tx) error {
		f.must(tx.InsertSigningKey(f.Context(), newKey("a", start())))
		present, err := tx.SigningKeys(f.Context())
		f.must(err)
		f.equal(len(present), 1)
		return tx.Record(f.Context(), f.event("signing_key.create"))
	}))
	f.equal(f.head().Change, int64(1))
	f.wantChain(1)
}

func keyTaken(f *fixture) {
	k := newKey("a", start())
	f.keys(k)
	f.wantKind(f.changeKeys(func(tx keyring.Tx) error {
		f.must(tx.InsertSigningKey(f.Context(), newKey("b", start())))
		return tx.InsertSigningKey(f.Context(), k)
	}), apicred.KindConflict)
	f.wantKeys(k)
}
