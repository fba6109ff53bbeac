package hiring

import (
	"slices"
	"testing"
)

// FuzzParseAccounts looks for lines that say something else once they are written down again.
func FuzzParseAccounts(f *testing.F) {
	for _, s := range []string{"mail: ada@example.com\ncode: ada", "no colon", ":", "a:b:c\r\n\r\n", " \u2028: \v", "a\rb: c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		accounts := ParseAccounts(text)
		if again := ParseAccounts(AccountLines(accounts)); !slices.Equal(again, accounts) {
			t.Errorf("%q\nwritten down is %q", accounts, again)
		}
	})
}
