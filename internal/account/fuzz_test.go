package account

import (
	"strings"
	"testing"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
)

// FuzzNew looks for a user that is taken with an address that is none, or with what no database stores.
func FuzzNew(f *testing.F) {
	f.Add("ada@example.com", "Ada Berg", "Europe/Lisbon", "hr")
	f.Add(`"a b"@example.com`, "x", "../../etc", "root")
	f.Add("a@b\r\nBcc: c@d", "\x00", "Local", "")
	f.Fuzz(func(t *testing.T, email, name, zone, role string) {
		n := New{Email: email, Name: name, TimeZone: zone, Roles: []authz.Role{authz.Role(role)}}
		if n.tidy() != nil {
			return
		}
		if strings.Count(n.Email, "@") == 0 || strings.ContainsAny(n.Email, "\x00\r\n") || strings.ContainsRune(n.Name, 0) || strings.Contains(n.TimeZone, "..") {
			t.Errorf("taken: %+v", n)
		}
	})
}

// FuzzPassword looks for a password that is taken outside the bounds, or that takes the check too long: what anybody types is
// looked at before it is hashed.
func FuzzPassword(f *testing.F) {
	for _, s := range []string{"correct horse battery", "Passw0rd2026!!", "aaaaaaaaaaaa", "qwertyuiop12", strings.Repeat("é", 99), "\x00\xff\u0301\u0301\u0301", "İİİİİİİİİİİİ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, password string) {
		var p apperr.Problems
		checkPassword(&p, password, "Ada Berg", "ada@example.com")
		if n := len([]rune(password)); p.Err() == nil && (n < MinPassword || n > 1000) {
			t.Errorf("taken: %d characters", n)
		}
	})
}
