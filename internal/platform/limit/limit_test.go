package limit

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hand is a clock that tests turn by hand.
type hand struct{ at time.Time }

func (h *hand) now() time.Time          { return h.at }
func (h *hand) advance(d time.Duration) { h.at = h.at.Add(d) }

func setup(t *testing.T, rate Rate, keys int) (*Limiter, *hand) {
	t.Helper()
	clock := &hand{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	return New(rate, keys, clock.now), clock
}

func mustAllow(t *testing.T, l *Limiter, key string) {
	t.Helper()
	if ok, wait := l.Allow(key); !ok || wait != 0 {
		t.Fatalf("Allow(%q) = %v, %v; want it allowed", key, ok, wait)
	}
}

func mustWait(t *testing.T, l *Limiter, key string, want time.Duration) {
	t.Helper()
	if ok, wait := l.Allow(key); ok || wait != want {
		t.Fatalf("Allow(%q) = %v, %v; want to wait %v", key, ok, wait, want)
	}
}

func TestBurstThenOneAtATime(t *testing.T) {
	l, clock := setup(t, Rate{Burst: 3, Every: 10 * time.Second}, 10)
	for range 3 {
		mustAllow(t, l, "a")
	}
	mustWait(t, l, "a", 10*time.Second)
	mustAllow(t, l, "b")

	clock.advance(4 * time.Second)
	mustWait(t, l, "a", 6*time.Second)
	mustWait(t, l, "a", 6*time.Second) // refusals cost nothing
	clock.advance(6 * time.Second)
	mustAllow(t, l, "a")
	mustWait(t, l, "a", 10*time.Second)
}

func TestRestNeverSavesMoreThanTheBurst(t *testing.T) {
	l, clock := setup(t, Rate{Burst: 2, Every: time.Second}, 10)
	mustAllow(t, l, "a")
	clock.advance(time.Hour)
	mustAllow(t, l, "a")
	mustAllow(t, l, "a")
	mustWait(t, l, "a", time.Second)
}

func TestClockSetBackGivesNothingAway(t *testing.T) {
	l, clock := setup(t, Rate{Burst: 1, Every: time.Second}, 10)
	clock.advance(time.Minute)
	mustAllow(t, l, "a")
	clock.advance(-30 * time.Second)
	mustWait(t, l, "a", 31*time.Second)
}

func TestMemoryIsBounded(t *testing.T) {
	l, _ := setup(t, Rate{Burst: 1, Every: time.Hour}, 100)
	for i := range 10_000 {
		mustAllow(t, l, fmt.Sprint(i, strings.Repeat("x", i%50)))
	}
	if len(l.buckets) != 100 || l.recent.Len() != 100 {
		t.Errorf("%d buckets in %d list places, want 100", len(l.buckets), l.recent.Len())
	}
}

func TestTheKeyUntouchedForLongestIsForgotten(t *testing.T) {
	l, _ := setup(t, Rate{Burst: 1, Every: time.Hour}, 2)
	mustAllow(t, l, "a")
	mustAllow(t, l, "b")
	mustWait(t, l, "a", time.Hour) // touches a, so b goes
	mustAllow(t, l, "c")
	mustWait(t, l, "a", time.Hour)
	mustAllow(t, l, "b")
}

func TestFullBucketsAreDropped(t *testing.T) {
	l, clock := setup(t, Rate{Burst: 2, Every: time.Second}, 1000)
	for i := range 500 {
		mustAllow(t, l, fmt.Sprint("old", i))
	}
	clock.advance(time.Minute)
	for range 200 {
		clock.advance(time.Second)
		mustAllow(t, l, "new")
	}
	if len(l.buckets) != 1 {
		t.Errorf("%d buckets remembered, want only the one in use", len(l.buckets))
	}
}

func TestConcurrentCallersShareOneBurst(t *testing.T) {
	l, _ := setup(t, Rate{Burst: 100, Every: time.Hour}, 10)
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if ok, _ := l.Allow("a"); ok {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if allowed.Load() != 100 {
		t.Errorf("%d allowed, want 100", allowed.Load())
	}
}

func TestSenselessRatesPanic(t *testing.T) {
	for _, rate := range []Rate{{}, {Burst: 1}, {Every: time.Second}, {Burst: -1, Every: time.Second}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%+v) did not panic", rate)
				}
			}()
			New(rate, 1, time.Now)
		}()
	}
}

func BenchmarkAllow(b *testing.B) {
	l := New(Rate{Burst: 10, Every: time.Second}, 10_000, time.Now)
	keys := make([]string, 20_000)
	for i := range keys {
		keys[i] = fmt.Sprint("key", i)
	}
	i := 0
	for b.Loop() {
		l.Allow(keys[i%len(keys)])
		i++
	}
}

func TestRestoreGivesTheBurstBack(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := New(Rate{Every: time.Minute, Burst: 2}, 10, func() time.Time { return now })
	l.Restore("nobody seen yet")
	for range 2 {
		l.Allow("a")
		l.Allow("b")
	}
	l.Restore("a")
	if ok, _ := l.Allow("a"); !ok {
		t.Error("nothing was given back")
	}
	if ok, _ := l.Allow("b"); ok {
		t.Error("another key was given something")
	}
}
