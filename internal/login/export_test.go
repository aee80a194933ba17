package login

import (
	"context"
	"crypto/rand"
	"testing"
)

// CheckPassword is Password.check, for tests.
func CheckPassword(text string, about ...string) string { return PasswordFrom(text).check(about...) }

// HashText makes a hash and returns its PHC string.
func HashText(t *testing.T, password string) string {
	t.Helper()
	h, err := newHash(PasswordFrom(password), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(h.encode())
}

// HashFits tells whether a password is the one behind a PHC string.
func HashFits(t *testing.T, text, password string) bool {
	t.Helper()
	h, err := decodeHash([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return h.fits(PasswordFrom(password))
}

// DecodeAndEncode reads a PHC string and writes it again; it returns the KiB
// that the hash takes, too.
func DecodeAndEncode(text string) (string, uint32, error) {
	h, err := decodeHash([]byte(text))
	return string(h.encode()), h.memory, err
}

// HashRuns is how many argon2id this service has run.
func (s *Service) HashRuns() int64 { return s.gate.runs.Load() }

// HoldGate takes the one place at which a password is checked, and gives it back.
func (s *Service) HoldGate() (release func()) {
	s.gate.running <- struct{}{}
	return func() { <-s.gate.running }
}

// Waiting is how many strangers and how many known wait for their turn.
func (s *Service) Waiting() (strangers, known int) {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return s.gate.waiting[0], s.gate.waiting[1]
}

// SealOldHash makes a stored password with smaller parameters than today's.
func (s *Service) SealOldHash(userID, password string) StoredPassword {
	h := passwordHash{argonParameters: argonParameters{memory: 8 << 10, time: 1, threads: 1}, salt: make([]byte, saltBytes)}
	h.tag = h.of(PasswordFrom(password), tagBytes)
	return s.seal(userID, h, s.now())
}

// OpenHash returns the PHC string of a stored password.
func (s *Service) OpenHash(t *testing.T, p StoredPassword) string {
	t.Helper()
	h, err := s.unseal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(h.encode())
}

// CheckAt queues a check of a password that nobody has, as a stranger's.
func (s *Service) CheckAt(ctx context.Context, address, password string) (bool, error) {
	return s.gate.check(ctx, visitor{name: address}, passwordHash{}, PasswordFrom(password))
}
