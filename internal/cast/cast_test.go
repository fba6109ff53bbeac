package cast

import (
	"net/mail"
	"slices"
	"testing"
	"time"
)

func TestListsAreUsable(t *testing.T) {
	for _, list := range [][]string{givens, families} {
		if sorted := slices.Clone(list); len(slices.Compact(slices.Sorted(slices.Values(sorted)))) != len(list) {
			t.Error("a name is listed twice: it would be drawn twice as often")
		}
		for _, name := range list {
			if plain(name) == "" {
				t.Errorf("%q gives no address", name)
			}
		}
	}
	for _, p := range places {
		if _, err := time.LoadLocation(p.Zone); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestDeckDealsTheSamePeopleForASeed(t *testing.T) {
	a, b := NewDeck(7), NewDeck(7)
	names := map[string]bool{}
	for range 500 {
		p := a.Deal()
		if q := b.Deal(); p != q {
			t.Fatalf("%v and %v", p, q)
		}
		if names[p.Name()] {
			t.Fatalf("%s twice", p.Name())
		}
		names[p.Name()] = true
		if _, err := mail.ParseAddress(p.Email(1)); err != nil {
			t.Errorf("%s: %v", p.Email(1), err)
		}
	}
	if other := NewDeck(8).Deal(); other == NewDeck(7).Deal() {
		t.Error("another seed deals the same")
	}
}
