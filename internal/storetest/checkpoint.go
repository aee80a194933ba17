package storetest

import (
	"bytes"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
)

func checkpointKept(f *fixture) {
	store := f.store.Audit()
	_, err := store.LastCheckpoint(f.Context())
	f.wantKind(err, apicred.KindNotFound)

	f.recordEvents(f.event("credential.create"), f.event("credential.edit"))
	head, err := store.Head(f.Context())
	f.must(err)
	if head.Sequence != 2 || head.Epoch == "" || head.Epoch != f.head().Epoch {
		f.Errorf("the head is %+v", head)
	}
	older := audit.Checkpoint{
		Epoch: head.Epoch, Sequence: 1, Hash: bytes.Repeat([]byte{1}, audit.HashSize), At: start(),
		PublicKey: bytes.Repeat([]byte{2}, 32), Signature: bytes.Repeat([]byte{3}, 64),
	}
	newer := older
	newer.Sequence, newer.Hash, newer.At = 2, head.Hash, start().Add(time.Minute)
	other := newer // of another master key
	other.PublicKey, other.At = bytes.Repeat([]byte{4}, 32), start().Add(time.Hour)
	f.must(store.InsertCheckpoint(f.Context(), newer))
	f.must(store.InsertCheckpoint(f.Context(), older))
	f.must(store.InsertCheckpoint(f.Context(), other))
	again := newer
	again.At, again.Signature = start().Add(2*time.Hour), []byte("another")
	f.must(store.InsertCheckpoint(f.Context(), again)) // as another node does at the same moment
	got, err := store.Checkpoints(f.Context())
	f.must(err)
	f.equal(got, []audit.Checkpoint{older, newer, other})
	last, err := store.LastCheckpoint(f.Context())
	f.must(err)
	f.equal(last, other)
}
