package seal

import (
	"bytes"
	"errors"
	"testing"
)

func TestAValueOpensOnlyWhereItWasSealed(t *testing.T) {
	key := newKey(t)
	sealed, err := key.SealValue("DE89 3704 0044 0532 0130 00", "claims/1")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := key.OpenValue(sealed, "claims/1"); err != nil || plain != "DE89 3704 0044 0532 0130 00" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if again, _ := key.SealValue("DE89 3704 0044 0532 0130 00", "claims/1"); bytes.Equal(again, sealed) {
		t.Error("the same value looks the same twice")
	}
	if bytes.Contains(sealed, []byte("3704")) {
		t.Error("the sealed form holds the value")
	}
	if _, err := key.OpenValue(sealed, "claims/2"); !errors.Is(err, ErrAltered) {
		t.Errorf("in another row: %v", err)
	}
	if _, err := newKey(t).OpenValue(sealed, "claims/1"); !errors.Is(err, ErrAltered) {
		t.Errorf("another person's: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := key.OpenValue(changed, "claims/1"); !errors.Is(err, ErrAltered) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	for _, bad := range [][]byte{nil, {}, sealed[:1], sealed[:20]} {
		if _, err := key.OpenValue(bad, "claims/1"); !errors.Is(err, ErrAltered) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	if _, err := (DataKey{}).SealValue("x", "y"); err == nil {
		t.Error("sealed with the zero key")
	}
	if _, err := (DataKey{}).OpenValue(sealed, "claims/1"); err == nil {
		t.Error("opened with the zero key")
	}
}

func TestBlindIndexes(t *testing.T) {
	first := NewKey()
	k := KeyringOf(first)
	a := k.Blind("accounts").Index("1")
	k.Hold([]Key{first, NewKey()}, first)
	switch {
	case len(a) != BlindSize:
		t.Errorf("%d bytes", len(a))
	case !bytes.Equal(a, k.Blind("accounts").Index("1")):
		t.Error("equal values have other indexes after a rotation")
	case bytes.Equal(a, k.Blind("accounts").Index("2")), bytes.Equal(a, k.Blind("documents").Index("1")),
		bytes.Equal(a, KeyringOf(NewKey()).Blind("accounts").Index("1")):
		t.Error("two values, kinds or installations share an index")
	}
}
