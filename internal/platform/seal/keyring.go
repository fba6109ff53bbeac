package seal

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// A wrapped data key is, in bytes:
//
//	1   format
//	4   id of the installation's key that wrapped it
//	12  nonce
//	48  the data key, encrypted by AES-256-GCM, and its tag
//
// The id in front says which of the installation's keys is needed, so that they can be changed step by step. A box begins
// the same way.
const (
	wrapFormat  = 1
	wrapHeader  = 1 + idSize
	wrappedSize = wrapHeader + 12 + keySize + 16
)

var (
	// ErrWrapped says that a wrapped key is damaged, or another person's.
	ErrWrapped = errors.New("wrapped key is damaged or belongs to another person")
	// ErrOtherKey says that another key is needed than those in use, as after restoring a database without its keys.
	ErrOtherKey = errors.New("sealed under another key")
)

// Keyring holds the installation's keys, a generation each, and what they are used for. The newest seals; each opens what it
// sealed; and from the first, for ever, derives what must outlive a rotation. Printed or logged, it shows only ids.
//
// It can be given other keys while it is in use: see Hold.
type Keyring struct {
	held *atomic.Pointer[held]
	ask  *atomic.Pointer[func()]
}

type held struct {
	first, newest Key
	known         map[keyID]Key
}

// NewKeyring returns the keyring of an installation with one key of 32 random bytes.
func NewKeyring(raw []byte) (*Keyring, error) {
	key, err := parse(raw)
	if err != nil {
		return nil, err
	}
	return KeyringOf(key), nil
}

// KeyringOf returns the keyring of an installation with one key.
func KeyringOf(key Key) *Keyring {
	k := &Keyring{new(atomic.Pointer[held]), new(atomic.Pointer[func()])}
	k.Hold([]Key{key}, key)
	return k
}

// Hold replaces the keys: all generations, the first one first, and the one of them that seals from now on.
func (k *Keyring) Hold(generations []Key, seals Key) {
	h := &held{first: generations[0], newest: seals, known: make(map[keyID]Key, len(generations))}
	for _, key := range generations {
		h.known[key.id] = key
	}
	k.held.Store(h)
}

// AskWhenUnknown has learn called when something is met that none of the keys opens: it may call Hold.
func (k *Keyring) AskWhenUnknown(learn func()) { k.ask.Store(&learn) }

// ID names the installation by its first key, without giving it away. It stays the same for ever.
func (k *Keyring) ID() string { return k.held.Load().first.ID() }

// Seals is the id of the key that seals, as the headers of what it sealed have it.
func (k *Keyring) Seals() []byte {
	id := k.held.Load().newest.id
	return id[:]
}

// Derive returns 32 secret bytes for one purpose, always the same, whichever keys come later. Knowing those of one purpose
// tells nothing about the key or another purpose.
func (k *Keyring) Derive(purpose string) []byte { return k.held.Load().first.derive(purpose) }

// known finds the key that a header names.
func (k *Keyring) known(header []byte) (Key, error) {
	id := keyID(header[1:wrapHeader])
	if key, ok := k.held.Load().known[id]; ok {
		return key, nil
	}
	if ask := k.ask.Load(); ask != nil {
		(*ask)()
	}
	if key, ok := k.held.Load().known[id]; ok {
		return key, nil
	}
	return Key{}, fmt.Errorf("%w: needs %s, this is %s", ErrOtherKey, id, k)
}

const wrapPurpose = "wrap data keys"

// StreamKey returns the key that encrypts streams of one purpose, such as backups, which belong to nobody in particular.
func (k *Keyring) StreamKey(purpose string) DataKey {
	return DataKey{keep(k.Derive("stream " + purpose))}
}

// NewDataKey makes a person's key, and its wrapped form, which is to be stored.
func (k *Keyring) NewDataKey(personID string) (key DataKey, wrapped []byte, err error) {
	if personID == "" {
		return DataKey{}, nil, errors.New("seal: data key for nobody")
	}
	key = DataKey{NewKey().secret}
	return key, k.wrap(key, personID), nil
}

func (k *Keyring) wrap(key DataKey, personID string) []byte {
	newest := k.held.Load().newest
	header := append([]byte{wrapFormat}, newest.id[:]...)
	return newest.cipher(wrapPurpose).Seal(header, nil, key.secret(), wrapContext(header, personID))
}

// Unwrap returns the person's key from its wrapped form. It fails on anything
// that NewDataKey did not return for the same person under one of the keys.
func (k *Keyring) Unwrap(wrapped []byte, personID string) (DataKey, error) {
	if len(wrapped) != wrappedSize || wrapped[0] != wrapFormat {
		return DataKey{}, ErrWrapped
	}
	header := wrapped[:wrapHeader]
	key, err := k.known(header)
	if err != nil {
		return DataKey{}, err
	}
	plain, err := key.cipher(wrapPurpose).Open(nil, nil, wrapped[wrapHeader:], wrapContext(header, personID))
	if err != nil {
		return DataKey{}, ErrWrapped
	}
	return DataKey{keep(plain)}, nil
}

// Rewrap returns the wrapped form of the same data key under the key that seals now.
func (k *Keyring) Rewrap(wrapped []byte, personID string) ([]byte, error) {
	key, err := k.Unwrap(wrapped, personID)
	if err != nil {
		return nil, err
	}
	return k.wrap(key, personID), nil
}

// wrapContext binds a wrapped key to its header and its person.
func wrapContext(header []byte, personID string) []byte {
	return fmt.Appendf(nil, "gatehouse data key\x00%s\x00%s", header, personID)
}

// Format implements fmt.Formatter for every verb, so that none prints the key.
func (k *Keyring) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// String names the keyring by the ids of the key that it derives from and of the one that seals.
func (k *Keyring) String() string {
	if k == nil {
		return "no keyring"
	}
	h := k.held.Load()
	if h.first.id == h.newest.id {
		return "keyring " + h.first.ID()
	}
	return "keyring " + h.first.ID() + ", sealing under " + h.newest.ID()
}

// LogValue keeps the key out of structured logs.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }
