package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tornSite is an installation on SQLite that was killed, and what its answers
// had acknowledged.
type tornSite struct {
	dir, address, token string
	ids, secrets        []string
}

// killedAfterWriting makes credentials and kills the server.
func killedAfterWriting(t *testing.T) *tornSite {
	t.Helper()
	s := &tornSite{dir: t.TempDir(), address: freeAddress(t)}
	s.token = prepare(t, s.dir, s.address)
	server, _ := startReady(t, s.dir, s.address)
	for range 20 {
		id, secret, ok := post("http://"+s.address+"/api/v1/credentials", s.token, oneCredential)
		if !ok {
			t.Fatal("not created")
		}
		s.ids, s.secrets = append(s.ids, id), append(s.secrets, secret)
	}
	server.kill()
	return s
}

func (s *tornSite) path(name string) string { return filepath.Join(s.dir, "claviger-data", name) }

func (s *tornSite) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(s.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (s *tornSite) write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(s.path(name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// works starts the server, counts the credentials that are still there, and
// demands that what is there is whole: each has its event and no other has one,
// the chain verifies, and changes are made again.
func (s *tornSite) works(t *testing.T) (left int) {
	t.Helper()
	server, _ := startReady(t, s.dir, s.address)
	for i, id := range s.ids {
		if tokenStatus(t, s.address, id, s.secrets[i]) == 200 {
			if left++; left != i+1 {
				t.Errorf("number %d is there and one before it is not", i)
			}
		}
	}
	recovers(t, s.dir, server, s.address, s.token, left+1)
	return left
}

// TestTorn_ALogThatEndsInAHalfWrittenChangeLosesNothingAcknowledged kills the
// server and leaves behind the write-ahead log what a kill, or a machine that lost
// power, may: frames of a change that was never acknowledged, whole, cut or
// garbled, and the remains of an older log.
func TestTorn_ALogThatEndsInAHalfWrittenChangeLosesNothingAcknowledged(t *testing.T) {
	s := killedAfterWriting(t)
	wal, main := s.read(t, "claviger.db-wal"), s.read(t, "claviger.db")
	const frame = 24 + 4096
	noise := make([]byte, 3*frame)
	for i := range noise {
		noise[i] = byte(i * 7)
	}
	for name, tail := range map[string][]byte{
		"a frame cut short":    wal[len(wal)-frame:][:1000],
		"frames of an older":   wal[32 : 32+2*frame],
		"noise":                noise,
		"zeros":                make([]byte, 2*frame),
		"a header and no page": wal[len(wal)-frame:][:24],
	} {
		s.write(t, "claviger.db", main)
		s.write(t, "claviger.db-wal", append(append([]byte(nil), wal...), tail...))
		_ = os.Remove(s.path("claviger.db-shm")) // of the process that was killed
		if left := s.works(t); left != len(s.ids) {
			t.Errorf("%s at the end of the log: %d of %d acknowledged credentials are there", name, left, len(s.ids))
		}
	}
}

// TestTorn_ALogThatLostItsEndIsWholeUpToThere takes away from the log what the
// disk had promised to keep. Changes are lost then, but the last ones, each
// with its event, and what is left works.
func TestTorn_ALogThatLostItsEndIsWholeUpToThere(t *testing.T) {
	s := killedAfterWriting(t)
	wal, main := s.read(t, "claviger.db-wal"), s.read(t, "claviger.db")
	half := append([]byte(nil), wal...)
	for i := len(wal) * 2 / 3; i < len(wal)*2/3+5000; i++ {
		half[i] ^= 0x55
	}
	before := 0
	for _, damaged := range [][]byte{wal[:len(wal)/2], half, wal[:len(wal)-100]} {
		s.write(t, "claviger.db", main)
		s.write(t, "claviger.db-wal", damaged)
		_ = os.Remove(s.path("claviger.db-shm"))
		left := s.works(t)
		figure(t, "S37", "a log of %d bytes, damaged: %d of %d credentials are there", len(wal), left, len(s.ids))
		if left == 0 || left >= len(s.ids) || left < before {
			t.Errorf("%d of %d are there, and %d with less of the log", left, len(s.ids), before)
		}
		before = left
	}
}

// TestTorn_ADamagedDatabaseIsNotServedAndTheRemedyIsNamed overwrites parts of the
// file itself: the server does not start, and says to restore a backup.
func TestTorn_ADamagedDatabaseIsNotServedAndTheRemedyIsNamed(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	prepare(t, dir, address)
	s := &tornSite{dir: dir, address: address}
	whole := s.read(t, "claviger.db")
	for name, damage := range map[string]func([]byte) []byte{
		"the header": func(b []byte) []byte { copy(b, "no database at all"); return b },
		"the schema": func(b []byte) []byte { clear(b[100:4000]); return b },
		"every page": func(b []byte) []byte {
			for i := 4096; i < len(b); i++ {
				b[i] ^= 0x5a
			}
			return b
		},
		"its second half": func(b []byte) []byte { return b[:len(b)/2/4096*4096] },
	} {
		s.write(t, "claviger.db", damage(append([]byte(nil), whole...)))
		_, talk, code := run(t, dir, "serve", "--config", "claviger.yaml")
		if code != 1 || !strings.Contains(talk, "is damaged") || !strings.Contains(talk, "Restore a backup") {
			t.Errorf("%s overwritten: exit %d:\n%s", name, code, talk)
		}
	}
}
