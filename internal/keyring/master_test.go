package keyring_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/claviger/claviger/internal/keyring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func keyOf(b byte) (key [keyring.MasterKeySize]byte) {
	for i := range key {
		key[i] = b
	}
	return key
}

func TestMaster_DerivesAPepperThatIsNoOtherKey(t *testing.T) {
	m, other := keyring.NewMaster(keyOf(1)), keyring.NewMaster(keyOf(2))
	pepper, found := m.PepperByID(m.ID())
	pepper2, found2 := other.PepperByID(other.ID())
	if !found || !found2 {
		t.Fatal("a master key has no pepper of its own")
	}
	seen := map[string]string{}
	for name, key := range map[string][]byte{
		"the master key": bytes.Repeat([]byte{1}, 32), "pepper": pepper, "pepper of another": pepper2,
	} {
		if twin, ok := seen[string(key)]; ok {
			t.Errorf("%s is the same as %s", name, twin)
		}
		if len(key) != 32 {
			t.Errorf("%s has %d bytes", name, len(key))
		}
		seen[string(key)] = name
	}
	if m.ID() == other.ID() || len(m.ID()) != 12 {
		t.Errorf("IDs %q and %q", m.ID(), other.ID())
	}
}

// Hashes in databases depend on this: another derivation would lock everybody out.
func TestMaster_DerivesTheSameForEver(t *testing.T) {
	m := keyring.NewMaster(keyOf(1))
	hash, id := m.Hasher().HashSecret("clav_example")
	got := fmt.Sprintf("%s %s %x", m.ID(), id, hash)
	const want = "7571c870c24e 7571c870c24e bdda42b050e6296138681fd18368342466a9507b3b48e6612ce4970040a38214"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMaster_OpensWhatItSealedAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plaintext, aad := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext"), rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		m := keyring.NewMaster(keyOf(1))
		sealed := m.Seal("purpose", plaintext, aad)
		if got, err := m.Open("purpose", sealed, aad); err != nil || !bytes.Equal(got, plaintext) {
			t.Fatalf("round trip: %x, %v", got, err)
		}
		if bytes.Equal(sealed, m.Seal("purpose", plaintext, aad)) {
			t.Fatal("two seals are equal: the nonce repeats")
		}
		later := keyring.NewMaster(keyOf(2), keyOf(1))
		if got, err := later.Open("purpose", sealed, aad); err != nil || !bytes.Equal(got, plaintext) {
			t.Fatalf("under an old key: %x, %v", got, err)
		}
		spoiled := bytes.Clone(sealed)
		spoiled[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		for name, x := range map[string]struct {
			m            *keyring.Master
			purpose      string
			sealed, more []byte
		}{
			"another master key": {keyring.NewMaster(keyOf(2)), "purpose", sealed, aad},
			"another purpose":    {m, "other", sealed, aad},
			"another aad":        {m, "purpose", sealed, append(bytes.Clone(aad), 0)},
			"one bit changed":    {m, "purpose", spoiled, aad},
			"cut":                {m, "purpose", sealed[:len(sealed)-1], aad},
			"empty":              {m, "purpose", nil, aad},
		} {
			if _, err := x.m.Open(x.purpose, x.sealed, x.more); err == nil {
				t.Fatalf("%s: opened", name)
			}
		}
	})
}

func TestMaster_CannotBePrinted(t *testing.T) {
	m := keyring.NewMaster(keyOf('K'), keyOf('L'))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("started", "master", m)
	slog.New(slog.NewTextHandler(&log, nil)).Info("started", "master", m)
	encoded, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q %x %d %s %s", m, m, m, m, m, m, m, encoded, &log)
	for _, secret := range []string{"KKKK", "LLLL", "4b4b", "75 75", "75, 75", "S0tL"} {
		if strings.Contains(all, secret) {
			t.Errorf("the key shows as %s in %s", secret, all)
		}
	}
}
