package seal

import (
	"bytes"
	"context"
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

// idSize is how many bytes name a key.
const idSize = 4

type keyID [idSize]byte

// String is the id as people read it.
func (id keyID) String() string { return hex.EncodeToString(id[:]) }

// Key is one of the installation's keys, of which there is one for each generation. The zero value is no key. Printed or
// logged, it shows only its id.
type Key struct {
	secret secret
	id     keyID
}

// NewKey makes a key.
func NewKey() Key {
	raw := make([]byte, keySize)
	rand.Read(raw) // never fails: crypto/rand ends the program instead
	return named(raw)
}

// parse takes 32 random bytes for a key.
func parse(raw []byte) (Key, error) {
	if len(raw) != keySize {
		return Key{}, fmt.Errorf("the key has %d bytes and must have %d", len(raw), keySize)
	}
	if bytes.Count(raw, raw[:1]) == keySize {
		return Key{}, errors.New("the key is one byte over and over, and not random")
	}
	return named(bytes.Clone(raw)), nil
}

func named(raw []byte) Key {
	k := Key{secret: keep(raw)}
	copy(k.id[:], k.derive("key id"))
	return k
}

// ID names the key without giving it away.
func (k Key) ID() string { return k.id.String() }

// WrappedBy is the key in the form in which it is stored: encrypted by the root key.
func (k Key) WrappedBy(ctx context.Context, root Root) ([]byte, error) {
	return root.Wrap(ctx, k.secret())
}

// UnwrapKey returns the key of that id from what WrappedBy gave.
func UnwrapKey(ctx context.Context, root Root, wrapped []byte, id string) (Key, error) {
	raw, err := root.Unwrap(ctx, wrapped)
	if err != nil {
		return Key{}, err
	}
	k, err := parse(raw)
	if err == nil && k.ID() != id {
		err = fmt.Errorf("%w: it holds the key %s instead of %s", ErrWrapped, k.ID(), id)
	}
	return k, err
}

// derive returns 32 secret bytes for one purpose, always the same.
func (k Key) derive(purpose string) []byte {
	out, err := hkdf.Key(sha256.New, k.secret(), nil, "gatehouse "+purpose, keySize)
	if err != nil {
		panic(err) // only a wrong length can fail
	}
	return out
}

// cipher is AES-256-GCM with random nonces under the key of a purpose. It is made for each use, a few microseconds, because a
// cipher held in a field could be printed.
func (k Key) cipher(purpose string) cipher.AEAD { return aead(k.derive(purpose)) }

func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only a wrong length can fail
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // nor this, with AES
	}
	return gcm
}

// Format implements fmt.Formatter for every verb, so that none prints the key.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// String names the key by its id.
func (k Key) String() string {
	if k.secret == nil {
		return "no key"
	}
	return "key " + k.ID()
}

// LogValue keeps the key out of structured logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText keeps the key out of JSON and other encodings.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
