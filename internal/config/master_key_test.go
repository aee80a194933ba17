package config

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func loadIn(t *testing.T, dir string) Config {
	t.Helper()
	return mustLoad(t, Source{Flags: map[string]string{"data_dir": dir}})
}

func masterKeyPath(c Config) string { return filepath.Join(c.DataDir, masterKeyFile) }

func randomOf(fill byte) *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte{fill}, 32)) }

func TestOpenMasterKeys_MakesAPrivateKeyOnceAndNeverReplacesIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := loadIn(t, dir)
	first, err := c.OpenMasterKeys(randomOf(1))
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.OpenMasterKeys(randomOf(2))
	if err != nil {
		t.Fatal(err)
	}
	if first.Current() != second.Current() || first.Current()[0] != 1 {
		t.Error("the second start uses another key")
	}
	info, err := os.Stat(masterKeyPath(c))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestOpenMasterKeys_OfServersStartedAtOnceIsOneKey(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	keys := make([]MasterKeys, 16)
	for i := range keys {
		c := loadIn(t, dir)
		wait.Go(func() {
			var err error
			if keys[i], err = c.OpenMasterKeys(randomOf(byte(i + 1))); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, k := range keys {
		if k.Current() != keys[0].Current() {
			t.Fatal("two starts use different keys")
		}
	}
}

func TestOpenMasterKeys_MakesNoneWhereTheOldOneIsNeeded(t *testing.T) {
	dir := t.TempDir()
	c := loadIn(t, dir)
	if _, err := c.OpenMasterKeys(nil); err == nil || !strings.Contains(err.Error(), "Restore it from your backup") {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("something was made: %v", entries)
	}
}

func TestOpenMasterKeys_RefusesAKeyThatOthersCanOpen(t *testing.T) {
	c := loadIn(t, t.TempDir())
	if _, err := c.OpenMasterKeys(randomOf(1)); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(masterKeyPath(c), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := c.OpenMasterKeys(randomOf(2)); err == nil || !strings.Contains(err.Error(), "chmod 600 "+masterKeyPath(c)) {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
}

func TestOpenMasterKeys_RefusesADamagedKeyAndLeavesItAsItIs(t *testing.T) {
	c := loadIn(t, t.TempDir())
	for _, text := range []string{"", "junk", key32('a')[:40], key32('a') + key32('b')} {
		if err := os.WriteFile(masterKeyPath(c), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.OpenMasterKeys(randomOf(2)); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v", text, err)
		}
		if left, _ := os.ReadFile(masterKeyPath(c)); string(left) != text {
			t.Errorf("the damaged key was written over")
		}
	}
}

func TestOpenMasterKeys_SaysWhatToDoAboutADirectoryItCannotUse(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := loadIn(t, filepath.Join(blocked, "data"))
	if _, err := c.OpenMasterKeys(randomOf(1)); err == nil || !strings.Contains(err.Error(), "master.key") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestOpenMasterKeys_FailsWithoutRandomnessAndMakesNothing(t *testing.T) {
	dir := t.TempDir()
	c := loadIn(t, dir)
	if _, err := c.OpenMasterKeys(bytes.NewReader([]byte("short"))); err == nil {
		t.Error("made a key of 5 random bytes")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestReadMasterKey_TakesBase64Of32BytesAndNothingElse(t *testing.T) {
	raw := bytes.Repeat([]byte{7}, 32)
	key, err := readMasterKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil || !bytes.Equal(key.bytes[:], raw) {
		t.Fatalf("a good key: %v", err)
	}
	for name, text := range map[string]string{
		"empty": "", "short": base64.StdEncoding.EncodeToString(raw[:31]), "long": base64.StdEncoding.EncodeToString(append(raw, 1)),
		"hex": strings.Repeat("07", 32), "URL alphabet": strings.Repeat("_", 43) + "=", "spare bits": strings.Repeat("A", 42) + "B=",
	} {
		_, err := readMasterKey(text)
		if err == nil {
			t.Errorf("%s was taken", name)
		}
		if text != "" && err != nil && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}
