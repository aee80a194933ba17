package accesstoken

import (
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
)

// Sealer encrypts and authenticates (internal/keyring).
type Sealer interface {
	// Seal seals for one purpose, bound to aad.
	Seal(purpose string, plaintext, aad []byte) []byte
	// Open opens what was sealed for the purpose and bound to the same aad.
	Open(purpose string, sealed, aad []byte) ([]byte, error)
}

// ErrSnapshot refuses a snapshot: it is damaged, older than it may be, of another
// release, another issuer or another master key.
var ErrSnapshot = errors.New("the snapshot cannot be used")

// snapshotAhead is how far ahead of this clock a snapshot may have been taken.
const snapshotAhead = 5 * time.Second

// Snapshots keep what a node knows outside of its memory, sealed, so that it can
// start while the database is away (contract.md "Staleness").
type Snapshots struct {
	directory *Directory
	sealer    Sealer
	// form names what is written: a program that knows more about credentials
	// than the one that wrote must not take what it misses for no limit.
	form string
}

// NewSnapshots returns the snapshots of d. form names the schema. What a snapshot
// is made of is added to it, so that nobody has to remember to.
func NewSnapshots(d *Directory, s Sealer, form string) *Snapshots {
	shape := sha256.New()
	writeShape(shape, reflect.TypeFor[snapshotPart](), map[reflect.Type]bool{})
	return &Snapshots{directory: d, sealer: s, form: form + " " + hex.EncodeToString(shape.Sum(nil)) + " " + d.options.Issuer}
}

// writeShape writes what gob encodes of a type: the names and types of all that
// is exported, down to the last.
func writeShape(w io.Writer, t reflect.Type, seen map[reflect.Type]bool) {
	_, _ = fmt.Fprintf(w, "%s %s;", t.Kind(), t) // to memory
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		writeShape(w, t.Elem(), seen)
	case reflect.Map:
		writeShape(w, t.Key(), seen)
		writeShape(w, t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				_, _ = fmt.Fprintf(w, "%s:", f.Name)
				writeShape(w, f.Type, seen)
			}
		}
	default: // has no parts
	}
}

// Current tells whether a snapshot holds what is known now.
func (s *Snapshots) Current(mark SnapshotMark) bool {
	p := s.directory.position.Load()
	return p != nil && mark.holds(&p.head)
}

// SnapshotMark says what a snapshot holds, and as of when.
type SnapshotMark struct {
	ID     string // of this one
	Epoch  string // of the history that Change counts in
	Change int64  // of the feed
	Taken  time.Time
}

// holds tells whether nothing has changed between mark and head. Equal numbers
// alone do not say so: a database that was set back counts other changes by the
// numbers of the lost ones, in a history of another name.
func (m SnapshotMark) holds(head *Head) bool { return m.Change == head.Change && m.Epoch == head.Epoch }

// snapshotPart is one value of a snapshot: one member is set. Part after part,
// as a Loader receives them; the last has the head.
type snapshotPart struct {
	Taken      time.Time
	Version    int64 // of Catalogue
	Catalogue  *apicred.Catalogue
	Account    *apicred.Account
	Member     *Member
	Credential *CredentialRecord
	Revoked    *RevokedToken
	Key        *apicred.SigningKey
	Head       *Head
}

// Write writes everything that tokens and checks need, read from the database,
// with the signing keys as keys reads them there. Errors are the store's and those
// of writing.
func (s *Snapshots) Write(ctx context.Context, to io.Writer, keys func(context.Context) ([]apicred.SigningKey, error)) (SnapshotMark, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return SnapshotMark{}, apicred.Internal(err)
	}
	mark := SnapshotMark{ID: id.String(), Taken: s.directory.options.Clock()}
	seal := newSealedWriter(to, s.sealer, s.form+" "+mark.ID)
	if _, err := io.WriteString(to, mark.ID); err != nil {
		return SnapshotMark{}, err
	}
	out := &snapshotWriter{to: gob.NewEncoder(seal)}
	out.put(snapshotPart{Taken: mark.Taken})
	head, err := s.directory.store.Load(ctx, out)
	if err != nil {
		return SnapshotMark{}, err
	}
	// After the head: a key that was removed before it is not among them, and one
	// removed since is a change that this snapshot does not hold.
	found, err := keys(ctx)
	if err != nil {
		return SnapshotMark{}, err
	}
	for i := range found {
		out.put(snapshotPart{Key: &found[i]})
	}
	out.put(snapshotPart{Head: &head})
	if err := errors.Join(out.failed, seal.Close()); err != nil {
		return SnapshotMark{}, err
	}
	mark.Epoch, mark.Change = head.Epoch, head.Change
	return mark, nil
}

// snapshotWriter is a Loader that writes what it receives.
type snapshotWriter struct {
	to     *gob.Encoder
	failed error
}

func (w *snapshotWriter) put(p snapshotPart) {
	if w.failed == nil {
		w.failed = w.to.Encode(p)
	}
}

func (w *snapshotWriter) LoadCatalogue(c apicred.Catalogue, version int64) {
	w.put(snapshotPart{Catalogue: &c, Version: version})
}

func (w *snapshotWriter) LoadAccount(a apicred.Account) { w.put(snapshotPart{Account: &a}) }

// LoadUser leaves everything personal out.
func (w *snapshotWriter) LoadUser(u apicred.User) { w.put(snapshotPart{Member: memberOf(&u)}) }

func (w *snapshotWriter) LoadCredential(r CredentialRecord) {
	r.Credential.Name, r.Credential.LastUsedAddress = "", ""
	w.put(snapshotPart{Credential: &r})
}

func (w *snapshotWriter) LoadRevokedToken(r RevokedToken) { w.put(snapshotPart{Revoked: &r}) }

// Stamp returns a mark, sealed, that says that a snapshot still was what the
// database held at the end of the last good poll; false when it was not, or
// nothing newer is known.
func (s *Snapshots) Stamp(mark SnapshotMark) (SnapshotMark, []byte, bool) {
	p := s.directory.position.Load()
	if p == nil || !mark.holds(&p.head) || !p.asked.After(mark.Taken) {
		return mark, nil, false
	}
	mark.Taken = p.asked
	return mark, s.sealer.Seal(purposeStamp, []byte(mark.Taken.UTC().Format(time.RFC3339Nano)), s.stampOf(mark.ID)), true
}

const (
	purposeSnapshot = "snapshot"
	purposeStamp    = "snapshot stamp"
	snapshotIDSize  = 36
)

func (s *Snapshots) stampOf(id string) []byte { return []byte(s.form + " " + id) }

// Restore takes a snapshot for what the directory knows, as of the moment that
// it, or its stamp (which may be nil), names, and returns the signing keys in it.
// Error: ErrSnapshot, with the reason.
func (s *Snapshots) Restore(from io.Reader, stamp []byte) ([]apicred.SigningKey, SnapshotMark, error) {
	id := make([]byte, snapshotIDSize)
	if _, err := io.ReadFull(from, id); err != nil {
		return nil, SnapshotMark{}, refuseSnapshot(err)
	}
	mark := SnapshotMark{ID: string(id)}
	in := &snapshotReader{loader: newLoader(s.directory.hasher, &s.directory.options, nil)}
	defer in.loader.over()
	decoder := gob.NewDecoder(newSealedReader(from, s.sealer, s.form+" "+mark.ID))
	for in.head == nil {
		var p snapshotPart
		if err := decoder.Decode(&p); err != nil {
			return nil, SnapshotMark{}, refuseSnapshot(err)
		}
		in.take(&p)
	}
	mark.Epoch, mark.Change, mark.Taken = in.head.Epoch, in.head.Change, in.taken
	if text, err := s.sealer.Open(purposeStamp, stamp, s.stampOf(mark.ID)); err == nil {
		if at, err := time.Parse(time.RFC3339Nano, string(text)); err == nil {
			mark.Taken = at
		}
	}
	d := s.directory
	switch age := d.options.Clock().Sub(mark.Taken); {
	case age > d.options.MaxOffline:
		return nil, mark, refuseSnapshot(fmt.Errorf("it is %s old, and max_offline is %s", age.Round(time.Second), d.options.MaxOffline))
	case age < -snapshotAhead:
		return nil, mark, refuseSnapshot(fmt.Errorf("it was taken %s ahead of this machine's clock", -age.Round(time.Second)))
	}
	d.current.Store(in.loader.finish())
	d.position.Store(&position{head: *in.head, asked: mark.Taken, stored: true})
	return in.keys, mark, nil
}

func refuseSnapshot(cause error) error { return fmt.Errorf("%w: %w", ErrSnapshot, cause) }

// snapshotReader hands a loader what a snapshot has.
type snapshotReader struct {
	loader *loader
	taken  time.Time
	keys   []apicred.SigningKey
	head   *Head
}

func (r *snapshotReader) take(p *snapshotPart) {
	switch {
	case p.Catalogue != nil:
		r.loader.LoadCatalogue(*p.Catalogue, p.Version)
	case p.Account != nil:
		r.loader.LoadAccount(*p.Account)
	case p.Member != nil:
		r.loader.table.memberCell(p.Member.AccountID, p.Member.UserID).now.Store(p.Member)
	case p.Credential != nil:
		r.loader.LoadCredential(*p.Credential)
	case p.Revoked != nil:
		r.loader.LoadRevokedToken(*p.Revoked)
	case p.Key != nil:
		r.keys = append(r.keys, *p.Key)
	case p.Head != nil:
		r.head = p.Head
	default:
		r.taken = p.Taken
	}
}
