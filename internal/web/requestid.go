package web

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

const (
	requestIDLength = 26
	// crockford is the base32 alphabet of ULIDs in lower case: it sorts as the
	// numbers do and has no letters that look like digits.
	crockford = "0123456789abcdefghjkmnpqrstvwxyz"
)

// newRequestID makes the name of a request: 48 bits of Unix milliseconds and 80
// random bits as 26 characters, so that names sort by time. A request ID is a
// name, not a secret: nothing is granted to whoever knows one.
func newRequestID(now time.Time) string {
	var id [16]byte
	//nolint:gosec // G115: milliseconds since 1970 are positive and fit; G404: names need no secrecy, and ChaCha8 spares a system call a request.
	binary.BigEndian.PutUint64(id[:8], uint64(now.UnixMilli())<<16|rand.Uint64()>>48)
	binary.BigEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // G404: as above.

	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	var text [requestIDLength]byte
	for i := requestIDLength - 1; i >= 0; i-- {
		text[i] = crockford[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return string(text[:])
}
