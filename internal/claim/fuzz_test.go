package claim

import (
	"strings"
	"testing"

	"gatehouse/internal/catalogue"
)

// FuzzCheck looks for a claim that is taken although it does not say what its kind needs.
func FuzzCheck(f *testing.F) {
	lib, err := catalogue.Load()
	if err != nil {
		f.Fatal(err)
	}
	ed := lib.Current()
	for i, value := range []string{"Ada Berg", "ada@example.com", "+1 416 555 0123", "@ada", "1 Street", "Lisbon", "Europe/Lisbon", "Example Ltd", "MIT",
		"Portuguese", "example.com/ada", "0xabc", "text"} {
		f.Add(i, value, "2021-03", "2024-07", "github")
	}
	f.Add(1, `"a b"@example.com`, "", "", "")
	f.Add(6, "../../etc/passwd", "0000-13", "x", "\x00")
	f.Add(10, "javascript://a.b/%0aalert(1)", "", "", "")
	f.Add(10, "https://a:b@c.d", "", "", "")
	f.Fuzz(func(t *testing.T, kind int, value, from, to, service string) {
		kinds := Kinds()
		n := New{Kind: kinds[uint(kind)%uint(len(kinds))], ClaimID: ed.Claims[0].ID, Value: value, Detail: Detail{From: from, To: to, Service: service}}.tidied()
		if again := n.tidied(); again != n {
			t.Fatalf("%+v became %+v", n, again)
		}
		taken := true
		n.check(ed, func(ok bool, _, _ string) { taken = taken && ok })
		key := n.MatchKey()
		if !taken {
			return
		}
		if n.Value == "" || strings.ContainsAny(n.Value, "\x00\r\n") || len([]rune(n.Value)) > 500 {
			t.Errorf("taken: %q", n.Value)
		}
		switch n.Kind {
		case Profile:
			if lower := strings.ToLower(n.Value); !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") || !strings.Contains(key, ".") {
				t.Errorf("taken as a profile: %q, %q", n.Value, key)
			}
		case Email:
			if !strings.Contains(n.Value, "@") || key != "email:"+strings.ToLower(n.Value) {
				t.Errorf("taken as an address: %q, %q", n.Value, key)
			}
		}
	})
}
