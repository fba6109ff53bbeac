package seal

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"
)

const item = "0192f0c1-7b3a-7cde-8123-456789abcdef"

func newKey(t testing.TB) DataKey {
	t.Helper()
	k, err := NewKeyring(noise(keySize))
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := k.NewDataKey("somebody")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func encrypt(t testing.TB, key DataKey, aad string, plain []byte) []byte {
	t.Helper()
	r, err := Encrypt(key, aad, bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// decrypt returns whatever was given out before the end or an error.
func decrypt(key DataKey, aad string, from io.Reader) ([]byte, error) {
	r, err := Decrypt(key, aad, from)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestStreamRoundTrip(t *testing.T) {
	key := newKey(t)
	readers := map[string]func(io.Reader) io.Reader{
		"whole":         func(r io.Reader) io.Reader { return r },
		"halves":        iotest.HalfReader,
		"data with EOF": iotest.DataErrReader,
	}
	for _, size := range []int{0, 1, 1000, Segment - 57, Segment - 56, Segment - 55, Segment - 16, Segment, Segment + 1, 5*Segment + 7} {
		plain := noise(size)
		for name, through := range readers {
			r, err := Encrypt(key, item, through(bytes.NewReader(plain)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := decrypt(key, item, through(r))
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes, %s: %d came back, %v", size, name, len(got), err)
			}
		}
	}
}

func TestSameTextEncryptsDifferently(t *testing.T) {
	key, plain := newKey(t), noise(1000)
	a, b := encrypt(t, key, item, plain), encrypt(t, key, item, plain)
	if bytes.Equal(a, b) || bytes.Contains(a, plain[:32]) {
		t.Error("ciphertext tells something of the plaintext")
	}
}

// altered makes forgeries of a ciphertext of four segments. The first is
// shorter in plaintext but they all take Segment bytes.
func altered(sealed, other []byte) map[string][]byte {
	flip := func(at int) []byte {
		b := bytes.Clone(sealed)
		b[at] ^= 1
		return b
	}
	seg := func(b []byte, i int) []byte { return b[i*Segment : min((i+1)*Segment, len(b))] }
	return map[string][]byte{
		"nothing":               {},
		"format":                flip(0),
		"header length":         flip(1),
		"salt":                  flip(2),
		"nonce":                 flip(36),
		"first byte":            flip(41),
		"middle":                flip(Segment + 100),
		"last byte":             flip(len(sealed) - 1),
		"header only":           sealed[:20],
		"header and no segment": sealed[:41],
		"one byte short":        sealed[:len(sealed)-1],
		"last segment missing":  sealed[:3*Segment],
		"all but the first":     sealed[:Segment],
		"cut within":            sealed[:2*Segment+500],
		"one byte more":         append(bytes.Clone(sealed), 0),
		"twice":                 slices.Concat(sealed, sealed),
		"reordered":             slices.Concat(seg(sealed, 0), seg(sealed, 2), seg(sealed, 1), seg(sealed, 3)),
		"segment repeated":      slices.Concat(sealed[:2*Segment], seg(sealed, 1), sealed[2*Segment:]),
		"segment dropped":       slices.Concat(seg(sealed, 0), seg(sealed, 2), seg(sealed, 3)),
		"segment of another":    slices.Concat(seg(sealed, 0), seg(other, 1), sealed[2*Segment:]),
		"head of another":       slices.Concat(seg(other, 0), sealed[Segment:]),
	}
}

func TestAlteredCiphertextFails(t *testing.T) {
	key, plain := newKey(t), noise(3*Segment+1000)
	sealed := encrypt(t, key, item, plain)
	for name, forged := range altered(sealed, encrypt(t, key, item, plain)) {
		t.Run(name, func(t *testing.T) {
			got, err := decrypt(key, item, bytes.NewReader(forged))
			if !errors.Is(err, ErrAltered) {
				t.Errorf("error %v, want ErrAltered", err)
			}
			if !bytes.HasPrefix(plain, got) {
				t.Error("gave out something that was never encrypted")
			}
		})
	}
}

func TestCiphertextBelongsToItsKeyAndItem(t *testing.T) {
	key := newKey(t)
	sealed := encrypt(t, key, item, []byte("passport"))
	if _, err := decrypt(newKey(t), item, bytes.NewReader(sealed)); !errors.Is(err, ErrAltered) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := decrypt(key, "another item", bytes.NewReader(sealed)); !errors.Is(err, ErrAltered) {
		t.Errorf("as another item: %v", err)
	}
}

func TestErrorsOfDecryptAreFinal(t *testing.T) {
	key := newKey(t)
	sealed := encrypt(t, key, item, noise(3*Segment))
	sealed[len(sealed)-1] ^= 1
	r, err := Decrypt(key, item, bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	_, first := io.Copy(io.Discard, r)
	n, again := r.Read(make([]byte, 10))
	if !errors.Is(first, ErrAltered) || n != 0 || !errors.Is(again, ErrAltered) {
		t.Errorf("first %v, then %d bytes and %v; want ErrAltered both times", first, n, again)
	}
}

// A connection lost in mid-upload reads as io.ErrUnexpectedEOF: it must not
// end in a ciphertext that verifies.
func TestBrokenSourceIsNotAnEnd(t *testing.T) {
	key := newKey(t)
	for _, broken := range []error{io.ErrUnexpectedEOF, errors.New("disk failed")} {
		source := io.MultiReader(bytes.NewReader(noise(Segment+500)), iotest.ErrReader(broken))
		r, err := Encrypt(key, item, source)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := io.ReadAll(r)
		if !errors.Is(err, broken) {
			t.Errorf("Encrypt: %v, want %v", err, broken)
		}
		if _, err := decrypt(key, item, bytes.NewReader(sealed)); !errors.Is(err, ErrAltered) {
			t.Errorf("what was encrypted before the break decrypts: %v", err)
		}

		whole := encrypt(t, key, item, noise(2*Segment))
		for _, n := range []int{0, 1, 20, 41, Segment, Segment + 500} {
			source := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))
			if _, err := decrypt(key, item, source); !errors.Is(err, broken) || errors.Is(err, ErrAltered) {
				t.Errorf("Decrypt of a source broken at %d: %v, want %v", n, err, broken)
			}
		}
	}
}

func TestNoKeyEncryptsNothing(t *testing.T) {
	if _, err := Encrypt(DataKey{}, item, bytes.NewReader(nil)); err == nil {
		t.Error("encrypted with the zero key")
	}
	if _, err := Decrypt(DataKey{}, item, bytes.NewReader(nil)); err == nil {
		t.Error("decrypted with the zero key")
	}
}
