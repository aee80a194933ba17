package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Checkpoint says where the chain stood at a moment, signed with the audit key
// (Ed25519, RFC 8032). Kept elsewhere, it shows that nothing up to its sequence
// was rewritten since, even by one who owns the database (S32).
type Checkpoint struct {
	Epoch     string // the database's
	Sequence  int64
	Hash      []byte // of the event with that sequence
	At        time.Time
	PublicKey ed25519.PublicKey
	Signature []byte
}

const (
	checkpointTag = "claviger audit checkpoint 1"
	// MaxCheckpointSize is the longest text that is looked at, in bytes.
	MaxCheckpointSize = 1 << 10
	maxEpoch          = 64
)

// SignedText is what the signature covers: five lines, each with its line end.
func (c *Checkpoint) SignedText() []byte {
	return []byte(checkpointTag + "\nepoch " + c.Epoch + "\nsequence " + strconv.FormatInt(c.Sequence, 10) +
		"\nhash " + hex.EncodeToString(c.Hash) + "\nat " + c.At.UTC().Format(time.RFC3339Nano) +
		"\nkey " + base64.RawURLEncoding.EncodeToString(c.PublicKey) + "\n")
}

// Text is the checkpoint as a file: what is signed, and a line with the
// signature.
func (c *Checkpoint) Text() []byte {
	return append(c.SignedText(), "signature "+base64.RawURLEncoding.EncodeToString(c.Signature)+"\n"...)
}

// Signed tells whether the signature is by the key that the checkpoint names. It
// says nothing of whose key that is.
func (c *Checkpoint) Signed() bool {
	return len(c.PublicKey) == ed25519.PublicKeySize && len(c.Signature) == ed25519.SignatureSize &&
		ed25519.Verify(c.PublicKey, c.SignedText(), c.Signature)
}

// ParseCheckpoint reads what Text writes, in that one spelling. Error: invalid.
func ParseCheckpoint(text []byte) (Checkpoint, error) {
	bad := func() (Checkpoint, error) {
		return Checkpoint{}, &apicred.Error{Kind: apicred.KindInvalid, Message: "This is no audit checkpoint. Give a file that claviger audit checkpoint printed, unchanged."}
	}
	values, ok := signedLines(text, checkpointTag, "epoch ", "sequence ", "hash ", "at ", "key ", "signature ")
	if !ok {
		return bad()
	}
	c := Checkpoint{Epoch: values[0]}
	var errs [5]error
	c.Sequence, errs[0] = strconv.ParseInt(values[1], 10, 64)
	c.Hash, errs[1] = hex.DecodeString(values[2])
	c.At, errs[2] = time.Parse(time.RFC3339Nano, values[3])
	c.PublicKey, errs[3] = base64.RawURLEncoding.DecodeString(values[4])
	c.Signature, errs[4] = base64.RawURLEncoding.DecodeString(values[5])
	for _, err := range errs {
		if err != nil {
			return bad()
		}
	}
	if c.Sequence < 1 || len(c.Hash) != HashSize || len(c.Epoch) > maxEpoch || string(c.Text()) != string(text) {
		return bad()
	}
	return c, nil
}
