package accesstoken_test

import (
	"testing"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

// After a change of the master key a secret works under the old one, and from
// its next use on under the new one alone (contract.md "Listeners and settings").
func TestAuthenticate_UnderAnOldPepperMakesTheHashAnew(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	first, second := [32]byte{1}, [32]byte{2}
	under := func(m *keyring.Master) *accesstoken.Directory {
		d := accesstoken.NewDirectory(r.store, m.Hasher(), accesstoken.Options{Issuer: issuer, Clock: r.clock.Now})
		must(t, d.Load(t.Context()))
		return d
	}
	authenticate := func(d *accesstoken.Directory) error {
		_, err := d.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: c.id, Secret: c.secret, Arrival: r.clock.Now()})
		return err
	}
	wantKind(t, authenticate(under(keyring.NewMaster(second))), apicred.KindUnauthenticated, "")
	both := under(keyring.NewMaster(second, first))
	must(t, authenticate(both))
	must(t, both.Flush(t.Context()))
	must(t, authenticate(under(keyring.NewMaster(second))))
	wantKind(t, authenticate(under(keyring.NewMaster(first))), apicred.KindUnauthenticated, "")
}
