package storetest

import (
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func restoreTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"RestoredCredentials_AreOfEveryAccountInPages":       restoredInPages,
		"CredentialAnywhere_FindsItWithoutKnowingTheAccount": credentialAnywhere,
	}
}

func restoredInPages(f *fixture) {
	var want []string
	for _, name := range []string{"Acme", "Umbrella"} {
		account := f.account(name)
		for range 2 {
			c := f.credential(account.ID)
			c.Suspension = apicred.SuspensionRestored
			f.change(func(tx lifecycle.Tx) error { return tx.UpdateCredential(f.Context(), c) })
			want = append(want, c.ClientID)
		}
		f.credential(account.ID) // suspended for another reason
	}
	var got []string
	after := ""
	for range want {
		f.view(func(r lifecycle.Reader) error {
			page, err := r.RestoredCredentials(f.Context(), after, 1)
			f.must(err)
			f.equal(len(page), 1)
			after = page[0].ClientID
			got = append(got, after)
			return nil
		})
	}
	f.equal(got, want)
	f.view(func(r lifecycle.Reader) error {
		page, err := r.RestoredCredentials(f.Context(), after, 1)
		f.equal(len(page), 0)
		return err
	})
}

func credentialAnywhere(f *fixture) {
	want := f.credential(f.account("Acme").ID)
	f.credential(f.account("Umbrella").ID)
	f.view(func(r lifecycle.Reader) error {
		got, err := r.CredentialAnywhere(f.Context(), want.ClientID)
		f.must(err)
		f.equal(got, want)
		_, err = r.CredentialAnywhere(f.Context(), "absent\x00")
		f.wantKind(err, apicred.KindNotFound)
		return nil
	})
}
