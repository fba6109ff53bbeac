package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// FuzzDecrypt looks for bytes that are given out although they were never encrypted so: of a ciphertext that was altered, or
// of something made up.
func FuzzDecrypt(f *testing.F) {
	key := newKey(f)
	f.Add([]byte("passport"), uint(3), byte(1), uint(0), []byte(nil))
	f.Add(noise(Segment+100), uint(Segment), byte(0x80), uint(7), []byte("tail"))
	f.Add([]byte{}, uint(0), byte(0), uint(1), []byte{0})
	f.Fuzz(func(t *testing.T, plain []byte, at uint, flip byte, cut uint, tail []byte) {
		sealed := encrypt(t, key, item, plain)
		whole := bytes.Clone(sealed)
		sealed[at%uint(len(sealed))] ^= flip
		sealed = append(sealed[:uint(len(sealed))-cut%uint(len(sealed)+1)], tail...)
		got, err := decrypt(key, item, bytes.NewReader(sealed))
		switch {
		case bytes.Equal(sealed, whole):
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("what was encrypted comes back as %d bytes, %v", len(got), err)
			}
		case !errors.Is(err, ErrAltered) || !bytes.HasPrefix(plain, got):
			t.Fatalf("altered: %d bytes, %v", len(got), err)
		}
		if got, err := decrypt(key, item, bytes.NewReader(plain)); err == nil || len(got) > 0 {
			t.Fatalf("made up: %d bytes, %v", len(got), err)
		}
	})
}

// FuzzOpen looks for bytes that a box or a keyring opens although it never sealed them, and for a crash on the way.
func FuzzOpen(f *testing.F) {
	keys, err := NewKeyring(noise(keySize))
	if err != nil {
		f.Fatal(err)
	}
	header := append([]byte{boxFormat}, keys.Seals()...)
	f.Add([]byte{}, "owner")
	f.Add(header, "owner")
	f.Add(append(bytes.Clone(header), make([]byte, 60)...), person)
	box := keys.Box("one purpose")
	f.Fuzz(func(t *testing.T, made []byte, owner string) {
		if plain, err := box.Open(made, owner); err == nil {
			t.Fatalf("the box opened %x as %q", made, plain)
		}
		if _, err := keys.Unwrap(made, owner); err == nil {
			t.Fatalf("the keyring unwrapped %x", made)
		}
		if plain, err := box.Open(box.Seal(made, owner), owner); err != nil || !bytes.Equal(plain, made) {
			t.Fatalf("%x came back as %x, %v", made, plain, err)
		}
	})
}

// FuzzParseKey looks for a text that is taken for a key and is not the one way to write it, and for an error that repeats it.
func FuzzParseKey(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString(noise(keySize)) + "\n")
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, keySize)))
	f.Add("")
	f.Add("not base64, and rather long")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := parseKey("here", text)
		if err != nil {
			if secret := strings.TrimSpace(text); len(secret) >= 16 && strings.Contains(err.Error(), secret) {
				t.Fatalf("the error says %q", err)
			}
			return
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || base64.StdEncoding.EncodeToString(raw) != strings.TrimSpace(text) {
			t.Fatalf("%q is taken for a key, and written in another way", text)
		}
		if same, err := NewLocal(raw); err != nil || same.ID() != k.ID() {
			t.Fatalf("%q is taken for another key", text)
		}
	})
}
