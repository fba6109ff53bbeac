package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// valueFormat is the first byte of a sealed value; the ciphertext with its nonce follows.
const valueFormat = 1

// valuePurpose sets the key of values apart from those of streams, which derive from a salt and begin otherwise.
const valuePurpose = "gatehouse values"

// SealValue encrypts a short value of the person, such as a bank account. owner names row and column that it is for:
// OpenValue must be given the same, so that no value can stand in for another.
func (k DataKey) SealValue(plain, owner string) ([]byte, error) {
	key, err := k.values()
	if err != nil {
		return nil, err
	}
	return aead(key).Seal([]byte{valueFormat}, nil, []byte(plain), valueContext(owner)), nil
}

// OpenValue returns what SealValue was given. Anything else than its result, for the same owner and key, is ErrAltered.
func (k DataKey) OpenValue(sealed []byte, owner string) (string, error) {
	key, err := k.values()
	if err != nil {
		return "", err
	}
	if len(sealed) == 0 || sealed[0] != valueFormat {
		return "", ErrAltered
	}
	plain, err := aead(key).Open(nil, nil, sealed[1:], valueContext(owner))
	if err != nil {
		return "", ErrAltered
	}
	return string(plain), nil
}

func (k DataKey) values() ([]byte, error) {
	if k.secret == nil {
		return nil, errNoKey
	}
	return hkdf.Key(sha256.New, k.secret(), nil, valuePurpose, keySize)
}

func valueContext(owner string) []byte {
	return fmt.Appendf(nil, "gatehouse value %d\x00%s", valueFormat, owner)
}

// loggedPrefix marks what is encrypted among the texts of the audit log.
const loggedPrefix = "encrypted:"

// Logged is a sealed value as the audit log keeps it: the log commits to what lies in the row, and tells no more than the row.
func Logged(sealed []byte) string { return loggedPrefix + base64.StdEncoding.EncodeToString(sealed) }

// IsLogged reports whether a text of the audit log is what Logged gave.
func IsLogged(text string) bool { return strings.HasPrefix(text, loggedPrefix) }

// Blind makes indexes by which equal values are found without being readable: keyed hashes. Printed, it shows nothing.
type Blind struct {
	secret secret
}

// BlindSize is the length of an index in bytes: two values share one by chance as good as never.
const BlindSize = 16

// Blind returns the indexes of one kind of value. They stay the same whichever keys come later.
func (k *Keyring) Blind(kind string) Blind { return Blind{keep(k.Derive("blind index " + kind))} }

// Index is the index of a value, which the caller has brought into the form in which two spellings are equal.
func (b Blind) Index(value string) []byte {
	mac := hmac.New(sha256.New, b.secret())
	mac.Write([]byte(value))
	return mac.Sum(nil)[:BlindSize]
}

// Format keeps the key out of whatever a Blind is printed into.
func (Blind) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }
