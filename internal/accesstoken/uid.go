package accesstoken

import (
	"encoding/binary"
	"encoding/hex"
)

// uid is a UUID in 16 bytes: a third of what its text takes in memory.
type uid [16]byte

const uidText = 36

// parseUID reads the one spelling in use: lower-case hex with dashes. Any other
// spelling of the same UUID is another, unknown ID.
func parseUID(s string) (uid, bool) {
	var id uid
	if len(s) != uidText || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return uid{}, false
	}
	// Where each byte's two digits stand. Dashes are passed over here and nowhere
	// else: one among the digits is no digit.
	for at, i := range [len(id)]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		high, low := lowerHex(s[i]), lowerHex(s[i+1])
		if high > 0xf || low > 0xf {
			return uid{}, false
		}
		id[at] = high<<4 | low
	}
	return id, true
}

// lowerHex returns the value of a lower-case hex digit, 0xff for anything else.
func lowerHex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// append writes the text of id.
func (id uid) append(dst []byte) []byte {
	for i, group := range [...][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, id[group[0]:group[1]])
	}
	return dst
}

func (id uid) String() string { return string(id.append(make([]byte, 0, uidText))) }

// hash spreads IDs over table slots. IDs are made by the server, so nobody can
// choose colliding ones; the multiplication (Knuth's, 2^64 divided by the
// golden ratio) only keeps regular IDs from clustering.
func (id uid) hash() uint64 {
	const golden = 0x9e3779b97f4a7c15
	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	h := (high ^ low*golden) * golden
	return h ^ h>>29
}
