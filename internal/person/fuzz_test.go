package person

import (
	"strings"
	"testing"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

// FuzzParseNumber looks for a text that is read as a number which is written as another.
func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"C-000123", "c-1", " 7 ", "C-", "C--1", "+5", "9223372036854775807", "0", "1_0", "C-C-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseNumber(s)
		if !ok {
			return
		}
		if again, ok := ParseNumber(n.String()); n <= 0 || !ok || again != n {
			t.Errorf("%q is %d, written %s, which is %d", s, n, n, again)
		}
	})
}

// FuzzNarrowText looks for a search that grows beyond reason, or whose patterns hold more signs with a meaning than ours.
func FuzzNarrowText(f *testing.F) {
	for _, s := range []string{"ada berg", "C-000123", `%_\`, "a b c d", "\x00\xff", strings.Repeat("x ", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var w db.Where
		Filter{Text: s}.narrowText(&w)
		if len(w.Args) > 2*mostWords {
			t.Errorf("%d patterns", len(w.Args))
		}
		for _, arg := range w.Args {
			pattern, isText := arg.(string)
			if !isText {
				continue
			}
			bare := strings.NewReplacer(`\\`, "", `\%`, "", `\_`, "").Replace(strings.TrimPrefix(strings.TrimSuffix(pattern, "%"), "%"))
			if strings.ContainsAny(bare, `%_\`) {
				t.Errorf("%q searches for %q", s, pattern)
			}
		}
	})
}

// FuzzProblems looks for a record that is taken although the table cannot hold it, and for a time zone that is none.
func FuzzProblems(f *testing.F) {
	f.Add("Ada Berg", "Lisbon", "Europe/Lisbon", " Bo   Lind ")
	f.Add("", "\x00", "../../etc/passwd", "")
	f.Add("x", "", "Local", "\xff")
	f.Fuzz(func(t *testing.T, name, location, zone, referrer string) {
		n := New{Name: name, Location: location, TimeZone: zone, ReferrerName: referrer}
		var p apperr.Problems
		n.Problems(&p)
		if p.Err() != nil {
			return
		}
		for _, s := range []string{n.Name, n.Location, n.TimeZone, n.ReferrerName} {
			if strings.ContainsRune(s, 0) || len([]rune(s)) > 200 || strings.TrimSpace(s) != s {
				t.Errorf("taken: %q", s)
			}
		}
		if n.Name == "" || n.TimeZone == "Local" || strings.Contains(n.TimeZone, "..") {
			t.Errorf("taken: %+v", n)
		}
	})
}
