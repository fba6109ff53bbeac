package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

	var out bytes.Buffer
	for _, v := range []any{key, &key, k, *k, held, &held, []DataKey{key}, map[string]DataKey{"k": key}, src, &src} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
	}
	if b, err := json.Marshal(map[string]any{"key": key, "held": held}); err != nil {
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

func TestLoadGeneratesOnceForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids { // first starts that race agree on one key
		wg.Go(func() {
			k, err := LoadKeyring(Source{Dir: dir})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = k.ID()
		})
	}
	wg.Wait()
	for _, got := range ids {
		if got == "" || got != ids[0] {
			t.Fatalf("different keys: %v", ids)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "master.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("master.key: %v, %v; want mode 0600", info.Mode(), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left beside the key: %v", left)
	}
}

func TestLoadTakesValueOrFile(t *testing.T) {
	text := base64.StdEncoding.EncodeToString(noise(keySize))
	want := newRing(t, noise(keySize)).ID()
	file := filepath.Join(t.TempDir(), "secret")
	writeKey(t, file, text+"\n", 0o440)
	dir := t.TempDir()
	for name, src := range map[string]Source{
		"value": {Value: text, Dir: dir}, "value with newline": {Value: text + "\n"}, "file": {File: file, Dir: dir},
	} {
		if k, err := LoadKeyring(src); err != nil || k.ID() != want {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("a key was made although one was given: %v", left)
	}
}

func TestLoadRefusesAndChangesNothing(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(noise(keySize))
	short := base64.StdEncoding.EncodeToString(noise(16))
	zero := base64.StdEncoding.EncodeToString(make([]byte, keySize))
	tests := []struct {
		name, content string
		mode          os.FileMode
		want          string
	}{
		{"open to all", good, 0o644, "open to others"},
		{"open to the group", good, 0o640, "open to others"},
		{"empty", "", 0o600, "0 bytes"},
		{"not base64", "correct horse battery staple", 0o600, "not base64"},
		{"too short", short, 0o600, "16 bytes"},
		{"too long", good + good, 0o600, "not base64"},
		{"zeros", zero, 0o600, "not random"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "master.key")
			writeKey(t, file, tt.content, tt.mode)
			_, err := LoadKeyring(Source{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("error %v; want it to name the file and say %q", err, tt.want)
			}
			if err != nil && len(tt.content) > 0 && strings.Contains(err.Error(), tt.content[:8]) {
				t.Errorf("error quotes the key: %v", err)
			}
			if now, _ := os.ReadFile(file); string(now) != tt.content {
				t.Error("the key file was changed")
			}
		})
	}
	world := filepath.Join(t.TempDir(), "secret")
	writeKey(t, world, good, 0o644)
	for name, src := range map[string]Source{
		"nothing set": {}, "both set": {Value: good, File: world}, "bad value": {Value: "secret?"},
		"missing file": {File: world + "x"}, "folder": {File: t.TempDir()}, "readable for all": {File: world},
	} {
		if _, err := LoadKeyring(src); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func writeKey(t *testing.T, file, content string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.WriteFile(file, []byte(content), mode), os.Chmod(file, mode)); err != nil {
		t.Fatal(err)
	}
}
