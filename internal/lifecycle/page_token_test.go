package lifecycle

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
)

// testSealer seals as internal/keyring does, which imports this package: a test
// inside it cannot use that one.
type testSealer struct{ aead cipher.AEAD }

func newTestSealer(t testing.TB) testSealer {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return testSealer{aead}
}

func (s testSealer) Seal(purpose string, plaintext, aad []byte) []byte {
	return s.aead.Seal(nil, nil, plaintext, append([]byte(purpose), aad...))
}

func (s testSealer) Open(purpose string, sealed, aad []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, sealed, append([]byte(purpose), aad...))
}

// A page token opens in the one spelling it was made in and for the query it
// was made for; whatever else is presented is refused as malformed and leaves
// the position alone (S28).
func FuzzOpenPosition(f *testing.F) {
	s := &Service{sealer: newTestSealer(f)}
	ada := &apicred.Actor{Type: apicred.ActorUser, ID: "ada", AccountID: "first"}
	made := CredentialPosition{Key: "2026-11-22", ClientID: "0192d3c0-0000-7000-8000-000000000001"}
	for _, seed := range []string{"", "AA", "AA==", "A", "-_", "+/", "\x00", base64.RawURLEncoding.EncodeToString(make([]byte, 64))} {
		f.Add(seed, uint16(0), byte(1))
	}
	f.Add("q", uint16(40), byte(0x20))
	f.Fuzz(func(t *testing.T, text string, at uint16, flip byte) {
		binding := pageBinding("credentials", ada, "status", text)
		token, err := s.sealPosition(made, binding)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := opened(s, token, binding); err != nil || got != made {
			t.Fatalf("its own token gave %+v, %v", got, err)
		}
		damaged := []byte(token)
		damaged[int(at)%len(damaged)] ^= flip
		refused(t, s, string(damaged), binding, flip == 0)
		refused(t, s, text, binding, text == "")
		refused(t, s, token, pageBinding("credentials", ada, "status"+text), false)
		refused(t, s, token, pageBinding("audit_events", ada, "status", text), false)
		refused(t, s, token+text, binding, text == "")
	})
}

func opened(s *Service, token string, binding []byte) (CredentialPosition, error) {
	var position CredentialPosition
	err := s.openPosition(token, binding, &position)
	return position, err
}

func refused(t *testing.T, s *Service, token string, binding []byte, fine bool) {
	t.Helper()
	if fine {
		return
	}
	position, err := opened(s, token, binding)
	if e := apicred.AsError(err); err == nil || e.Kind != apicred.KindInvalid || e.Code != apicred.CodeMalformed || position != (CredentialPosition{}) {
		t.Fatalf("%q gave %+v, %v; want it refused as malformed", token, position, err)
	}
}
