package storetest

import (
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func secretTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Secret_ReadsAsWrittenOldestFirst":      secretReadsAsWritten,
		"Secret_UpdateWritesLabelEndAndClosing": secretUpdate,
		"Secret_DeleteRemovesOne":               secretDelete,
		"Secret_OfAnotherCredentialIsAbsent":    secretElsewhere,
		"Secret_NeedsItsCredential":             secretNeedsCredential,
		"Secret_IsKeptAsHashOfSeveralAtOnce":    secretsOfSeveral,
		"Secret_WithoutEndOrUseReadsAsZeroes":   secretZeroes,
	}
}

// secrets stores three secrets of a credential, the second the oldest, and
// returns them oldest first.
func (f *fixture) secrets(clientID string) []apicred.Secret {
	f.Helper()
	one, two, three := f.newSecret(clientID), f.newSecret(clientID), f.newSecret(clientID)
	two.CreatedAt = start().AddDate(0, -1, 0)
	f.change(func(tx lifecycle.Tx) error {
		for _, s := range []apicred.Secret{one, two, three} {
			if err := tx.InsertSecret(f.Context(), s); err != nil {
				return err
			}
		}
		return nil
	})
	return []apicred.Secret{two, one, three}
}

func (f *fixture) wantSecrets(clientID string, want []apicred.Secret) {
	f.Helper()
	f.view(func(r lifecycle.Reader) error {
		got, err := r.Secrets(f.Context(), clientID)
		f.equal(got, want)
		return err
	})
	f.equal(f.record(clientID).Secrets, want)
}

func secretReadsAsWritten(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	f.wantSecrets(c.ClientID, f.secrets(c.ClientID))
}

func secretUpdate(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	secrets := f.secrets(c.ClientID)
	secrets[1].Label, secrets[1].ExpiresAt = "", start().AddDate(0, 0, 9)
	secrets[1].CloseWhenQuiet, secrets[1].CloseCountedFrom = 24*time.Hour, start()
	edited := secrets[1]
	edited.Hash, edited.Hint, edited.PepperID = []byte("other"), "othr", "p9" // not to be written
	f.change(func(tx lifecycle.Tx) error { return tx.UpdateSecret(f.Context(), edited) })
	f.wantSecrets(c.ClientID, secrets)
}

func secretDelete(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	secrets := f.secrets(c.ClientID)
	remove := func() error {
		return f.tryChange(func(tx lifecycle.Tx) error { return tx.DeleteSecret(f.Context(), c.ClientID, secrets[0].ID) })
	}
	f.must(remove())
	f.wantSecrets(c.ClientID, secrets[1:])
	f.wantKind(remove(), apicred.KindNotFound)
}

func secretElsewhere(f *fixture) {
	a := f.account("Acme")
	c, other := f.credential(a.ID), f.credential(a.ID)
	secrets := f.secrets(c.ClientID)
	moved := secrets[0]
	moved.ClientID = other.ClientID
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.UpdateSecret(f.Context(), moved) }), apicred.KindNotFound)
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error {
		return tx.DeleteSecret(f.Context(), other.ClientID, secrets[0].ID)
	}), apicred.KindNotFound)
	f.wantSecrets(c.ClientID, secrets)
}

func secretNeedsCredential(f *fixture) {
	f.wantKind(f.tryChange(func(tx lifecycle.Tx) error { return tx.InsertSecret(f.Context(), f.newSecret("none")) }), apicred.KindConflict)
}

func secretsOfSeveral(f *fixture) {
	a := f.account("Acme")
	one, two, none := f.credential(a.ID), f.credential(a.ID), f.credential(a.ID)
	want := map[string][]apicred.Secret{one.ClientID: f.secrets(one.ClientID), two.ClientID: f.secrets(two.ClientID)}
	f.view(func(r lifecycle.Reader) error {
		got, err := r.SecretsOf(f.Context(), []string{two.ClientID, none.ClientID, one.ClientID, "absent"})
		f.equal(got, want)
		return err
	})
}

func secretZeroes(f *fixture) {
	c := f.credential(f.account("Acme").ID)
	s := apicred.Secret{ID: f.id(), ClientID: c.ClientID, Hash: []byte{1}, CreatedAt: start()}
	f.change(func(tx lifecycle.Tx) error { return tx.InsertSecret(f.Context(), s) })
	f.wantSecrets(c.ClientID, []apicred.Secret{s})
}
