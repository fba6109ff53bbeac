package seal

import (
	"bytes"
	"crypto/cipher"
	"fmt"
)

// boxFormat is the first byte of a boxed value; the installation key's id and the ciphertext with its nonce follow.
const boxFormat = 1

// Box encrypts short values of one purpose, such as the secrets of second factors, under a key that only this purpose
// has. Printed or logged, it shows only which key it derives from.
type Box struct {
	keys    *Keyring
	purpose string
}

// Box returns the box of a purpose.
func (k *Keyring) Box(purpose string) Box { return Box{k, purpose} }

// Seal encrypts a value that belongs to owner, such as the id of its row: Open must be given the same, so that no row's
// value can stand in for another's.
func (b Box) Seal(plain []byte, owner string) []byte {
	header := append([]byte{boxFormat}, b.keys.id[:]...)
	return b.cipher().Seal(header, nil, plain, b.context(header, owner))
}

// Open returns what Seal was given. Anything else than its result, for the same owner, purpose and key, is ErrAltered or
// ErrOtherKey.
func (b Box) Open(sealed []byte, owner string) ([]byte, error) {
	size := 1 + len(b.keys.id)
	if len(sealed) < size || sealed[0] != boxFormat {
		return nil, ErrAltered
	}
	header := sealed[:size]
	if !bytes.Equal(header[1:], b.keys.id[:]) {
		return nil, fmt.Errorf("%w: needs %x, this is %s", ErrOtherKey, header[1:], b.keys.ID())
	}
	plain, err := b.cipher().Open(nil, nil, sealed[size:], b.context(header, owner))
	if err != nil {
		return nil, ErrAltered
	}
	return plain, nil
}

func (b Box) context(header []byte, owner string) []byte {
	return fmt.Appendf(nil, "gatehouse box\x00%s\x00%s", header, owner)
}

func (b Box) cipher() cipher.AEAD { return b.keys.cipher("box " + b.purpose) }
