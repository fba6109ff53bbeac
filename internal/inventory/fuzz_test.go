package inventory

import (
	"encoding/csv"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatehouse/internal/platform/apperr"
)

// FuzzReadLines looks for a list that is taken with something in it that the table cannot hold, or that would be another
// one if it were written down and read again.
func FuzzReadLines(f *testing.F) {
	for _, s := range []string{
		"system,level,account,granted on\nCode host,admin,ada,2026-11-22\n", "\ufeffSystem\nVPN", `"a""b",,"x` + "\n" + `y"`, `"unclosed`,
		"a,b,c,d,e", "a,,,22.11.2026", "a,\x00", "a,\xff", "", "\n\n", " , ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		grants, err := ReadLines(strings.NewReader(text))
		if err != nil {
			if _, ok := apperr.AsInvalid(err); !ok || grants != nil {
				t.Fatalf("%d grants, %v", len(grants), err)
			}
			return
		}
		if len(grants) == 0 || len(grants) > MaxLines {
			t.Fatalf("%d grants", len(grants))
		}
		again, err := ReadLines(strings.NewReader(written(grants)))
		if err != nil || !reflect.DeepEqual(again, grants) {
			t.Fatalf("%+v\nwritten down is %+v, %v", grants, again, err)
		}
		for _, g := range grants {
			for _, s := range []string{g.System, g.Level, g.Account} {
				if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || len(s) > maxText || strings.TrimSpace(s) != s {
					t.Fatalf("taken: %q", s)
				}
			}
		}
	})
}

// written is the list as CSV, under its headings.
func written(grants []New) string {
	var out strings.Builder
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"system", "level", "account", "granted on"})
	for _, g := range grants {
		day := ""
		if g.GrantedOn != nil {
			day = g.GrantedOn.Format(time.DateOnly)
		}
		_ = w.Write([]string{g.System, g.Level, g.Account, day})
	}
	w.Flush()
	return out.String()
}
