package person

import (
	"strings"
	"testing"

	"gatehouse/internal/platform/apperr"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string]Number{"C-000123": 123, "c-7": 7, " 42 ": 42, "C-1234567": 1234567} {
		if n, ok := ParseNumber(text); !ok || n != want {
			t.Errorf("ParseNumber(%q) = %d, %v; want %d", text, n, ok, want)
		}
	}
	for _, text := range []string{"", "C-", "C-x", "-3", "0", "12a", "Ada"} {
		if n, ok := ParseNumber(text); ok {
			t.Errorf("ParseNumber(%q) = %d, want none", text, n)
		}
	}
	if got := Number(123).String(); got != "C-000123" {
		t.Errorf("String = %q", got)
	}
}

func TestNewProblems(t *testing.T) {
	tests := []struct {
		name  string
		new   New
		field string // "" means it fits
	}{
		{"least", New{Name: "Ada"}, ""},
		{"space is no name", New{Name: "  "}, "name"},
		{"long place", New{Name: "Ada", Location: strings.Repeat("x", 201)}, "location"},
		{"a zone", New{Name: "Ada", TimeZone: "America/Toronto"}, ""},
		{"no zone", New{Name: "Ada", TimeZone: "Toronto"}, "time_zone"},
		{"the server's zone is nobody's", New{Name: "Ada", TimeZone: "Local"}, "time_zone"},
		{"a zero byte", New{Name: "A\x00da"}, "name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p apperr.Problems
			tt.new.Problems(&p)
			err, invalid := apperr.AsInvalid(p.Err())
			if invalid != (tt.field != "") || invalid && err.Fields[tt.field] == "" {
				t.Errorf("got %v, want a message at %q", err, tt.field)
			}
		})
	}
}
