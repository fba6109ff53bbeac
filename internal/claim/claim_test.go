package claim

import (
	"strings"
	"testing"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
)

func edition(t *testing.T) *catalogue.Edition {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return lib.Current()
}

func TestEveryKindFallsUnderAClaimOfTheCatalogue(t *testing.T) {
	ed := edition(t)
	if len(Kinds()) != len(facts) {
		t.Errorf("%d kinds, %d of them described", len(Kinds()), len(facts))
	}
	for _, k := range Kinds() {
		if _, ok := ed.Claim(k.Falls()); !ok && k != Other {
			t.Errorf("%s falls under %q, which the catalogue does not have", k, k.Falls())
		}
		if k.Title() == "" {
			t.Errorf("%s has no title", k)
		}
	}
}

func TestCheck(t *testing.T) {
	ed := edition(t)
	tests := []struct {
		claim New
		field string // "" means it fits
	}{
		{New{Kind: Name, Value: "Ada Berg"}, ""},
		{New{Kind: Name, Value: "  "}, "value"},
		{New{Kind: Name, Value: strings.Repeat("é", 500)}, ""},
		{New{Kind: Name, Value: strings.Repeat("é", 501)}, "value"},
		{New{Kind: Name, Value: "Ada\nBerg"}, "value"},
		{New{Kind: "colour", Value: "blue"}, "kind"},
		{New{Kind: Email, Value: "ada@example.com"}, ""},
		{New{Kind: Email, Value: "Ada <ada@example.com>"}, "value"},
		{New{Kind: Phone, Value: "+1 (416) 555-0123"}, ""},
		{New{Kind: Phone, Value: "call me"}, "value"},
		{New{Kind: Profile, Value: "github.com/ada"}, ""},
		{New{Kind: Profile, Value: "javascript://alert.example/"}, "value"},
		{New{Kind: Profile, Value: "https://user:pass@example.com/"}, "value"},
		{New{Kind: Profile, Value: "ada"}, "value"},
		{New{Kind: TimeZone, Value: "America/Toronto"}, ""},
		{New{Kind: TimeZone, Value: "Toronto"}, "value"},
		{New{Kind: Employer, Value: "Northwind", Detail: Detail{Role: "Engineer", From: "2021-03", To: "2024-07"}}, ""},
		{New{Kind: Employer, Value: "Northwind", Detail: Detail{From: "2024-07", To: "2021-03"}}, "to"},
		{New{Kind: Employer, Value: "Northwind", Detail: Detail{From: "March 2021"}}, "from"},
		{New{Kind: Employer, Value: "Northwind", Detail: Detail{From: "2021-13"}}, "from"},
		{New{Kind: Language, Value: "Portuguese", Detail: Detail{Fluency: "fluent"}}, ""},
		{New{Kind: Language, Value: "Portuguese", Detail: Detail{Fluency: "very"}}, "fluency"},
		{New{Kind: Payment, Value: "To a business account", Detail: Detail{Method: "bank"}}, ""},
		{New{Kind: Payment, Value: "To a business account", Detail: Detail{Method: "shells"}}, "method"},
		{New{Kind: Other, Value: "Holds no other job", ClaimID: "claim-exclusivity"}, ""},
		{New{Kind: Other, Value: "Holds no other job"}, "claim"},
		{New{Kind: Name, Value: "Ada", ClaimID: "claim-device"}, ""}, // the kind decides
	}
	for _, tt := range tests {
		var p apperr.Problems
		Check(ed, &p, []New{{Kind: Name, Value: "first"}, tt.claim})
		err, invalid := apperr.AsInvalid(p.Err())
		if invalid != (tt.field != "") || invalid && err.Fields[Field(1, tt.field)] == "" {
			t.Errorf("%+v: got %v, want a message at %q", tt.claim, err, tt.field)
		}
	}
}

func TestMatchKeys(t *testing.T) {
	same := [][2]New{
		{{Kind: Email, Value: "Ada@Example.com"}, {Kind: Email, Value: "ada@example.com"}},
		{{Kind: Phone, Value: "+1 416 555-0123"}, {Kind: Phone, Value: "001 (416) 5550123"}},
		{{Kind: Profile, Value: "https://www.example.com/Ada/"}, {Kind: Profile, Value: "http://example.com/ada"}},
		{{Kind: Handle, Value: "@ada", Detail: Detail{Service: "Telegram"}}, {Kind: Handle, Value: "ada", Detail: Detail{Service: "telegram"}}},
	}
	for _, pair := range same {
		if a, b := pair[0].MatchKey(), pair[1].MatchKey(); a != b || a == "" {
			t.Errorf("%q and %q differ", a, b)
		}
	}
	for _, n := range []New{{Kind: Name, Value: "Ada Berg"}, {Kind: Employer, Value: "Northwind"}, {Kind: Location, Value: "Lisbon"}} {
		if n.MatchKey() != "" {
			t.Errorf("%s: two people may share %q", n.Kind, n.Value)
		}
	}
}

func TestMonths(t *testing.T) {
	for want, d := range map[string]Detail{
		"": {}, "2021-03 to now": {From: "2021-03"}, "until 2024-07": {To: "2024-07"}, "2021-03 to 2024-07": {From: "2021-03", To: "2024-07"},
	} {
		if got := d.Months(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
