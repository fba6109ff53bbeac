package seal

import (
	"fmt"
)

// boxFormat is the first byte of a boxed value; the id of the installation's key and the ciphertext with its nonce follow.
const boxFormat = 1

// Box encrypts short values of one purpose, such as the secrets of second factors, under keys that only this purpose
// has. Printed or logged, it shows only which keys it derives from.
type Box struct {
	keys    *Keyring
	purpose string
}

// Box returns the box of a purpose.
func (k *Keyring) Box(purpose string) Box { return Box{k, purpose} }

// Seal encrypts a value that belongs to owner, such as the id of its row: Open must be given the same, so that no row's
// value can stand in for another's.
func (b Box) Seal(plain []byte, owner string) []byte {
	newest := b.keys.held.Load().newest
	header := append([]byte{boxFormat}, newest.id[:]...)
	return newest.cipher(b.cipher()).Seal(header, nil, plain, b.context(header, owner))
}

// Open returns what Seal was given. Anything else than its result, for the same owner, purpose and keys, is ErrAltered or
// ErrOtherKey.
func (b Box) Open(sealed []byte, owner string) ([]byte, error) {
	if len(sealed) < wrapHeader || sealed[0] != boxFormat {
		return nil, ErrAltered
	}
	header := sealed[:wrapHeader]
	key, err := b.keys.known(header)
	if err != nil {
		return nil, err
	}
	plain, err := key.cipher(b.cipher()).Open(nil, nil, sealed[wrapHeader:], b.context(header, owner))
	if err != nil {
		return nil, ErrAltered
	}
	return plain, nil
}

// Reseal returns the same value sealed under the key that seals now.
func (b Box) Reseal(sealed []byte, owner string) ([]byte, error) {
	plain, err := b.Open(sealed, owner)
	if err != nil {
		return nil, err
	}
	return b.Seal(plain, owner), nil
}

func (b Box) context(header []byte, owner string) []byte {
	return fmt.Appendf(nil, "gatehouse box\x00%s\x00%s", header, owner)
}

// cipher names the key of the purpose.
func (b Box) cipher() string { return "box " + b.purpose }
