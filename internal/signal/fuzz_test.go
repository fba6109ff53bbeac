package signal

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatehouse/internal/catalogue"
)

// FuzzStorable looks for a detail that is let through and is no JSON object, or holds what PostgreSQL's jsonb refuses.
func FuzzStorable(f *testing.F) {
	for _, raw := range []string{`{}`, `{"a":[1,-2.5e3,true,null,{"b":"\u00e9\ud83d\ude00"}]}`, ` {"a" : 1} `, `{"a":"\u0000"}`, `{"a":"\ud800"}`,
		`{"a":1e400}`, `{"a":01}`, `[]`, `{"a":1}x`, "{\"a\":\"\xff\"}", strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !storable(raw) {
			return
		}
		var object map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.UseNumber()
		if err := decoder.Decode(&object); err != nil || object == nil || !json.Valid(raw) {
			t.Fatalf("%q: let through, %v", raw, err)
		}
		if !utf8.Valid(raw) || holdsNUL(object) {
			t.Fatalf("%q: let through, and no database stores it", raw)
		}
	})
}

// holdsNUL reports whether a NUL stands anywhere in a value.
func holdsNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		for _, element := range v {
			if holdsNUL(element) {
				return true
			}
		}
	case map[string]any:
		for key, element := range v {
			if strings.ContainsRune(key, 0) || holdsNUL(element) {
				return true
			}
		}
	}
	return false
}

// FuzzCheck looks for a line that is taken although the table cannot hold it.
func FuzzCheck(f *testing.F) {
	lib, err := catalogue.Load()
	if err != nil {
		f.Fatal(err)
	}
	ed := lib.Current()
	known := ed.Signals[0].ID
	f.Add("edr", "id-1", known, "C-000123", "", int64(1795356180))
	f.Add("manual", "id-1", known, "", "code: ada", int64(0))
	f.Add("s\x00", "\xff", "nonsense", "0192f0c1-7b3a-7cde-8123-456789abcdef", "\u202e", int64(1)<<40)
	f.Fuzz(func(t *testing.T, source, external, signalID, person, account string, at int64) {
		now := time.Unix(1795356180, 0)
		l := Line{Source: source, ExternalID: external, SignalID: signalID, Person: person, Account: account, OccurredAt: time.Unix(at, 0)}
		if l.check(ed, now) != "" {
			return
		}
		for _, text := range []string{l.Source, l.ExternalID, l.SignalID, l.Person, l.Account} {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || len(text) > 200 {
				t.Fatalf("taken: %q", text)
			}
		}
		if year := l.OccurredAt.UTC().Year(); year < 1999 || year > now.Year()+1 {
			t.Fatalf("taken: a signal of the year %d", year)
		}
	})
}
