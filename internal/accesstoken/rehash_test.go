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
	both := under(r.rolled(t, second, first))
	must(t, authenticate(both))
	must(t, both.Flush(t.Context()))
	must(t, authenticate(under(keyring.NewMaster(second))))
	wantKind(t, authenticate(under(keyring.NewMaster(first))), apicred.KindUnauthenticated, "")
}

// A use a moment before the change keeps the next one from nothing: else whoever
// asks often would hold the old master key for another minute, and whoever asks
// twice and rests, for as long as it rests.
func TestAuthenticate_SoonAfterAChangeOfTheMasterKeyMakesTheHashAnew(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	first, second := [32]byte{1}, [32]byte{2}
	use := func(m *keyring.Master) error {
		d := accesstoken.NewDirectory(r.store, m.Hasher(), accesstoken.Options{Issuer: issuer, Clock: r.clock.Now})
		must(t, d.Load(t.Context()))
		_, err := d.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: c.id, Secret: c.secret, Arrival: r.clock.Now()})
		must(t, d.Flush(t.Context()))
		return err
	}
	must(t, use(keyring.NewMaster(first)))
	must(t, use(r.rolled(t, second, first)))
	must(t, use(keyring.NewMaster(second)))
}

// A node that has the new key among the old ones only, since the others are being
// started anew, takes no secret back to the key that it has for its own: those
// that know the secret under the new one would not notice.
func TestAuthenticate_WhileTheMasterKeyIsRolledMakesNoHashUnderTheOldOne(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	first, second := [32]byte{1}, [32]byte{2}
	use := func(m *keyring.Master) error {
		d := accesstoken.NewDirectory(r.store, m.Hasher(), accesstoken.Options{Issuer: issuer, Clock: r.clock.Now})
		must(t, d.Load(t.Context()))
		_, err := d.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: c.id, Secret: c.secret, Arrival: r.clock.Now()})
		must(t, d.Flush(t.Context()))
		return err
	}
	must(t, use(r.rolled(t, second, first)))
	must(t, use(keyring.NewMaster(first, second)))
	must(t, use(keyring.NewMaster(second)))
}

// rolled is a master key under which, as at a start, the signing keys are sealed.
func (r *rig) rolled(t *testing.T, current [32]byte, old ...[32]byte) *keyring.Master {
	t.Helper()
	m := keyring.NewMaster(current, old...)
	_, err := keyring.Open(t.Context(), keyring.Options{Store: r.keys, Master: m, Clock: r.clock.Now})
	must(t, err)
	return m
}
