package login

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/claviger/claviger/internal/apicred"
)

// argonParameters are the cost of one argon2id (RFC 9106).
type argonParameters struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// presentParameters is what new hashes are made with. A hash keeps its own, and
// is made anew at the next sign-in when it has other ones.
func presentParameters() argonParameters {
	return argonParameters{memory: 19 << 10, time: 2, threads: 1}
}

const (
	saltBytes = 16 // RFC 9106 section 3.1
	tagBytes  = 32
	// Bounds of what a stored hash may ask for: it is sealed, so that only our own
	// mistakes end here.
	maxArgonMemory = 1 << 20 // 1 GiB
	maxArgonTime   = 64
)

// errHash reports a stored hash that is none of ours.
var errHash = errors.New("login: stored password hash cannot be read")

// phc spells salt and tag in a PHC string: base64 without padding.
var phcEncoding = base64.RawStdEncoding.Strict()

// passwordHash is an argon2id hash with all that it takes to check it. It cannot
// be printed.
type passwordHash struct {
	apicred.Redacted
	argonParameters
	salt, tag []byte
}

// newHash makes a hash of a password. It takes some 40 ms and 19 MiB: only the
// gate calls it.
func newHash(p Password, random io.Reader) (passwordHash, error) {
	h := passwordHash{argonParameters: presentParameters(), salt: make([]byte, saltBytes)}
	if _, err := io.ReadFull(random, h.salt); err != nil {
		return passwordHash{}, apicred.Internal(fmt.Errorf("reading randomness: %w", err))
	}
	h.tag = h.of(p, tagBytes)
	return h, nil
}

func (h *passwordHash) of(p Password, size int) []byte {
	// The whole password, however long (S20: no cut at 72 bytes).
	return argon2.IDKey([]byte(p.text), h.salt, h.time, h.memory, h.threads, uint32(size)) //nolint:gosec // G115: 32
}

// fits tells in constant time whether p is the password. As newHash, it is
// called by the gate only.
func (h *passwordHash) fits(p Password) bool {
	return subtle.ConstantTimeCompare(h.of(p, len(h.tag)), h.tag) == 1
}

// encode writes the hash as a PHC string:
// $argon2id$v=19$m=19456,t=2,p=1$salt$tag.
func (h *passwordHash) encode() []byte {
	return fmt.Appendf(nil, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads,
		phcEncoding.EncodeToString(h.salt), phcEncoding.EncodeToString(h.tag))
}

// decodeHash reads what encode wrote, in exactly that spelling.
func decodeHash(text []byte) (passwordHash, error) {
	part := strings.Split(string(text), "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return passwordHash{}, errHash
	}
	var h passwordHash
	if err := h.readParameters(part[3]); err != nil {
		return passwordHash{}, err
	}
	var saltErr, tagErr error
	h.salt, saltErr = phcEncoding.DecodeString(part[4])
	h.tag, tagErr = phcEncoding.DecodeString(part[5])
	if saltErr != nil || tagErr != nil || len(h.salt) < saltBytes || len(h.tag) < tagBytes || string(h.encode()) != string(text) {
		return passwordHash{}, errHash
	}
	return h, nil
}

func (h *passwordHash) readParameters(text string) error {
	value := [3]uint64{}
	fields := strings.Split(text, ",")
	if len(fields) != len(value) {
		return errHash
	}
	for n, name := range [...]string{"m=", "t=", "p="} {
		digits, named := strings.CutPrefix(fields[n], name)
		number, err := strconv.ParseUint(digits, 10, 32)
		if !named || err != nil {
			return errHash
		}
		value[n] = number
	}
	memory, time, threads := value[0], value[1], value[2]
	if threads < 1 || threads > 16 || time < 1 || time > maxArgonTime || memory < 8*threads || memory > maxArgonMemory {
		return errHash
	}
	h.argonParameters = argonParameters{uint32(memory), uint32(time), uint8(threads)}
	return nil
}
