package config

import (
	"strings"
	"testing"
)

// A fourth old key would open what it sealed, and its secrets would be refused
// without a word.
func TestMasterKeysOld_AreThreeAtMost(t *testing.T) {
	const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	if keys, err := readMasterKeys(strings.Join([]string{key, key, key}, ",")); err != nil || len(keys) != 3 {
		t.Errorf("three: %d, %v", len(keys), err)
	}
	if _, err := readMasterKeys(strings.Join([]string{key, key, key, key}, ",")); err == nil || !strings.Contains(err.Error(), "Give 3 at most") {
		t.Errorf("four: %v", err)
	}
}
