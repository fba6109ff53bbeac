package id

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNewIsVersion7OfNow(t *testing.T) {
	shape := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	before := time.Now().UnixMilli()
	got := New()
	after := time.Now().UnixMilli()
	if !shape.MatchString(got) {
		t.Fatalf("New() = %q: not a UUIDv7", got)
	}
	ms, err := strconv.ParseInt(strings.ReplaceAll(got[:13], "-", ""), 16, 64)
	if err != nil || ms < before || ms > after {
		t.Errorf("time in %q = %d (%v), want within %d..%d", got, ms, err, before, after)
	}
}

func TestNextGrowsWhateverTheClockDoes(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clocks := map[string]func(i int) time.Time{
		"stands still": func(int) time.Time { return start },
		"runs":         func(i int) time.Time { return start.Add(time.Duration(i) * 100 * time.Nanosecond) },
		"goes back":    func(i int) time.Time { return start.Add(-time.Duration(i) * time.Second) },
	}
	for name, clock := range clocks {
		t.Run(name, func(t *testing.T) {
			i := 0
			g := generator{now: func() time.Time { i++; return clock(i) }}
			last := g.next()
			for range 10_000 {
				next := g.next()
				if next <= last {
					t.Fatalf("%s came after %s", next, last)
				}
				last = next
			}
		})
	}
}

func TestNewIsUniqueAndOrderedInEachGoroutine(t *testing.T) {
	const workers, each = 8, 2_000
	made := make([][]string, workers)
	var wg sync.WaitGroup
	for w := range made {
		wg.Go(func() {
			for range each {
				made[w] = append(made[w], New())
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, ids := range made {
		if !slices.IsSorted(ids) {
			t.Error("identifiers of one goroutine are out of order")
		}
		for _, s := range ids {
			seen[s] = true
		}
	}
	if len(seen) != workers*each {
		t.Errorf("%d different identifiers of %d", len(seen), workers*each)
	}
}

func TestParse(t *testing.T) {
	const canonical = "0192f0c1-7b3a-7cde-8123-456789abcdef"
	for _, s := range []string{canonical, strings.ToUpper(canonical)} {
		if got, err := Parse(s); err != nil || got != canonical {
			t.Errorf("Parse(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "x", canonical[:35], canonical + "0", "{" + canonical[1:35] + "}", " " + canonical[1:],
		strings.ReplaceAll(canonical, "-", "") + "0000", strings.Replace(canonical, "a", "g", 1),
		"0192f0c17-b3a-7cde-8123-456789abcdef", "0192f0c1-7b3a-7cde-8123-4567-9abcdef",
		strings.Replace(canonical, "a", "\x00", 1), "'; drop table people; --000000000000",
	} {
		if got, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %q, want an error", s, got)
		}
	}
}

func TestBytesRoundTrip(t *testing.T) {
	for range 100 {
		want := New()
		u, err := Bytes(strings.ToUpper(want))
		if err != nil || FromBytes(u) != want {
			t.Fatalf("FromBytes(Bytes(%q)) = %q, %v", want, FromBytes(u), err)
		}
	}
	if _, err := Bytes("not an id"); err == nil {
		t.Error("Bytes took what is not an id")
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New()
	}
}

func TestAgoLiesBeforeWhatIsMadeFromThenOn(t *testing.T) {
	before, then := New(), Ago(-2*time.Millisecond)
	if before >= then {
		t.Errorf("%s is not before %s", before, then)
	}
	if earlier := Ago(time.Minute); earlier >= before {
		t.Errorf("%s is not before %s", earlier, before)
	}
}
