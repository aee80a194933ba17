package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
)

const (
	owners       = 2000
	rowsAtOnce   = 20_000 // in one transaction
	rareScope    = "globalpci"
	absentScope  = "interaction-content:delete" // which nobody holds
	shownClients = 1000                         // how many credentials' secrets are remembered
)

// population is an account full of credentials, as years of use leave one.
type population struct {
	store   *sqlstore.Store
	hasher  lifecycle.Hasher
	account apicred.Account
	owners  []apicred.User
	clients []client // some, spread over all, with their secrets
	now     time.Time
}

// populate fills the database, which has the operator account and the VCC catalogue, with n credentials.
func populate(ctx context.Context, url string, master [keyring.MasterKeySize]byte, n int) (p *population, err error) {
	store, err := sqlstore.Open(ctx, sqlstore.Options{URL: url})
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	p = &population{store: store, hasher: keyring.NewMaster(master).Hasher(), now: time.Now().UTC()}
	if err := p.addOwners(ctx); err != nil {
		return nil, err
	}
	fill := func() error {
		for from := 0; from < n; from += rowsAtOnce {
			if err := p.addCredentials(ctx, from, min(from+rowsAtOnce, n), n); err != nil {
				return err
			}
		}
		return nil
	}
	if strings.HasPrefix(url, "sqlite:") {
		return p, store.WithoutIndexes(ctx, fill)
	}
	return p, fill()
}

// copyRows fills an empty database with all that another installation's has.
func copyRows(ctx context.Context, from *installation, url string) (err error) {
	source, err := sqlstore.OpenBackup(ctx, strings.TrimPrefix(from.databaseURL, "sqlite:"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	store, err := sqlstore.Open(ctx, sqlstore.Options{URL: url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Restore(ctx, source, sqlstore.RestoreOptions{}, func(lifecycle.RestoreTx) error { return nil })
}

func (p *population) addOwners(ctx context.Context) error {
	return p.store.Lifecycle().Change(ctx, func(tx lifecycle.Tx) error {
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		p.account, p.owners = accounts[0], nil
		for i := range owners {
			u := apicred.User{
				Person:    apicred.Person{ID: uuid.NewString(), Email: fmt.Sprintf("person%d@example.com", i), Name: fmt.Sprintf("Person %d", i), CreatedAt: p.now},
				AccountID: p.account.ID, Role: apicred.RoleAdmin, Status: apicred.UserActive, Generation: 1, JoinedAt: p.now, Version: 1,
			}
			if err := tx.InsertPerson(ctx, u.Person); err != nil {
				return err
			}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
			p.owners = append(p.owners, u)
		}
		return nil
	})
}

func (p *population) addCredentials(ctx context.Context, from, to, n int) error {
	made := make([]apicred.Credential, 0, to-from)
	for i := from; i < to; i++ {
		made = append(made, p.credential(i))
	}
	every := max(1, n/shownClients)
	err := p.store.Lifecycle().Change(ctx, func(tx lifecycle.Tx) error {
		for i, c := range made {
			if err := tx.InsertCredential(ctx, c); err != nil {
				return err
			}
			if err := tx.InsertSecret(ctx, p.secret(&c, secretOf(from+i))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var counts []accesstoken.UsageCount
	for i, c := range made {
		if (from+i)%every == 0 && c.StatusAt(p.now) == apicred.StatusActive {
			p.clients = append(p.clients, client{ClientID: c.ClientID, ClientSecret: secretOf(from + i).Reveal()})
		}
		if i%4 == 0 {
			counts = append(counts, accesstoken.UsageCount{
				ClientID: c.ClientID, Hour: p.now.Add(-time.Duration(i%300) * time.Hour).Truncate(time.Hour),
				Outcome: string(accesstoken.OutcomeIssued), Scope: "users:read", Calls: int64(i % 97),
			})
		}
	}
	return p.store.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Counts: counts})
}

// credential is the i-th: one in 100 is the account's, one in 250 disabled, expired or suspended, a third was never
// used, every second holds stats and one in 1,000 a rare scope.
func (p *population) credential(i int) apicred.Credential {
	verbs := []string{"Nightly", "Hourly", "Weekly", "Legacy", "Test", "Partner", "Internal", "EU"}
	nouns := []string{"export", "import", "sync", "billing job", "dashboard", "report", "webhook relay", "back-up", "crawler"}
	created := p.now.Add(-time.Duration(1+i*7919%1000003) * time.Minute)
	c := apicred.Credential{
		ClientID: uuid.Must(uuid.NewV7()).String(), AccountID: p.account.ID, Level: apicred.LevelAccount,
		Name:                 fmt.Sprintf("%s %s %d", verbs[i%len(verbs)], nouns[i/len(verbs)%len(nouns)], i*31%100003),
		Scopes:               []string{"users:read"},
		AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: 1, Version: 1,
		CreatedAt: created, CreatedBy: p.owners[0].ID, UpdatedAt: created,
	}
	if i%100 != 0 {
		c.Level, c.OwnerID = apicred.LevelUser, p.owners[i%owners].ID
	}
	if i%2 == 0 {
		c.Scopes = append(c.Scopes, "stats")
	}
	if i%1000 == 5 {
		c.Scopes = append(c.Scopes, rareScope)
	}
	c.Scopes = apicred.NormalizeScopes(c.Scopes)
	if i%3 != 0 {
		c.LastUsedAt = p.now.Add(-time.Duration(i*104729%1000003) * time.Second)
	}
	switch i % 750 {
	case 1:
		c.DisabledAt, c.DisabledBy = p.now, p.owners[0].ID
	case 2:
		c.ExpiresAt = p.now.Add(-time.Hour)
	case 3:
		c.Suspension = apicred.SuspensionOwner
	case 4:
		c.ExpiresAt = p.now.Add(24 * time.Hour)
	}
	return c
}

func (p *population) secret(c *apicred.Credential, text apicred.SecretText) apicred.Secret {
	hash, pepperID := p.hasher.HashSecret(text.Reveal())
	return apicred.Secret{
		ID: uuid.Must(uuid.NewV7()).String(), ClientID: c.ClientID, Hint: text.Hint(), Hash: hash, PepperID: pepperID, CreatedAt: c.CreatedAt,
	}
}

// secretOf is the secret of the i-th credential, known without keeping a list of them.
func secretOf(i int) apicred.SecretText {
	return apicred.NewSecretText(sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))) //nolint:gosec // i counts rows
}

// newMasterKey is random: what is stored in a benchmark's database is nobody's.
func newMasterKey() (key [keyring.MasterKeySize]byte) {
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	return key
}

// some returns n of the owners, spread over all, who own something when there are credentials enough.
func (p *population) some(n int) []apicred.User {
	var out []apicred.User
	for chunk := range slices.Chunk(p.owners, len(p.owners)/n) {
		out = append(out, chunk[1])
	}
	return out
}
