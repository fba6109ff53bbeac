package seal

import (
	"bytes"
	"errors"
	"testing"
)

func TestABoxOpensOnlyWhatItSealed(t *testing.T) {
	t.Parallel()
	keys := newRing(t, noise(keySize))
	box := keys.Box("one purpose")
	sealed := box.Seal([]byte("a secret"), "owner")
	if plain, err := box.Open(sealed, "owner"); err != nil || string(plain) != "a secret" {
		t.Fatalf("opened %q, error %v", plain, err)
	}
	if again := box.Seal([]byte("a secret"), "owner"); bytes.Equal(again, sealed) {
		t.Error("the same value looks the same twice")
	}
	for name, open := range map[string]func() ([]byte, error){
		"another owner":   func() ([]byte, error) { return box.Open(sealed, "other") },
		"another purpose": func() ([]byte, error) { return keys.Box("another purpose").Open(sealed, "owner") },
		"nothing":         func() ([]byte, error) { return box.Open(nil, "owner") },
		"cut off":         func() ([]byte, error) { return box.Open(sealed[:len(sealed)-1], "owner") },
	} {
		if _, err := open(); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: error %v, want ErrAltered", name, err)
		}
	}
	if _, err := newRing(t, noise(2 * keySize)[keySize:]).Box("one purpose").Open(sealed, "owner"); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: error %v, want ErrOtherKey", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := box.Open(changed, "owner"); err == nil {
			t.Errorf("byte %d changed: opened", i)
		}
	}
}
