package proof

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/platform/db"
)

// TestTreeIsTheOneOfRFC6962 compares with the reference of another hand.
func TestTreeIsTheOneOfRFC6962(t *testing.T) {
	t.Parallel()
	var tree Tree
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(places))
		for i, p := range places {
			hashes[i] = stored[p]
		}
		return hashes, nil
	})
	for n := range int64(200) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Root() != want || tree.Size() != n {
			t.Fatalf("root of %d leaves is %v, want %v", tree.Size(), tree.Root(), want)
		}
		leaf := fmt.Appendf(nil, "leaf %d", n)
		hashes, err := tlog.StoredHashes(n, leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		tree.Add(Hash(leaf))
	}
}

func TestBytesAreOneForOneEntry(t *testing.T) {
	t.Parallel()
	detail, err := DetailOf([]byte(`{"zz": 1.50, "a": [1e3, "<&>\u2028"]}`))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 14, 3, 0, 120_000, time.FixedZone("", 3600))
	raw, err := Leaf{ID: "x", At: at, ActorKind: "system", Action: "a.b", SubjectKind: "k", SubjectID: "1", Detail: detail,
		Commitments: map[string]string{"b": "2", "a": "1"}}.Bytes()
	want := `{"id":"x","at":"2026-11-22T13:03:00.00012Z","actor_kind":"system","actor_id":null,"actor_label":"","action":"a.b","subject_kind":"k",` +
		`"subject_id":"1","person_id":null,"case_id":null,"detail":{"a":[1e3,"<&>\u2028"],"zz":1.50},"commitments":{"a":"1","b":"2"}}`
	if err != nil || string(raw) != want {
		t.Errorf("got\n%s, %v, want\n%s", raw, err, want)
	}
}

// bundle makes one of n entries with a checkpoint after every third and at the end, and with salts of its own.
func bundle(t testing.TB, n int) ([]byte, string) {
	t.Helper()
	return salted(t, n, rand.Reader)
}

// salted is bundle with the salts from a source.
func salted(t testing.TB, n int, salts io.Reader) ([]byte, string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	signer, key := Keys("gatehouse-test", bytes.Repeat([]byte{3}, 32))
	var out bytes.Buffer
	w, err := NewWriter(&out, "gatehouse-test")
	must(err)
	var tree Tree
	for i := range n {
		old, salt := "before", make([]byte, 16)
		_, err := io.ReadFull(salts, salt)
		must(err)
		c := db.Change{Field: "name", Old: &old}
		raw, err := Leaf{ID: fmt.Sprintf("0193a000-0000-7000-8000-%012d", i), At: time.Unix(int64(i), 0), ActorKind: "system", Action: "thing.changed",
			Detail: map[string]any{"n": i}, Commitments: map[string]string{"name": hex.EncodeToString(db.Commitment(salt, c))}}.Bytes()
		must(err)
		tree.Add(Hash(raw))
		must(w.Leaf(raw, Hash(raw), []Value{{Field: "name", Salt: hex.EncodeToString(salt), Old: &old}}))
		if i%3 == 2 || i == n-1 {
			signed, err := Sign(Checkpoint{"gatehouse-test", tree.Size(), tree.Root()}, signer)
			must(err)
			must(w.Checkpoint(signed))
		}
	}
	must(w.Close())
	return out.Bytes(), key
}

func TestAGoodBundleHolds(t *testing.T) {
	t.Parallel()
	good, key := bundle(t, 8)
	if _, err := Verify(bytes.NewReader(bytes.Replace(good, []byte("\n"), []byte("\r\n"), 1)), key); err == nil {
		t.Error("a byte before the end of a line is not noticed")
	}
	got, err := Verify(bytes.NewReader(good), key)
	if want := (Report{Origin: "gatehouse-test", Entries: 8, Checkpoints: 3, Values: 8}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// checkpointsOf reads the checkpoints out of a bundle.
func checkpointsOf(t testing.TB, bundle []byte) (signed []string) {
	t.Helper()
	for line := range bytes.Lines(bundle) {
		var rec record
		if err := json.Unmarshal(line, &rec); err == nil && rec.Checkpoint != "" {
			signed = append(signed, rec.Checkpoint)
		}
	}
	return signed
}

// TestAWitnessNoticesAnotherLog: signed with the very same key, but not the log that a checkpoint was kept of.
func TestAWitnessNoticesAnotherLog(t *testing.T) {
	t.Parallel()
	good, key := bundle(t, 8)
	kept := checkpointsOf(t, good) // of 3, 6 and 8 entries
	if got, err := Verify(bytes.NewReader(good), key, kept[2], kept[0], kept[0]); err != nil || got.Kept != 3 {
		t.Errorf("the log itself: %+v, %v", got, err)
	}
	other, _ := bundle(t, 8) // other salts
	short, _ := bundle(t, 2)
	for name, c := range map[string]struct {
		log  []byte
		kept string
		says string
	}{
		"rewritten":          {other, kept[0], "are others"},
		"rewritten, at last": {other, kept[2], "are others"},
		"cut off":            {short, kept[1], "entries are missing"},
		"no checkpoint":      {good, "nonsense", "that was kept"},
	} {
		if _, err := Verify(bytes.NewReader(c.log), key, c.kept); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestALeafWithoutValuesIsReadAlikeByBothWays, and whatever is not quite one.
func TestALeafWithoutValuesIsReadAlikeByBothWays(t *testing.T) {
	t.Parallel()
	raw, err := Leaf{ID: "x", At: time.Unix(1, 0), Action: "thing.changed", Detail: map[string]any{"a": `,"values":[]}}`}}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, "gatehouse-test")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Leaf(raw, Hash(raw), nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	line := bytes.Split(out.Bytes(), []byte("\n"))[1]
	if leaf, ok := plainLeaf(line); !ok || leaf.Index != 0 || !bytes.Equal(leaf.Entry, raw) {
		t.Fatalf("%s is not read: %+v", line, leaf)
	}
	taken := 0
	for i := range line {
		for b := range 256 {
			changed := bytes.Clone(line)
			changed[i] = byte(b)
			leaf, ok := plainLeaf(changed)
			var rec record
			err := strictly(changed, &rec)
			if ok && (err != nil || rec.Leaf == nil || rec.Leaf.Index != leaf.Index || rec.Leaf.Hash != leaf.Hash || !bytes.Equal(rec.Leaf.Entry, leaf.Entry)) {
				t.Fatalf("%s: %+v, and strictly %+v, %v", changed, leaf, rec.Leaf, err)
			}
			if ok {
				taken++
			}
		}
	}
	if _, ok := plainLeaf(bytes.Replace(line, []byte(`"entry":`), []byte(`"entry": `), 1)); ok {
		t.Error("a space before the entry is taken")
	}
	if taken < len(line) {
		t.Errorf("only %d changed lines were read at all", taken)
	}
}

// TestEverySingleByteCounts changes each byte of a bundle, in three ways, and takes each away.
func TestEverySingleByteCounts(t *testing.T) {
	t.Parallel()
	good, key := bundle(t, 4)
	tried := 0
	for i := range good {
		for _, with := range []byte{good[i] ^ 1, good[i] ^ 0x20, ' '} {
			bad := bytes.Clone(good)
			if bad[i] = with; with == good[i] {
				continue
			}
			tried++
			if _, err := Verify(bytes.NewReader(bad), key); err == nil {
				t.Errorf("byte %d changed from %q to %q, in …%s…, and nothing is found out", i, good[i], with, good[max(0, i-20):min(len(good), i+20)])
			}
		}
		without := append(bytes.Clone(good[:i]), good[i+1:]...)
		if _, err := Verify(bytes.NewReader(without), key); err == nil && i != len(good)-1 { // the last ends the last line
			t.Errorf("byte %d taken away, and nothing is found out", i)
		}
	}
	t.Logf("%d changes of %d bytes", tried, len(good))
}

// TestAnotherSpellingOfASignatureIsNone: the last character before the padding holds bits that decoders pass over.
func TestAnotherSpellingOfASignatureIsNone(t *testing.T) {
	t.Parallel()
	good, key := bundle(t, 1)
	at := bytes.LastIndex(good, []byte(`=\n"}`))
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	if good[at-1] == '=' {
		at--
	}
	bad := bytes.Clone(good)
	bad[at-1] = digits[strings.IndexByte(digits, good[at-1])|1]
	if bytes.Equal(bad, good) {
		t.Fatal("there is no other spelling")
	}
	if _, err := Verify(bytes.NewReader(bad), key); err == nil {
		t.Error("it is taken for the signature")
	}
}

func TestTheFirstBadEntryIsNamed(t *testing.T) {
	t.Parallel()
	good, key := bundle(t, 8)
	lines := strings.SplitAfter(string(good), "\n")
	verify := func(lines []string) error {
		_, err := Verify(strings.NewReader(strings.Join(lines, "")), key)
		return err
	}
	changed := append([]string{}, lines...)
	changed[2] = strings.Replace(changed[2], "thing.changed", "thing.chanted", 1)
	var bad *Bad
	if err := verify(changed); !errors.As(err, &bad) || bad.Index != 1 || !strings.HasSuffix(bad.Entry, "0001") {
		t.Errorf("a changed entry: %v", err)
	}
	// With its hash made to match, the next checkpoint says between which entries it lies.
	raw := lines[2][strings.Index(lines[2], `"entry":`)+len(`"entry":`) : strings.Index(lines[2], `,"values"`)]
	other := strings.Replace(raw, "thing.changed", "thing.chanted", 1)
	was, is := Hash([]byte(raw)), Hash([]byte(other))
	changed[2] = strings.NewReplacer(raw, other, hex.EncodeToString(was[:]), hex.EncodeToString(is[:])).Replace(lines[2])
	if err := verify(changed); !errors.As(err, &bad) || bad.Index != 0 || !strings.Contains(bad.Why, "number 2") {
		t.Errorf("a changed entry with its hash: %v", err)
	}
	if err := verify(append(append([]string{}, lines[:3]...), lines[4:]...)); err == nil {
		t.Error("a missing entry is not missed")
	}
	if err := verify(lines[:len(lines)-2]); err == nil || !strings.Contains(err.Error(), "breaks off") {
		t.Errorf("a bundle that breaks off: %v", err)
	}
	_, otherKey := Keys("gatehouse-test", bytes.Repeat([]byte{4}, 32))
	if _, err := Verify(bytes.NewReader(good), otherKey); err == nil {
		t.Error("another's key verifies it")
	}
	if _, err := Verify(bytes.NewReader(good), "no key"); err == nil {
		t.Error("no key verifies it")
	}
}
