// Package seal encrypts what is kept about people.
//
// Each person has a data key of their own, which encrypts their evidence and
// the values that are most sensitive. It is stored only wrapped, that is
// encrypted under one of the installation's keys (Keyring), so erasing a
// person for good is deleting one wrapped key: blobs, backups of blobs and
// copies of disks turn into noise with it. The installation's keys in turn lie
// wrapped under the root key (Root), which is kept apart from database and
// blobs.
//
// Encrypt and Decrypt work on streams of any length in constant memory,
// SealValue and OpenValue on single values. The package stores nothing itself.
package seal

import (
	"fmt"
	"log/slog"
)

const keySize = 32

// secret gives out the bytes of a key. Keys hold it as a function: a printer
// that looks into unexported fields, as fmt does for a struct around a key, can
// then show an address only. It follows pointers with the wrong verb.
type secret func() []byte

func keep(key []byte) secret { return func() []byte { return key } }

const redacted = "[redacted key]"

// DataKey encrypts what belongs to one person. The zero value is no key, and
// refuses to work. Printed or logged, it shows nothing of itself.
type DataKey struct {
	secret secret
}

// Format implements fmt.Formatter for every verb, so that none prints the key.
func (DataKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// String says that this is a key, not which.
func (DataKey) String() string { return redacted }

// LogValue keeps the key out of structured logs.
func (DataKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the key out of JSON and other encodings.
func (DataKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }
