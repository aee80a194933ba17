package accesstoken

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
)

func TestVerifiedCache_IsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	const size = 1 << 10
	v := newVerifiedCache(size)
	digest := func(i int) tokenDigest { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i))) }
	used := &claims{Claims: Claims{JTI: "used"}}
	v.add(digest(0), used)
	for i := 1; i < 20*size; i++ {
		v.add(digest(i), &claims{})
		if got := v.find(digest(0)); got != used {
			t.Fatalf("a token in use was forgotten after %d others", i)
		}
	}
	kept := 0
	for i := range v.shards {
		kept += len(v.shards[i].young) + len(v.shards[i].old)
	}
	if kept > 2*size {
		t.Errorf("%d tokens are kept, want at most about %d", kept, size)
	}
	if v.find(digest(1)) != nil {
		t.Error("a token not used for long is kept")
	}
}
