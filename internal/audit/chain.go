package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// HashSize is the length of a chain hash and of a personal digest, in bytes.
const HashSize = sha256.Size

// SaltSize is how many random bytes a Personal needs as salt.
const SaltSize = 32

// The tags keep hashes of one meaning from being taken for another, and name
// the version of the encoding: a change of it must change the tag.
const (
	linkTag     = "claviger audit link 1"
	personalTag = "claviger audit personal 1"
)

// Genesis returns the hash that stands before the first event: zeros.
func Genesis() []byte { return make([]byte, HashSize) }

// Personal is the personal data of one event. It stands beside the chain, which
// carries only its digest, so that it can be erased.
type Personal struct {
	// Salt is random, SaltSize bytes: without it an erased address could be
	// found again by trying all addresses against the digest.
	Salt    []byte
	Address string
}

// Digest returns the salted digest that the chain carries in place of p.
func (p Personal) Digest() []byte {
	e := newEncoder(personalTag)
	e.bytes(p.Salt)
	e.text(p.Address)
	return e.sum()
}

// Link returns the chain hash of event after prevHash. The event's Address and
// ActorEmail are personal and left out; personalDigest stands for them (empty
// when the event has none). Times count in microseconds, as they are stored.
func Link(prevHash []byte, event *apicred.AuditEvent, personalDigest []byte) []byte {
	e := newEncoder(linkTag)
	e.bytes(prevHash)
	e.number(event.Sequence)
	e.text(event.EventID)
	e.time(event.At)
	e.text(event.AccountID)
	e.text(string(event.ActorType))
	e.text(event.ActorID)
	e.text(event.ActingAs)
	e.text(event.Action)
	e.text(string(event.TargetType))
	e.text(event.TargetID)
	e.text(string(event.Outcome))
	e.text(event.Rule)
	e.number(event.Count)
	e.text(event.RequestID)
	e.bytes(event.Before)
	e.bytes(event.After)
	e.bytes(personalDigest)
	return e.sum()
}

// encoder hashes a fixed list of fields, each behind its length in bytes, so
// that no two lists have the same encoding.
type encoder struct{ h hash.Hash }

func newEncoder(tag string) encoder {
	e := encoder{sha256.New()}
	e.text(tag)
	return e
}

func (e encoder) bytes(b []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(b)))
	e.h.Write(length[:])
	e.h.Write(b)
}

func (e encoder) text(s string) { e.bytes([]byte(s)) }

func (e encoder) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)) //nolint:gosec // G115: two's complement is the encoding
	e.bytes(b[:])
}

// time encodes Unix microseconds; the zero time is 0, as in the database.
func (e encoder) time(t time.Time) {
	if t.IsZero() {
		e.number(0)
		return
	}
	e.number(t.UnixMicro())
}

func (e encoder) sum() []byte { return e.h.Sum(nil) }
