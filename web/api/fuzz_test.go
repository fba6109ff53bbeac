package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/signal"
)

// FuzzParse looks for a body that is read differently from what it says, or whose refusal repeats any of it.
func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`{"source":"edr","external_id":"1","occurred_at":"2026-11-22T14:03:00Z","signal":"sig-x","person":"C-000123","detail":{"a":[1,null,"\u00e9"]}}`,
		"{}\n\n{}\r\n", "\xef\xbb\xbf{\n \"source\": \"x\"\n}", `{"source":1}`, `{"detail":`, "[1]", "", "null",
		`{"detail":{"a":"\ud800"}}`, `{"SOURCE":"a","source":"b"}`, strings.Repeat("[", 200),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		lines, err := parse(slices.Clone(body), nil)
		if err != nil && len(lines) > 0 && len(lines) < signal.MaxLines {
			t.Fatalf("%d lines beside %v", len(lines), err)
		}
		before := 0
		for _, line := range lines {
			if line.Number <= before {
				t.Fatalf("line %d after line %d", line.Number, before)
			}
			before = line.Number
			if !saidByUs(line.Problem) {
				t.Fatalf("line %d: %q", line.Number, line.Problem)
			}
			if line.Problem == "" && line.OccurredAt.IsZero() && !strings.Contains(string(body), "0001-01-01") {
				t.Fatalf("line %d has no time and no problem", line.Number)
			}
			if line.Problem == "" && len(line.Detail) > 0 && !json.Valid(line.Detail) {
				t.Fatalf("line %d: the detail %q is no JSON", line.Number, line.Detail)
			}
		}
	})
}

// saidByUs reports whether a problem is made of our words alone.
func saidByUs(problem string) bool {
	switch field, wrongType := strings.CutSuffix(problem, ": has the wrong type"); {
	case wrongType:
		return slices.Contains([]string{"source", "external_id", "occurred_at", "signal", "person", "account", "detail"}, field)
	case problem == "", problem == "not a JSON object with the fields of a signal", problem == "occurred_at: a time such as 2026-11-22T14:03:00Z":
		return true
	}
	return false
}
