package page

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatehouse/internal/platform/id"
)

const row = "0192f0c1-7b3a-7cde-8123-456789abcdef"

func TestCursorRoundTrip(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC), time.Unix(0, 0), earliest, latest,
		time.Date(1999, 12, 31, 23, 59, 59, 0, time.FixedZone("", 5*3600+1800)),
	} {
		got, err := Parse[time.Time](Cursor[time.Time]{at, row}.String())
		if err != nil || !got.Key.Equal(at) || got.ID != row || got.Key.Location() != time.UTC {
			t.Errorf("time %v came back as %+v, %v", at, got, err)
		}
	}
	for _, n := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
		if got, err := Parse[int64](Cursor[int64]{n, row}.String()); err != nil || got != (Cursor[int64]{n, row}) {
			t.Errorf("%d came back as %+v, %v", n, got, err)
		}
	}
	for _, s := range []string{"", "Ada", "Ünïcode, 名前", strings.Repeat("x", maxString)} {
		if got, err := Parse[string](Cursor[string]{s, row}.String()); err != nil || got != (Cursor[string]{s, row}) {
			t.Errorf("%q came back as %+v, %v", s, got, err)
		}
	}
}

func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	got, err := Parse[string](Cursor[string]{"x" + strings.Repeat("名", 2000), row}.String())
	if err != nil || !utf8.ValidString(got.Key) || len(got.Key) < maxString-3 || len(got.Key) > maxString {
		t.Errorf("long text came back with %d bytes, %v", len(got.Key), err)
	}
}

func TestCursorWithoutUUIDPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a cursor without a UUID was written")
		}
	}()
	_ = Cursor[int64]{1, "7"}.String()
}

func TestParseRefuses(t *testing.T) {
	raw := func(b ...byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	body := make([]byte, 16)
	ofInt := Cursor[int64]{5, row}.String()
	ofText := Cursor[string]{"Ada", row}.String()
	refused := map[string]string{
		"nothing":          "",
		"no base64":        "%%%",
		"padding":          ofInt + "==",
		"too short":        raw(version, kindTime),
		"another version":  raw(append([]byte{9, kindTime}, make([]byte, 24)...)...),
		"another kind":     ofInt,
		"a text":           ofText,
		"key cut off":      raw(append([]byte{version, kindTime}, make([]byte, 23)...)...),
		"key too long":     raw(append([]byte{version, kindTime}, make([]byte, 25)...)...),
		"before all times": raw(append(append([]byte{version, kindTime}, body...), 0x80, 0, 0, 0, 0, 0, 0, 0)...),
		"after all times":  raw(append(append([]byte{version, kindTime}, body...), 0x7f, 255, 255, 255, 255, 255, 255, 255)...),
		"very long":        strings.Repeat("A", 1<<20),
	}
	for name, s := range refused {
		if got, err := Parse[time.Time](s); !errors.Is(err, ErrCursor) || got != (Cursor[time.Time]{}) {
			t.Errorf("%s: %+v, %v; want ErrCursor and nothing else", name, got, err)
		}
	}
	for name, key := range map[string][]byte{"NUL": {'a', 0}, "broken UTF-8": {0xff}} {
		if _, err := Parse[string](raw(append(append([]byte{version, kindString}, body...), key...)...)); !errors.Is(err, ErrCursor) {
			t.Errorf("%s in a text key: %v, want ErrCursor", name, err)
		}
	}
	if _, err := Parse[int64](ofText); !errors.Is(err, ErrCursor) {
		t.Errorf("text read as a number: %v", err)
	}
}

// FuzzParse looks for a text that is read but is not what would be written, or
// that holds something PostgreSQL refuses.
func FuzzParse(f *testing.F) {
	f.Add(Cursor[time.Time]{time.Unix(1772366400, 0), row}.String())
	f.Add(Cursor[string]{"Ada", row}.String())
	f.Add(Cursor[int64]{42, row}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := Parse[time.Time](s); err == nil && (c.String() != s || c.Key.Year() < 1 || c.Key.Year() > 9999) {
			t.Errorf("%q was read as %+v", s, c)
		}
		if c, err := Parse[int64](s); err == nil && c.String() != s {
			t.Errorf("%q was read as %+v", s, c)
		}
		c, err := Parse[string](s)
		if err != nil {
			return
		}
		if c.String() != s || !utf8.ValidString(c.Key) || strings.Contains(c.Key, "\x00") {
			t.Errorf("%q was read as %+v", s, c)
		}
		if _, err := id.Parse(c.ID); err != nil {
			t.Errorf("%q holds the id %q", s, c.ID)
		}
	})
}
