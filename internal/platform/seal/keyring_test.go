package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const person = "0192f0c1-7b3a-7cde-8123-0000000000aa"

func newRing(t *testing.T, master []byte) *Keyring {
	t.Helper()
	k, err := NewKeyring(master)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestUnwrapGivesTheKeyBack(t *testing.T) {
	key, wrapped, err := newRing(t, noise(keySize)).NewDataKey(person)
	if err != nil {
		t.Fatal(err)
	}
	sealed := encrypt(t, key, item, []byte("text"))

	again, err := newRing(t, noise(keySize)).Unwrap(wrapped, person) // after a restart
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decrypt(again, item, bytes.NewReader(sealed)); err != nil || string(got) != "text" {
		t.Errorf("unwrapped key reads %q, %v", got, err)
	}
	if bytes.Contains(wrapped, key.secret()) {
		t.Error("the wrapped form holds the key itself")
	}
}

func TestDataKeysDiffer(t *testing.T) {
	k := newRing(t, noise(keySize))
	a, wrappedA, _ := k.NewDataKey(person)
	b, wrappedB, _ := k.NewDataKey(person)
	if bytes.Equal(a.secret(), b.secret()) || bytes.Equal(wrappedA, wrappedB) {
		t.Error("two data keys are the same")
	}
	if _, _, err := k.NewDataKey(""); err == nil {
		t.Error("made a data key for nobody")
	}
}

func TestUnwrapRefuses(t *testing.T) {
	k := newRing(t, noise(keySize))
	_, wrapped, err := k.NewDataKey(person)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Unwrap(wrapped, "another person"); !errors.Is(err, ErrWrapped) {
		t.Errorf("for another person: %v", err)
	}
	if _, err := newRing(t, noise(2 * keySize)[keySize:]).Unwrap(wrapped, person); !errors.Is(err, ErrOtherKey) {
		t.Errorf("with another installation key: %v", err)
	}
	for at := range wrapped {
		forged := bytes.Clone(wrapped)
		forged[at] ^= 0x80
		if _, err := k.Unwrap(forged, person); err == nil {
			t.Errorf("byte %d altered, and unwrapped", at)
		}
	}
	for _, bad := range [][]byte{nil, {}, wrapped[:len(wrapped)-1], append(bytes.Clone(wrapped), 0)} {
		if _, err := k.Unwrap(bad, person); !errors.Is(err, ErrWrapped) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func TestDeriveIsSteadyAndApart(t *testing.T) {
	a, b := newRing(t, noise(keySize)), newRing(t, noise(keySize))
	if !bytes.Equal(a.Derive("cookies"), b.Derive("cookies")) || a.ID() != b.ID() {
		t.Error("the same key derives different secrets")
	}
	if bytes.Equal(a.Derive("cookies"), a.Derive("digests")) {
		t.Error("two purposes share a secret")
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	master := noise(keySize)
	k := newRing(t, master)
	key, _, err := k.NewDataKey(person)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(master)
	type holder struct {
		key  DataKey
		ring *Keyring
		Key  DataKey
	}
	held := holder{key, k, key}
	src := Source{Value: text}
	root, err := NewLocal(master)
	if err != nil {
		t.Fatal(err)
	}
	one := root.Key()
	blind := k.Blind("accounts")

	var out bytes.Buffer
	for _, v := range []any{key, &key, k, *k, held, &held, []DataKey{key}, map[string]DataKey{"k": key}, src, &src, root, &root, one, &one, []Root{root}, map[string]Key{"k": one}, blind, &blind} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
	}
	if b, err := json.Marshal(map[string]any{"key": key, "held": held, "root": root, "one": one}); err != nil {
		t.Fatal(err)
	} else {
		out.Write(b)
	}
	// However a key might show: as text, in hex, or as a list of numbers.
	printed := strings.ToLower(strings.NewReplacer("0x", "", ",", "").Replace(out.String()))
	for _, b := range [][]byte{master, key.secret()} {
		for name, form := range map[string]string{
			"raw": string(b), "base64": base64.StdEncoding.EncodeToString(b), "hex": hex.EncodeToString(b),
			"numbers": strings.Trim(fmt.Sprint(b[:8]), "[]"), "hex numbers": strings.Trim(fmt.Sprintf("% x", b[:8]), "[]"),
			"octal": strings.Trim(fmt.Sprintf("%o", b[:8]), "[]"), "binary": strings.Trim(fmt.Sprintf("%b", b[:8]), "[]"),
		} {
			if strings.Contains(printed, strings.ToLower(form)) {
				t.Errorf("a key was printed: %s", name)
			}
		}
	}
}

// TestGenerations: what an older key sealed opens as long as it is held, what is new is under the newest, and what is derived
// stays.
func TestGenerations(t *testing.T) {
	first, second := NewKey(), NewKey()
	k, old := KeyringOf(first), KeyringOf(first)
	box := k.Box("purpose")
	_, wrapped, err := k.NewDataKey(person)
	if err != nil {
		t.Fatal(err)
	}
	boxed, derived, id := box.Seal([]byte("a secret"), "owner"), k.Derive("hashes"), k.ID()

	k.Hold([]Key{first, second}, second)
	if !bytes.Equal(k.Derive("hashes"), derived) || k.ID() != id {
		t.Error("what is derived changed with the keys")
	}
	again, err := k.Rewrap(wrapped, person)
	if err != nil {
		t.Fatal(err)
	}
	resealed, err := box.Reseal(boxed, "owner")
	if err != nil {
		t.Fatal(err)
	}
	for _, moved := range [][]byte{again, resealed} {
		if !bytes.Equal(moved[1:wrapHeader], k.Seals()) || hex.EncodeToString(k.Seals()) != second.ID() {
			t.Errorf("sealed under %x, want %s", moved[1:wrapHeader], second.ID())
		}
	}
	for _, w := range [][]byte{wrapped, again} {
		a, err := old.Unwrap(wrapped, person)
		b, err2 := k.Unwrap(w, person)
		if err := errors.Join(err, err2); err != nil || !bytes.Equal(a.secret(), b.secret()) {
			t.Errorf("the data key is another: %v", err)
		}
	}
	for _, b := range [][]byte{boxed, resealed} {
		if plain, err := box.Open(b, "owner"); err != nil || string(plain) != "a secret" {
			t.Errorf("opened %q, %v", plain, err)
		}
	}
	if _, err := old.Unwrap(again, person); !errors.Is(err, ErrOtherKey) {
		t.Errorf("a keyring that does not know the newest: %v", err)
	}
	if _, err := k.Rewrap(again[:20], person); !errors.Is(err, ErrWrapped) {
		t.Errorf("rewrapping what is damaged: %v", err)
	}
	old.AskWhenUnknown(func() { old.Hold([]Key{first, second}, first) })
	if _, err := old.Unwrap(again, person); err != nil {
		t.Errorf("having learnt of the newest: %v", err)
	}
}
