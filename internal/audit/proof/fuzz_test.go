package proof

import (
	"bytes"
	"encoding/json"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The bundles of these targets are the same in every process: the one that fuzzes is not the one that gives it the first inputs.

// FuzzVerify looks for a bundle that verifies although the entries under its checkpoints are not those that were sealed: one
// made up, or a good one in which a part is replaced.
func FuzzVerify(f *testing.F) {
	good, key := salted(f, 3, mathrand.NewChaCha8([32]byte{}))
	sealed := entriesOf(f, good)
	f.Add(good, uint(0), uint(0), []byte(nil))
	f.Add([]byte(`{"bundle":"gatehouse-audit-1","origin":"gatehouse-test"}`+"\n"+`{"end":0}`+"\n"), uint(0), uint(0), []byte(nil))
	f.Add([]byte(nil), uint(100), uint(1), []byte("x"))
	f.Add([]byte(nil), uint(len(good)-10), uint(0), []byte(`{"end":3}`+"\n"))
	f.Fuzz(func(t *testing.T, in []byte, at, length uint, put []byte) {
		if len(in) == 0 { // a change of the good one
			at %= uint(len(good))
			length = min(length, uint(len(good))-at)
			in = slices.Concat(good[:at], put, good[at+length:])
		}
		report, err := Verify(bytes.NewReader(in), key)
		if err != nil {
			return
		}
		entries := entriesOf(t, in)
		if report.Entries > int64(len(sealed)) || !slices.Equal(entries[:report.Entries], sealed[:report.Entries]) {
			t.Fatalf("%+v verifies:\n%s", report, in)
		}
	})
}

// entriesOf are the entries of a bundle as they are written.
func entriesOf(t testing.TB, bundle []byte) []string {
	t.Helper()
	var entries []string
	for line := range bytes.Lines(bundle) {
		var rec record
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatal(err)
		}
		if rec.Leaf != nil {
			entries = append(entries, string(rec.Leaf.Entry))
		}
	}
	return entries
}

// FuzzOpened looks for a checkpoint that opens although it, or the key, is not what was signed and handed out.
func FuzzOpened(f *testing.F) {
	good, key := salted(f, 3, mathrand.NewChaCha8([32]byte{}))
	signed := checkpointsOf(f, good)[0]
	want, err := Opened(signed, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed, key)
	f.Add(strings.Replace(signed, "3", "4", 1), key)
	f.Add(signed+"\n", key+" ")
	f.Add("", "")
	f.Add("a\n0\n\n\n\u2014 a AAAA\n", "a+00000000+AA==")
	f.Fuzz(func(t *testing.T, note, by string) {
		if c, err := Opened(note, key); err == nil && c != want {
			t.Fatalf("%q opens as %+v", note, c)
		}
		if c, err := Opened(signed, by); err == nil && c != want {
			t.Fatalf("with the key %q it opens as %+v", by, c)
		}
		if c, err := Opened(note, by); err == nil && c.Size < 0 {
			t.Fatalf("%+v", c)
		}
	})
}
