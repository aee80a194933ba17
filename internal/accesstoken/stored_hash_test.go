package accesstoken_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

// respelling is a store whose hashes of secrets are not what was written.
type respelling struct {
	accesstoken.Store
	respell func(hash []byte) []byte
}

func (s respelling) Load(ctx context.Context, into accesstoken.Loader) (accesstoken.Head, error) {
	return s.Store.Load(ctx, respellingLoader{into, s})
}

func (s respelling) CredentialRecords(ctx context.Context, clientIDs []string) (map[string]accesstoken.FoundCredential, error) {
	found, err := s.Store.CredentialRecords(ctx, clientIDs)
	for id, of := range found {
		of.CredentialRecord = s.record(of.CredentialRecord)
		found[id] = of
	}
	return found, err
}

func (s respelling) record(r accesstoken.CredentialRecord) accesstoken.CredentialRecord {
	secrets := append([]apicred.Secret(nil), r.Secrets...)
	for i := range secrets {
		secrets[i].Hash = s.respell(bytes.Clone(secrets[i].Hash))
	}
	r.Secrets = secrets
	return r
}

type respellingLoader struct {
	accesstoken.Loader
	store respelling
}

func (l respellingLoader) LoadCredential(r accesstoken.CredentialRecord) {
	l.Loader.LoadCredential(l.store.record(r))
}

// A hash that was cut or grew is no hash: neither the secret it was made of nor
// any other opens it, whether it came with the whole or as a change. The
// credential is there all the same, so that it can be given a new secret.
func TestAuthenticate_RefusesAStoredHashOfAnotherLength(t *testing.T) {
	for name, test := range map[string]struct {
		respell func([]byte) []byte
		want    apicred.Kind
	}{
		"as written": {func(h []byte) []byte { return h }, ""},
		"none":       {func([]byte) []byte { return nil }, apicred.KindUnauthenticated},
		"cut":        {func(h []byte) []byte { return h[:31] }, apicred.KindUnauthenticated},
		"longer":     {func(h []byte) []byte { return append(h, 0) }, apicred.KindUnauthenticated},
		"twice":      {func(h []byte) []byte { return append(h, h...) }, apicred.KindUnauthenticated},
		"one bit":    {func(h []byte) []byte { h[31] ^= 1; return h }, apicred.KindUnauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			loaded := r.credential("reports")
			d := accesstoken.NewDirectory(respelling{r.store, test.respell}, keyring.NewMaster([32]byte{1}).Hasher(),
				accesstoken.Options{Issuer: issuer, Clock: r.clock.Now})
			must(t, d.Load(t.Context()))
			followed := r.credential("reports")
			must(t, d.CatchUp(t.Context()))
			for way, c := range map[string]credential{"loaded": loaded, "followed": followed} {
				for _, secret := range []string{c.secret, "", "\x00"} {
					want := test.want
					if secret != c.secret {
						want = apicred.KindUnauthenticated
					}
					_, err := d.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: c.id, Secret: secret, Arrival: r.clock.Now()})
					if want == "" {
						must(t, err)
					} else if !apicred.IsKind(err, want) {
						t.Errorf("%s, secret %.5q: got %v, want %s", way, secret, err, want)
					}
				}
			}
		})
	}
}
