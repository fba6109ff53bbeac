package catalogue

import (
	"bytes"
	"testing"
	"time"
)

// FuzzParse looks for an edition that is taken without what every page counts on, and for a crash on a file that is none.
func FuzzParse(f *testing.F) {
	f.Add([]byte("meta: {version: \"1\"}\nstages: [{id: a-b}]\nchecks: [{id: a-b, stage: a-b, also_stages: [x]}]\n"))
	f.Add([]byte("checks: [null]\nlevels: [{id: a-b, required_checks: [x-y]}]\nplaybook: [null]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("---\n---\n"))
	f.Add([]byte("claims: {}\nsignals: 1\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		ed, err := Parse(raw)
		if err != nil {
			return
		}
		for _, item := range ed.order {
			if found, ok := ed.items[item.ID]; !ok || found.ID != item.ID {
				t.Fatalf("item %q is not to be found", item.ID)
			}
		}
		if !bytes.Equal(ed.raw, raw) || ed.Version() == "" {
			t.Fatalf("version %q", ed.Version())
		}
	})
}

// FuzzParseDue looks for a due time that is none, or that no clock can show.
func FuzzParseDue(f *testing.F) {
	for _, s := range []string{"PT4H", "P3D", "P1DT12H", "P2W", "P", "PT", "P0D", "P99999999999D", "P1M", "-P1D"} {
		f.Add(s)
	}
	opened := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDue(s)
		if err != nil {
			return
		}
		if at := Due(s).From(opened); d <= 0 || !at.After(opened) || at.Year() > 2300 || Due(s).Words() == "" {
			t.Errorf("%q is %v, due %v", s, d, at)
		}
	})
}

// FuzzSearch looks for a search that finds an item twice, or one that is none of the edition's.
func FuzzSearch(f *testing.F) {
	lib, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	ed := lib.Current()
	for _, s := range []string{"video call", ed.Checks[0].ID, "", "é\x00\xff", "a a a a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		seen := map[string]bool{}
		for _, item := range ed.Search(query) {
			if _, known := ed.items[item.ID]; !known || seen[item.ID] {
				t.Errorf("%q finds %q", query, item.ID)
			}
			seen[item.ID] = true
		}
	})
}
