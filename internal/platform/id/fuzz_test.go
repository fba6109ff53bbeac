package id

import (
	"strings"
	"testing"
)

// FuzzParse looks for a text that is taken for an identifier and is not the one way to write it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"0192f0c1-7b3a-7cde-8123-456789abcdef", "0192F0C1-7B3A-7CDE-8123-456789ABCDEF", "{0192f0c1-7b3a-7cde-8123-456789abcd}", "", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := Parse(s)
		if err != nil {
			if parsed != "" {
				t.Errorf("%q: %q beside %v", s, parsed, err)
			}
			return
		}
		raw, err := Bytes(s)
		if err != nil || parsed != FromBytes(raw) || parsed != strings.ToLower(s) {
			t.Errorf("%q is %q, %x, %v", s, parsed, raw, err)
		}
	})
}
