package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

// A wrapped data key is, in bytes:
//
//	1   format
//	4   id of the installation's key that wrapped it
//	12  nonce
//	48  the data key, encrypted by AES-256-GCM, and its tag
//
// The id in front says which key is needed, so that the installation's key can
// be changed step by step.
const (
	wrapFormat  = 1
	idSize      = 4
	wrapHeader  = 1 + idSize
	wrappedSize = wrapHeader + 12 + keySize + 16
)

var (
	// ErrWrapped says that a wrapped key is damaged, or another person's.
	ErrWrapped = errors.New("wrapped key is damaged or belongs to another person")
	// ErrOtherKey says that a wrapped key needs another installation key than
	// the one in use, as after restoring a database without its key.
	ErrOtherKey = errors.New("wrapped by another installation key")
)

// Keyring holds the installation's key and what it is used for. Printed or
// logged, it shows only the key's id.
type Keyring struct {
	master secret
	id     [idSize]byte
}

// NewKeyring returns the keyring of an installation's key of 32 random bytes.
func NewKeyring(master []byte) (*Keyring, error) {
	if len(master) != keySize {
		return nil, fmt.Errorf("the installation's key has %d bytes and must have %d", len(master), keySize)
	}
	if bytes.Count(master, master[:1]) == keySize {
		return nil, errors.New("the installation's key is one byte over and over, and not random")
	}
	k := &Keyring{master: keep(bytes.Clone(master))}
	copy(k.id[:], k.Derive("key id"))
	return k, nil
}

// ID names the installation's key without giving it away. It stays the same
// for as long as the key does: a database can remember it, and notice at start
// that it has been given another one.
func (k *Keyring) ID() string { return hex.EncodeToString(k.id[:]) }

// Derive returns 32 secret bytes for one purpose, always the same. Knowing
// those of one purpose tells nothing about the key or another purpose.
func (k *Keyring) Derive(purpose string) []byte {
	out, err := hkdf.Key(sha256.New, k.master(), nil, "gatehouse "+purpose, keySize)
	if err != nil {
		panic(err) // only a wrong length can fail
	}
	return out
}

// StreamKey returns the key that encrypts streams of one purpose, such as backups, which belong to nobody in particular.
func (k *Keyring) StreamKey(purpose string) DataKey {
	return DataKey{keep(k.Derive("stream " + purpose))}
}

// NewDataKey makes a person's key, and its wrapped form, which is to be stored.
func (k *Keyring) NewDataKey(personID string) (key DataKey, wrapped []byte, err error) {
	if personID == "" {
		return DataKey{}, nil, errors.New("seal: data key for nobody")
	}
	plain := make([]byte, keySize)
	rand.Read(plain) // never fails: crypto/rand ends the program instead
	header := append([]byte{wrapFormat}, k.id[:]...)
	wrapped = k.wrapper().Seal(header, nil, plain, wrapContext(header, personID))
	return DataKey{keep(plain)}, wrapped, nil
}

// Unwrap returns the person's key from its wrapped form. It fails on anything
// that NewDataKey did not return for the same person under the same key.
func (k *Keyring) Unwrap(wrapped []byte, personID string) (DataKey, error) {
	if len(wrapped) != wrappedSize || wrapped[0] != wrapFormat {
		return DataKey{}, ErrWrapped
	}
	header := wrapped[:wrapHeader]
	if !bytes.Equal(header[1:], k.id[:]) {
		return DataKey{}, fmt.Errorf("%w: needs %x, this is %s", ErrOtherKey, header[1:], k.ID())
	}
	plain, err := k.wrapper().Open(nil, nil, wrapped[wrapHeader:], wrapContext(header, personID))
	if err != nil {
		return DataKey{}, ErrWrapped
	}
	return DataKey{keep(plain)}, nil
}

// wrapper is the cipher that wraps data keys.
func (k *Keyring) wrapper() cipher.AEAD { return k.cipher("wrap data keys") }

// cipher is AES-256-GCM with random nonces under the key of a purpose. It is made for each use, a few microseconds, because a
// cipher held in a field could be printed.
func (k *Keyring) cipher(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(k.Derive(purpose))
	if err != nil {
		panic(err) // only a wrong length can fail
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // nor this, with AES
	}
	return aead
}

// wrapContext binds a wrapped key to its header and its person.
func wrapContext(header []byte, personID string) []byte {
	return fmt.Appendf(nil, "gatehouse data key\x00%s\x00%s", header, personID)
}

// Format implements fmt.Formatter for every verb, so that none prints the key.
func (k *Keyring) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// String names the key by its id.
func (k *Keyring) String() string {
	if k == nil {
		return "no keyring"
	}
	return "keyring " + k.ID()
}

// LogValue keeps the key out of structured logs.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }
