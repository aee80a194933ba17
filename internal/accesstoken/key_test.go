package accesstoken_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/testserver"
)

// rotate promotes the next key, as another node does it: this one hears of it
// by the feed alone.
func (r *rig) rotate() *keyring.Ring {
	r.t.Helper()
	r.changeKeys("signing_key.rotate", func(tx keyring.Tx, record apicred.SigningKey) error {
		switch record.Status {
		case apicred.SigningKeyActive:
			record.Status = apicred.SigningKeyRetired
		case apicred.SigningKeyNext:
			record.Status = apicred.SigningKeyActive
		case apicred.SigningKeyRetired:
		}
		return tx.UpdateSigningKey(r.t.Context(), record)
	})
	ring, err := keyring.Open(r.t.Context(), keyring.Options{Store: r.keys, Master: keyring.NewMaster([32]byte{1}), Clock: r.clock.Now})
	must(r.t, err)
	return ring
}

func (r *rig) changeKeys(action string, change func(keyring.Tx, apicred.SigningKey) error) {
	r.t.Helper()
	ctx := r.t.Context()
	must(r.t, r.keys.ChangeSigningKeys(ctx, func(tx keyring.Tx) error {
		records, err := tx.SigningKeys(ctx)
		if err != nil {
			return err
		}
		for _, record := range records {
			if err := change(tx, record); err != nil {
				return err
			}
		}
		return tx.Record(ctx, apicred.AuditEvent{
			EventID: uuid.NewString(), At: r.clock.Now(), ActorType: apicred.ActorOperator, Action: action,
			TargetType: apicred.TargetSigningKey, TargetID: "all", Outcome: apicred.OutcomeDone,
		})
	}))
}

func TestVerify_LearnsOfANewKeyBeforeItRefusesAToken(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:write")
	r.rotate()
	elsewhere := r.rotate() // signs with a key made after this node read its own
	token, err := accesstoken.NewIssuer(r.directory, elsewhere).Issue(t.Context(), r.client(c), accesstoken.IssueRequest{})
	must(t, err)
	r.store.cut.Store(true)
	_, err = r.verify(token.Raw, orders)
	wantKind(t, err, apicred.KindUnavailable, "")
	r.store.cut.Store(false)
	_, err = r.verify(token.Raw, orders)
	must(t, err)
}

func TestVerify_ForgetsTokensWithTheirKey(t *testing.T) {
	r := newRig(t)
	raw := r.token(r.credential("orders:write"), "")
	_, err := r.verify(raw, orders)
	must(t, err)
	r.rotate()
	must(t, r.directory.CatchUp(t.Context()))
	_, err = r.verify(raw, orders)
	must(t, err)
	r.changeKeys("signing_key.delete", func(tx keyring.Tx, record apicred.SigningKey) error {
		if record.Status == apicred.SigningKeyRetired {
			return tx.DeleteSigningKey(t.Context(), record.KID)
		}
		return nil
	})
	must(t, r.directory.CatchUp(t.Context()))
	_, err = r.verify(raw, orders)
	wantKind(t, err, apicred.KindUnauthenticated, "token: unknown signing key")
}

// R11, R18: a key that leaked stops everywhere within the bound, although the
// other nodes have verified tokens of it and see no reason to ask.
func TestVerify_OnAnotherNodeRefusesTokensOfARemovedKeyWithinTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here := testserver.New(t, issuer)
		master := keyring.NewMaster([keyring.MasterKeySize]byte{1})
		ring, err := keyring.Open(t.Context(), keyring.Options{Store: here.Store.Keyring(), Master: master})
		must(t, err)
		there := accesstoken.NewDirectory(here.Store.AccessToken(), master.Hasher(), accesstoken.Options{
			Issuer: issuer, MaxOffline: 15 * time.Minute, OnKeysChanged: ring.Reload,
		})
		must(t, there.Load(t.Context()))
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- there.Run(ctx) }()

		ada := here.AddUser(t, "ada", here.Account.ID, apicred.RoleAdmin)
		token, err := here.Tokens.IssuePerson(t.Context(), accesstoken.PersonGrant{
			UserID: ada.ID, AccountID: ada.AccountID, ClientID: accesstoken.ClientCLI, TTL: time.Hour, Generation: ada.Generation,
		})
		must(t, err)
		judge := func(v *accesstoken.Verifier) error {
			_, err := v.Verify(t.Context(), token.Raw, accesstoken.ManagementAudience(issuer), time.Now())
			return err
		}
		verifier := accesstoken.NewVerifier(there, ring)
		time.Sleep(2 * time.Second) //nolint:forbidigo // the bubble's clock
		must(t, judge(verifier))

		_, err = here.Lifecycle.RemoveSigningKey(t.Context(), testserver.Operator(), activeKey(t, here.Store.Keyring()))
		must(t, err)
		wantKind(t, judge(here.Verifier), apicred.KindUnauthenticated, "token: unknown signing key")
		time.Sleep(2 * time.Second) //nolint:forbidigo // the bubble's clock
		wantKind(t, judge(verifier), apicred.KindUnauthenticated, "token: unknown signing key")
		stop()
		must(t, <-stopped)
	})
}

func activeKey(t testing.TB, store keyring.Store) (kid string) {
	t.Helper()
	keys, err := store.SigningKeys(t.Context())
	must(t, err)
	for _, k := range keys {
		if k.Status == apicred.SigningKeyActive {
			kid = k.KID
		}
	}
	return kid
}
