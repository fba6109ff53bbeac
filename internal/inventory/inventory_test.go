package inventory

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/platform/apperr"
)

func TestReadLines(t *testing.T) {
	got, err := ReadLines(strings.NewReader("\ufeffSystem,Level,Account,Granted on\nCode host, write, rv-dev, 2026-01-05\n\n\"Cloud, production\",admin\nChat\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Account != "rv-dev" || got[0].GrantedOn.Format(time.DateOnly) != "2026-01-05" ||
		got[1].System != "Cloud, production" || got[1].Level != "admin" || got[2].System != "Chat" {
		t.Errorf("read %+v", got)
	}
}

func TestReadLinesNamesEachFaultyLine(t *testing.T) {
	tests := []struct {
		name, text string
		fields     []string
	}{
		{"nothing", "", []string{"lines"}},
		{"headings only", "system,level,account,granted on\n", []string{"lines"}},
		{"two faulty lines", "Chat\n,admin\nCloud,,,5 May\n", []string{"line 2", "line 3"}},
		{"no text", "Chat\n\x00\xff\xfe,x\n", []string{"line 2"}},
		{"too many columns", "Chat,a,b,2026-01-05,more\n", []string{"line 1"}},
		{"a quote left open", "Chat\n\"Cloud,admin\n", []string{"line 2"}},
		{"too many lines", strings.Repeat("Chat\n", MaxLines+1), []string{"lines"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadLines(strings.NewReader(tt.text))
			invalid, ok := apperr.AsInvalid(err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if got := slices.Sorted(maps.Keys(invalid.Fields)); !slices.Equal(got, tt.fields) {
				t.Errorf("messages at %v, want %v", got, tt.fields)
			}
		})
	}
}

func TestTallyAndState(t *testing.T) {
	now := time.Now()
	grants := []Grant{{}, {RevokedAt: &now}, {RevokedAt: &now, AttestedAt: &now}, {RevokedAt: &now, AttestedAt: &now, RestoredAt: &now}}
	var states []State
	for _, g := range grants {
		states = append(states, g.State())
	}
	if !slices.Equal(states, []State{Listed, Revoked, Attested, Restored}) {
		t.Errorf("states %v", states)
	}
	if got := Tally(4, 1, grants[:2]); got != (Counts{Total: 4, Open: 1, Revoked: 1, Attested: 2, Restored: 1}) {
		t.Errorf("counts %+v", got)
	}
}
