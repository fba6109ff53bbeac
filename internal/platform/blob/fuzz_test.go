package blob

import (
	"path/filepath"
	"strings"
	"testing"
)

// FuzzCheckKey looks for a key that would lead out of the store's folder or mean another on some disk.
func FuzzCheckKey(f *testing.F) {
	for _, s := range []string{"a", "0192f0c1-7b3a", "../x", "a/b", "A", "a\x00", "con", ".", strings.Repeat("a", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if CheckKey(key) != nil {
			return
		}
		if !filepath.IsLocal(key) || filepath.Base(key) != key || strings.ToLower(key) != key || len(key) > maxKey {
			t.Errorf("taken: %q", key)
		}
	})
}
