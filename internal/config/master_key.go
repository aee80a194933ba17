package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	masterKeyBytes = 32
	// maxMasterKeysOld is what a presented secret is compared under beside the
	// current one; a hash under another would never fit (internal/accesstoken).
	maxMasterKeysOld = 3
	masterKeyFile    = "master.key"
	privateFile      = 0o600
	privateDir       = 0o700
	othersMay        = 0o077
)

// masterKey is 256 bits that cannot be printed.
type masterKey struct {
	apicred.Redacted
	bytes [masterKeyBytes]byte
	set   bool
}

// MasterKeys are the keys that everything sealed at rest is sealed under. They
// cannot be printed or logged by accident.
type MasterKeys struct {
	apicred.Redacted
	current masterKey
	old     []masterKey
}

// Current is the key that new things are sealed under.
func (m MasterKeys) Current() [32]byte { return m.current.bytes }

// Old are earlier keys, which still open what they sealed.
func (m MasterKeys) Old() [][32]byte {
	out := make([][32]byte, 0, len(m.old))
	for _, key := range m.old {
		out = append(out, key.bytes)
	}
	return out
}

// OpenMasterKeys returns the configured master keys. If none is configured
// (SQLite only), it reads master.key in the data directory, or makes it from
// random when there is none. A nil random makes nothing: pass it where the
// database holds things sealed under a key that must not be replaced.
func (c *Config) OpenMasterKeys(random io.Reader) (MasterKeys, error) {
	keys := MasterKeys{current: c.masterKey, old: c.masterKeysOld}
	if keys.current.set {
		return keys, nil
	}
	var err error
	keys.current, err = openMasterKeyFile(c.DataDir, random)
	return keys, err
}

func openMasterKeyFile(dir string, random io.Reader) (masterKey, error) {
	path := filepath.Join(dir, masterKeyFile)
	key, err := readMasterKeyFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	if random == nil {
		return masterKey{}, fmt.Errorf("the master key %s is missing, and the database cannot be opened without it. Restore it from your backup, or set master_key", path)
	}
	if err := makeMasterKeyFile(dir, path, random); err != nil {
		return masterKey{}, fmt.Errorf("cannot make the master key %s (%w). Give the server's user a data_dir it can write to, or set master_key", path, pathCause(err))
	}
	return readMasterKeyFile(path)
}

// readMasterKeyFile refuses a key that others could have read or replaced. An
// absent file is os.ErrNotExist.
func readMasterKeyFile(path string) (masterKey, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return masterKey{}, err
	}
	if err != nil {
		return masterKey{}, fmt.Errorf("the master key %s cannot be read (%w). Give the server's user access to it", path, pathCause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return masterKey{}, fmt.Errorf("the master key %s cannot be read (%w). Check the disk", path, pathCause(err))
	}
	if !info.Mode().IsRegular() {
		return masterKey{}, fmt.Errorf("the master key %s is not a file. Move away what is there and restore the key from your backup", path)
	}
	if info.Mode().Perm()&othersMay != 0 {
		return masterKey{}, fmt.Errorf("others can open the master key %s (mode %04o). Run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return masterKey{}, fmt.Errorf("the master key %s cannot be read (%w). Check the disk", path, pathCause(err))
	}
	key, err := readMasterKey(strings.TrimSpace(string(data)))
	if err != nil {
		return masterKey{}, fmt.Errorf("the master key %s is damaged: it is not the base64 of 32 bytes. Restore it from your backup", path)
	}
	return key, nil
}

// makeMasterKeyFile writes the whole key under another name and links it into
// place: a crash leaves no half key, and an existing one is never replaced. If
// another process was faster, its key stands.
func makeMasterKeyFile(dir, path string, random io.Reader) error {
	var bytes [masterKeyBytes]byte
	if _, err := io.ReadFull(random, bytes[:]); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, privateDir); err != nil {
		return err
	}
	scratch, err := os.CreateTemp(dir, ".master-key-*") // O_EXCL, mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(scratch.Name())
	_, err = scratch.WriteString(base64.StdEncoding.EncodeToString(bytes[:]) + "\n")
	err = errors.Join(err, scratch.Chmod(privateFile), scratch.Sync(), scratch.Close())
	if err != nil {
		return err
	}
	if err := os.Link(scratch.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDirectory(dir)
}

// syncDirectory makes the new name survive a power cut: what is sealed under the
// key soon will.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func readMasterKey(text string) (masterKey, error) {
	key := masterKey{set: true}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		decoded, err = base64.RawStdEncoding.Strict().DecodeString(text)
	}
	if err != nil || len(decoded) != masterKeyBytes {
		return masterKey{}, errors.New("it is not the base64 of 32 bytes. Make a key with: openssl rand -base64 32")
	}
	copy(key.bytes[:], decoded)
	return key, nil
}

func readMasterKeys(text string) ([]masterKey, error) {
	var out []masterKey
	for _, entry := range splitList(text) {
		key, err := readMasterKey(entry)
		if err != nil {
			return nil, fmt.Errorf("one of the keys is not usable: %w", err)
		}
		out = append(out, key)
	}
	if len(out) > maxMasterKeysOld {
		return nil, fmt.Errorf("it has %d keys, and each makes every sign-in of a program dearer. Give %d at most: take out those that claviger doctor finds nothing under", len(out), maxMasterKeysOld)
	}
	return out, nil
}
