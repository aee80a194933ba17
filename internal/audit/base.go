package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Base says where a pruned chain begins: behind the event with its sequence. It
// is signed with the audit key under a tag of its own, so that whoever owns the
// database cannot cut the beginning off: neither can they make a base, nor will
// one of the checkpoints that are kept every ten minutes do for one.
type Base struct {
	Epoch     string    // the database's when it was pruned
	Sequence  int64     // of the last pruned event
	Change    int64     // the change feed's number there
	Hash      []byte    // of the event with that sequence
	At        time.Time // when it was pruned
	PublicKey ed25519.PublicKey
	Signature []byte
}

const baseTag = "claviger audit base 1"

// SignedText is what the signature covers: seven lines, each with its line end.
func (b *Base) SignedText() []byte {
	return []byte(baseTag + "\nepoch " + b.Epoch + "\nsequence " + strconv.FormatInt(b.Sequence, 10) +
		"\nchange " + strconv.FormatInt(b.Change, 10) + "\nhash " + hex.EncodeToString(b.Hash) + "\nat " + b.At.UTC().Format(time.RFC3339Nano) +
		"\nkey " + base64.RawURLEncoding.EncodeToString(b.PublicKey) + "\n")
}

// Text is the base as an archive has it: what is signed, and a line with the
// signature.
func (b *Base) Text() []byte {
	return append(b.SignedText(), "signature "+base64.RawURLEncoding.EncodeToString(b.Signature)+"\n"...)
}

// Signed tells whether the signature is by the key that the base names. It says
// nothing of whose key that is.
func (b *Base) Signed() bool {
	return len(b.PublicKey) == ed25519.PublicKeySize && len(b.Signature) == ed25519.SignatureSize &&
		ed25519.Verify(b.PublicKey, b.SignedText(), b.Signature)
}

// SignedBy tells whether it is genuine under one of the keys.
func (b *Base) SignedBy(keys []ed25519.PublicKey) bool {
	return b.Signed() && slices.ContainsFunc(keys, func(k ed25519.PublicKey) bool { return k.Equal(b.PublicKey) })
}

// parseBase reads what Text writes, in that one spelling. Error: invalid.
func parseBase(text []byte) (Base, error) {
	bad := &apicred.Error{Kind: apicred.KindInvalid, Message: "This says nowhere where an audit log begins. Give an archive that claviger audit prune wrote, unchanged."}
	values, ok := signedLines(text, baseTag, "epoch ", "sequence ", "change ", "hash ", "at ", "key ", "signature ")
	if !ok {
		return Base{}, bad
	}
	b := Base{Epoch: values[0]}
	var errs [6]error
	b.Sequence, errs[0] = strconv.ParseInt(values[1], 10, 64)
	b.Change, errs[1] = strconv.ParseInt(values[2], 10, 64)
	b.Hash, errs[2] = hex.DecodeString(values[3])
	b.At, errs[3] = time.Parse(time.RFC3339Nano, values[4])
	b.PublicKey, errs[4] = base64.RawURLEncoding.DecodeString(values[5])
	b.Signature, errs[5] = base64.RawURLEncoding.DecodeString(values[6])
	for _, err := range errs {
		if err != nil {
			return Base{}, bad
		}
	}
	if b.Sequence < 1 || b.Change < 0 || len(b.Hash) != HashSize || len(b.Epoch) > maxEpoch || string(b.Text()) != string(text) {
		return Base{}, bad
	}
	return b, nil
}

// signedLines takes a signed text apart: a line with the tag, then one for each
// name. ok is false where it has another form.
func signedLines(text []byte, tag string, names ...string) (values []string, ok bool) {
	if len(text) > MaxCheckpointSize {
		return nil, false
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) != len(names)+2 || lines[0] != tag {
		return nil, false
	}
	for i, name := range names {
		value, ok := strings.CutPrefix(lines[i+1], name)
		if !ok {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}
