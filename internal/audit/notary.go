package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// checkpointEvery is the time between checkpoints of a chain that grows.
const checkpointEvery = 10 * time.Minute

// Store keeps the chain and its checkpoints. Errors are *apicred.Error.
type Store interface {
	Source
	// Head is where the chain ends.
	Head(ctx context.Context) (Head, error)
	// Checkpoints returns every checkpoint, in ascending sequence.
	Checkpoints(ctx context.Context) ([]Checkpoint, error)
	// LastCheckpoint is the one of the greatest sequence; not_found without any.
	LastCheckpoint(ctx context.Context) (Checkpoint, error)
	// InsertCheckpoint keeps a checkpoint; nothing happens where the key has
	// signed one of its sequence.
	InsertCheckpoint(ctx context.Context, c Checkpoint) error
	// Prune removes the beginning of the chain, in one transaction. Conflict when
	// the chain does not begin where the step says, or has other events.
	Prune(ctx context.Context, step Step) error
}

// Signer signs checkpoints (internal/keyring).
type Signer interface {
	SignCheckpoint(text []byte) (signature []byte)
	// CheckpointKeys are the public keys of every configured master key, the
	// present one first.
	CheckpointKeys() []ed25519.PublicKey
}

// Notary writes signed checkpoints of the chain.
type Notary struct {
	store  Store
	signer Signer
	clock  func() time.Time
	logger *slog.Logger
}

// NewNotary returns a Notary. Keep Run running.
func NewNotary(store Store, signer Signer, clock func() time.Time, logger *slog.Logger) *Notary {
	return &Notary{store: store, signer: signer, clock: clock, logger: logger}
}

// Run writes a checkpoint every ten minutes in which the chain has grown, until
// ctx ends.
func (n *Notary) Run(ctx context.Context) {
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if _, err := n.Checkpoint(ctx); err != nil && ctx.Err() == nil && !apicred.IsKind(err, apicred.KindConflict) {
			n.logger.WarnContext(ctx, "no checkpoint of the audit log was written; this is tried again in ten minutes", slog.Any("error", err))
		}
	}
}

// Checkpoint returns a checkpoint of where the chain ends now: the one that is
// kept, or a new one, which is kept and logged. Error: conflict while the chain
// is empty.
func (n *Notary) Checkpoint(ctx context.Context) (Checkpoint, error) {
	head, err := n.store.Head(ctx)
	if err != nil {
		return Checkpoint{}, err
	}
	if head.Sequence == 0 {
		return Checkpoint{}, apicred.Conflict("The audit log is empty: there is nothing to make a checkpoint of yet.")
	}
	key := n.signer.CheckpointKeys()[0]
	last, err := n.store.LastCheckpoint(ctx)
	switch {
	case err == nil && last.Sequence == head.Sequence && key.Equal(last.PublicKey):
		return last, nil
	case err != nil && !apicred.IsKind(err, apicred.KindNotFound):
		return Checkpoint{}, err
	}
	c := Checkpoint{
		Epoch: head.Epoch, Sequence: head.Sequence, Hash: head.Hash, At: n.clock().UTC().Truncate(time.Microsecond), PublicKey: key,
	}
	c.Signature = n.signer.SignCheckpoint(c.SignedText())
	if err := n.store.InsertCheckpoint(ctx, c); err != nil {
		return Checkpoint{}, err
	}
	n.logger.InfoContext(ctx, "audit checkpoint",
		slog.String("epoch", c.Epoch), slog.Int64("sequence", c.Sequence), slog.String("hash", hex.EncodeToString(c.Hash)),
		slog.Time("at", c.At), slog.String("key", base64.RawURLEncoding.EncodeToString(c.PublicKey)),
		slog.String("signature", base64.RawURLEncoding.EncodeToString(c.Signature)))
	return c, nil
}

// Verify checks the whole chain, that it contains every checkpoint that is kept
// and the given one, and every signature. It errs as the function Verify does.
// saved may be nil.
func (n *Notary) Verify(ctx context.Context, saved *Checkpoint) (Report, error) {
	return n.VerifyWith(ctx, nil, saved)
}

// ReadBack checks an archive as those will who need it, before anything that is in
// it is removed: whoever owns the database can have put there what no archive
// brings back, as a text that is no UTF-8. Errors as Verify's; they name the archive.
func (n *Notary) ReadBack(ctx context.Context, a Archive) error {
	_, err := verifyArchive(ctx, a, n.signer.CheckpointKeys())
	return err
}

// VerifyWith is Verify of the chain with its archives before it, in the order of
// their beginnings. Each is verified by itself, too.
func (n *Notary) VerifyWith(ctx context.Context, archives []Archive, saved *Checkpoint) (Report, error) {
	keys := n.signer.CheckpointKeys()
	for _, a := range archives {
		if report, err := verifyArchive(ctx, a, keys); err != nil {
			return report, err
		}
	}
	kept, err := n.store.Checkpoints(ctx)
	if err != nil {
		return Report{}, err
	}
	var source Source = n.store
	if len(archives) > 0 {
		source = joined{Archives: archives, Live: n.store}
	}
	return Verify(ctx, source, Expected{Kept: kept, Saved: saved, Keys: keys})
}
