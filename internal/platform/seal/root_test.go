package seal

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLoadGeneratesOnceForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids { // first starts that race agree on one key
		wg.Go(func() {
			k, err := FindOrMakeRoot(Source{Dir: dir})
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
		if k, err := FindOrMakeRoot(src); err != nil || k.ID() != want {
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
			_, err := FindOrMakeRoot(Source{Dir: dir})
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
		"nothing set": {}, "both set": {Value: good, File: world}, "command and value": {Command: "cat", Value: good}, "no such program": {Command: "/nowhere/kms"}, "bad value": {Value: "secret?"},
		"missing file": {File: world + "x"}, "folder": {File: t.TempDir()}, "readable for all": {File: world},
	} {
		if _, err := FindOrMakeRoot(src); err == nil {
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

func TestALostRootKeyIsNotMadeAnew(t *testing.T) {
	dir := t.TempDir()
	if _, err := FindRoot(Source{Dir: dir}); !errors.Is(err, ErrNoRoot) || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want ErrNoRoot and where it was looked for", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("a key was made: %v", left)
	}
}
