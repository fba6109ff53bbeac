package seal

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Root is the root key, which wraps the installation's keys and nothing else: a key in a file or variable (Local), or one
// that a key management service never gives away (Command).
type Root interface {
	// ID names the root key for messages, without giving it away.
	ID() string
	// Wrap encrypts a key of 32 bytes.
	Wrap(ctx context.Context, key []byte) (wrapped []byte, err error)
	// Unwrap returns what Wrap was given. It fails on anything else than Wrap's result under the same root key.
	Unwrap(ctx context.Context, wrapped []byte) (key []byte, err error)
}

// Local is a root key that this process holds. Printed or logged, it shows only its id.
type Local struct {
	key Key
}

// NewLocal returns the root key of 32 random bytes.
func NewLocal(raw []byte) (Local, error) {
	key, err := parse(raw)
	return Local{key}, err
}

// ID names the key without giving it away.
func (l Local) ID() string { return l.key.ID() }

// Key is the root key as a key of the installation: that is what it was before the two were told apart.
func (l Local) Key() Key { return l.key }

// A key wrapped by a Local is its format, the id of the root key, nonce and ciphertext.
const rootPurpose = "wrap installation keys"

// Wrap encrypts a key.
func (l Local) Wrap(_ context.Context, key []byte) ([]byte, error) {
	header := append([]byte{wrapFormat}, l.key.id[:]...)
	return l.key.cipher(rootPurpose).Seal(header, nil, key, header), nil
}

// Unwrap returns what Wrap was given: ErrOtherKey where another root key wrapped it, ErrWrapped where it is damaged.
func (l Local) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	if len(wrapped) < wrapHeader || wrapped[0] != wrapFormat {
		return nil, ErrWrapped
	}
	header := wrapped[:wrapHeader]
	if id := keyID(header[1:]); id != l.key.id {
		return nil, fmt.Errorf("%w: needs %s, this is %s", ErrOtherKey, id, l.ID())
	}
	key, err := l.key.cipher(rootPurpose).Open(nil, nil, wrapped[wrapHeader:], header)
	if err != nil {
		return nil, ErrWrapped
	}
	return key, nil
}

// Format implements fmt.Formatter for every verb, so that none prints the key.
func (l Local) Format(f fmt.State, _ rune) { fmt.Fprint(f, "root "+l.key.String()) }

// LogValue keeps the key out of structured logs.
func (l Local) LogValue() slog.Value { return slog.StringValue("root " + l.key.String()) }

// MarshalText keeps the key out of JSON and other encodings.
func (l Local) MarshalText() ([]byte, error) { return []byte("root " + l.key.String()), nil }

// Source says where the root key comes from: the first of its fields that is set. To set two of Command, Value and File is
// an error.
type Source struct {
	// Command is a program, with its arguments, that wraps and unwraps: GATEHOUSE_KMS_COMMAND. See Command.
	Command string
	// Value is the key itself, in base64: GATEHOUSE_MASTER_KEY.
	Value string
	// File is a file holding the same, such as a mounted secret:
	// GATEHOUSE_MASTER_KEY_FILE. It may be readable for its group.
	File string
	// Dir is the data folder, whose file master.key is read.
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

// ErrNoRoot says that nothing is set and there is no master.key in the data folder.
var ErrNoRoot = errors.New("there is no root key")

// FindRoot finds the root key. It makes none: where there is none, it is ErrNoRoot.
func FindRoot(src Source) (Root, error) {
	set := 0
	for _, from := range []string{src.Command, src.Value, src.File} {
		if from != "" {
			set++
		}
	}
	switch {
	case set > 1:
		return nil, errors.New("more than one of GATEHOUSE_KMS_COMMAND, GATEHOUSE_MASTER_KEY and GATEHOUSE_MASTER_KEY_FILE is set: keep one")
	case src.Command != "":
		return NewCommand(src.Command)
	case src.Value != "":
		return parseKey("GATEHOUSE_MASTER_KEY", src.Value)
	case src.File != "":
		return readKey(src.File, groupReads)
	case src.Dir == "":
		return nil, fmt.Errorf("%w: set GATEHOUSE_MASTER_KEY or GATEHOUSE_MASTER_KEY_FILE; %s", ErrNoRoot, howToGet)
	}
	name := filepath.Join(src.Dir, ownFile)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is not there", ErrNoRoot, name)
	}
	return readKey(name, ownerOnly)
}

// FindOrMakeRoot is FindRoot for a first start: where there is no root key, it makes one in the data folder. It never changes
// a key file that exists, whatever is wrong with it: without the key in it, everything is lost.
func FindOrMakeRoot(src Source) (Root, error) {
	root, err := FindRoot(src)
	if !errors.Is(err, ErrNoRoot) || src.Dir == "" {
		return root, err
	}
	if err := generate(src.Dir, filepath.Join(src.Dir, ownFile)); err != nil {
		return nil, fmt.Errorf("making the root key: %w", err)
	}
	return FindRoot(src)
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

func readKey(name string, forbidden fs.FileMode) (Root, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("root key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("root key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("root key %s is not a file", name)
	}
	if open := info.Mode().Perm() & forbidden; open != 0 {
		return nil, fmt.Errorf("root key %s is open to others (mode %#o): chmod 600 it, and consider who may have read it",
			name, info.Mode().Perm())
	}
	content, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return nil, fmt.Errorf("root key: %w", err)
	}
	return parseKey(name, string(content))
}

// parseKey names the place of a bad key, and never quotes any of it.
func parseKey(where, text string) (Root, error) {
	text = strings.TrimSpace(text)
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if strings.ContainsAny(text, "\r\n") { // which the decoder passes over
		err = base64.CorruptInputError(strings.IndexAny(text, "\r\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not base64; %s", where, howToGet)
	}
	local, err := NewLocal(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; %s", where, err, howToGet)
	}
	return local, nil
}
