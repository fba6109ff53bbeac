// Package blobtest holds the tests that every blob store must pass.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"gatehouse/internal/platform/blob"
)

// Contract puts a store to everything that blob.Store promises. newStore makes
// an empty one for each subtest, and cleans up after it by itself.
func Contract(t *testing.T, newStore func(t *testing.T) blob.Store) {
	for name, test := range map[string]func(*testing.T, blob.Store){
		"gives back what was put":        givesBack,
		"never writes over":              neverWritesOver,
		"keeps nothing of a failed put":  keepsNothingOfFailedPut,
		"knows what is not there":        knowsWhatIsNotThere,
		"deletes":                        deletes,
		"lists what is older":            listsOlder,
		"refuses malformed keys":         refusesKeys,
		"takes concurrent puts":          takesConcurrentPuts,
		"one of concurrent writers wins": oneWriterWins,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStore(t))
		})
	}
}

const key = "0192f0c1-7b3a-7cde-8123-456789abcdef"

func givesBack(t *testing.T, s blob.Store) {
	for name, size := range map[string]int{"empty": 0, "one": 1, "small": 1000, "large": 5<<20 + 17, key: 70_000, strings.Repeat("k", 128): 3} {
		want := noise(size)
		// One byte at a time and an end together with data are what networks do.
		n, err := s.Put(t.Context(), name, iotest.DataErrReader(bytes.NewReader(want)))
		if err != nil || n != int64(size) {
			t.Fatalf("Put(%s) = %d, %v; want %d", name, n, err, size)
		}
		if info, err := s.Stat(t.Context(), name); err != nil || info.Size != int64(size) {
			t.Errorf("Stat(%s) = %+v, %v; want %d bytes", name, info, err, size)
		}
		for range 2 {
			if got := read(t, s, name); !bytes.Equal(got, want) {
				t.Errorf("Get(%s) gives %d other bytes than the %d put", name, len(got), size)
			}
		}
	}
}

func neverWritesOver(t *testing.T, s blob.Store) {
	put(t, s, key, "first")
	if _, err := s.Put(t.Context(), key, strings.NewReader("second")); !errors.Is(err, blob.ErrExists) {
		t.Errorf("second Put: %v, want ErrExists", err)
	}
	if got := read(t, s, key); string(got) != "first" {
		t.Errorf("blob is now %q", got)
	}
}

func keepsNothingOfFailedPut(t *testing.T, s blob.Store) {
	broken := errors.New("network went away")
	half := io.MultiReader(bytes.NewReader(noise(1<<20)), iotest.ErrReader(broken))
	if _, err := s.Put(t.Context(), key, half); !errors.Is(err, broken) {
		t.Errorf("Put from a broken reader: %v, want its error", err)
	}
	mustBeMissing(t, s, key)

	gone := errors.New("client gave up")
	ctx, cancel := context.WithCancelCause(t.Context())
	endless := readerFunc(func(p []byte) (int, error) { cancel(gone); return len(p), nil })
	if _, err := s.Put(ctx, key, endless); !errors.Is(err, gone) {
		t.Errorf("Put under a cancelled context: %v, want its cause", err)
	}
	mustBeMissing(t, s, key)

	put(t, s, key, "whole")
	if got := read(t, s, key); string(got) != "whole" {
		t.Errorf("after two failures and a success the blob is %q", got)
	}
}

func knowsWhatIsNotThere(t *testing.T, s blob.Store) {
	mustBeMissing(t, s, key)
	if err := s.Delete(t.Context(), key); err != nil {
		t.Errorf("Delete of what is not there: %v", err)
	}
}

func deletes(t *testing.T, s blob.Store) {
	put(t, s, key, "mine")
	put(t, s, "other", "other")
	for range 2 {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		mustBeMissing(t, s, key)
	}
	if got := read(t, s, "other"); string(got) != "other" {
		t.Errorf("the other blob is %q", got)
	}
	put(t, s, key, "again")
}

func listsOlder(t *testing.T, s blob.Store) {
	for _, name := range []string{"a", key} {
		put(t, s, name, "old")
	}
	older := func(than time.Time) (keys []string) {
		t.Helper()
		if err := s.Older(t.Context(), than, func(k string) error { keys = append(keys, k); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(keys)
		return keys
	}
	if got := older(time.Now().Add(time.Hour)); !slices.Equal(got, []string{key, "a"}) {
		t.Errorf("older than an hour from now: %v", got)
	}
	if got := older(time.Now().Add(-time.Hour)); len(got) != 0 {
		t.Errorf("older than an hour ago: %v", got)
	}
	enough := errors.New("enough")
	if err := s.Older(t.Context(), time.Now().Add(time.Hour), func(string) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("each failed, Older says %v", err)
	}
}

func refusesKeys(t *testing.T, s blob.Store) {
	for _, bad := range []string{
		"", ".", "..", "../x", "a/b", "/etc/passwd", `a\b`, "a\x00b", "A", "é", "a.b", "a b", "-a", "_a", "a\n",
		strings.Repeat("k", 129), "incoming/x", "%2e%2e",
	} {
		_, putErr := s.Put(t.Context(), bad, strings.NewReader("x"))
		_, getErr := s.Get(t.Context(), bad)
		_, statErr := s.Stat(t.Context(), bad)
		for _, err := range []error{putErr, getErr, statErr, s.Delete(t.Context(), bad)} {
			if !errors.Is(err, blob.ErrKey) {
				t.Errorf("key %q: %v, want ErrKey", bad, err)
			}
		}
	}
}

func takesConcurrentPuts(t *testing.T, s blob.Store) {
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			name := "blob" + string(rune('a'+i))
			if _, err := s.Put(t.Context(), name, strings.NewReader(name)); err != nil {
				t.Errorf("Put(%s): %v", name, err)
			}
		})
	}
	wg.Wait()
	for i := range 20 {
		name := "blob" + string(rune('a'+i))
		if got := read(t, s, name); string(got) != name {
			t.Errorf("%s holds %q", name, got)
		}
	}
}

func oneWriterWins(t *testing.T, s blob.Store) {
	const writers = 8
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			_, errs[i] = s.Put(t.Context(), key, strings.NewReader(strings.Repeat(string(rune('a'+i)), 1000)))
		})
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		if err == nil && winner < 0 {
			winner = i
		} else if !errors.Is(err, blob.ErrExists) {
			t.Errorf("writer %d: %v, want ErrExists", i, err)
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	if got, want := string(read(t, s, key)), strings.Repeat(string(rune('a'+winner)), 1000); got != want {
		t.Errorf("the blob is not what the winner %d put", winner)
	}
}

func put(t *testing.T, s blob.Store, key, content string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, strings.NewReader(content)); err != nil {
		t.Fatalf("Put(%s): %v", key, err)
	}
}

func read(t *testing.T, s blob.Store, key string) []byte {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%s): %v", key, err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("reading %s: %v", key, err)
	}
	return b
}

func mustBeMissing(t *testing.T, s blob.Store, key string) {
	t.Helper()
	if _, err := s.Get(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Get of a missing blob: %v, want ErrNotFound", err)
	}
	if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Stat of a missing blob: %v, want ErrNotFound", err)
	}
}

// noise is n bytes, the same in each run, without a pattern a store could shrink.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
