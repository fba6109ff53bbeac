package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source says where the installation's key comes from: the first of its
// fields that is set. To set both Value and File is an error.
type Source struct {
	// Value is the key itself, in base64: GATEHOUSE_MASTER_KEY.
	Value string
	// File is a file holding the same, such as a mounted secret:
	// GATEHOUSE_MASTER_KEY_FILE. It may be readable for its group.
	File string
	// Dir is the data folder. Its file master.key is read, or made with a
	// fresh key when there is none.
	Dir string
}

// Format keeps the key out of whatever a Source is printed into.
func (Source) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText keeps the key out of logs, JSON and other encodings.
func (Source) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// How open a file may be: ours is for its owner alone; mounted secrets are
// commonly readable for a group.
const (
	ownerOnly  fs.FileMode = 0o077 // the bits that must be clear
	groupReads fs.FileMode = 0o037
)

const (
	ownFile  = "master.key"
	howToGet = "make one with: openssl rand -base64 32"
)

// LoadKeyring finds the installation's key and returns its keyring. It never
// changes a key file that exists, whatever is wrong with it: without the key
// in it, evidence is lost.
func LoadKeyring(src Source) (*Keyring, error) {
	switch {
	case src.Value != "" && src.File != "":
		return nil, errors.New("GATEHOUSE_MASTER_KEY and GATEHOUSE_MASTER_KEY_FILE are both set: keep one")
	case src.Value != "":
		return parseKey("GATEHOUSE_MASTER_KEY", src.Value)
	case src.File != "":
		return readKey(src.File, groupReads)
	case src.Dir != "":
		return ownKey(src.Dir)
	}
	return nil, errors.New("no installation key: set GATEHOUSE_MASTER_KEY or GATEHOUSE_MASTER_KEY_FILE; " + howToGet)
}

func ownKey(dir string) (*Keyring, error) {
	name := filepath.Join(dir, ownFile)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		if err := generate(dir, name); err != nil {
			return nil, fmt.Errorf("making the installation's key: %w", err)
		}
	}
	return readKey(name, ownerOnly)
}

// generate writes a fresh key. The file appears whole or not at all, and a
// link, unlike a rename, never replaces the one of a process that was faster.
func generate(dir, name string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".master.key-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	key := make([]byte, keySize)
	rand.Read(key)
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(key))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func readKey(name string, forbidden fs.FileMode) (*Keyring, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("installation key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("installation key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("installation key %s is not a file", name)
	}
	if open := info.Mode().Perm() & forbidden; open != 0 {
		return nil, fmt.Errorf("installation key %s is open to others (mode %#o): chmod 600 it, and consider who may have read it",
			name, info.Mode().Perm())
	}
	content, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return nil, fmt.Errorf("installation key: %w", err)
	}
	return parseKey(name, string(content))
}

// parseKey names the place of a bad key, and never quotes any of it.
func parseKey(where, text string) (*Keyring, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%s is not base64; %s", where, howToGet)
	}
	k, err := NewKeyring(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; %s", where, err, howToGet)
	}
	return k, nil
}
