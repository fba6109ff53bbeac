package dashboard

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestARecentDashboardEndsWithTimeAndWithWrites(t *testing.T) {
	t.Parallel()
	var r recent[int]
	reads := 0
	read := func(context.Context) (int, error) { reads++; return reads, nil }
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name  string
		key   string
		state int64
		now   time.Time
		want  int
	}{
		{"the first", "a", 0, noon, 1},
		{"a moment later", "a", 0, noon.Add(fresh - 1), 1},
		{"another's", "b", 0, noon.Add(fresh - 1), 2},
		{"after a write", "a", 1, noon.Add(fresh - 1), 3},
		{"after its time", "a", 1, noon.Add(2 * fresh), 4},
		{"before it was read", "a", 1, noon, 5},
	} {
		if got, err := r.get(t.Context(), step.key, step.state, step.now, read); got != step.want || err != nil {
			t.Errorf("%s: %d, %v, want %d", step.name, got, err, step.want)
		}
	}
	broken := errors.New("no database")
	fails := func(context.Context) (int, error) { return 0, broken }
	if _, err := r.get(t.Context(), "c", 1, noon, fails); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, _ := r.get(t.Context(), "c", 1, noon, read); got != 6 {
		t.Errorf("an error was remembered: %d", got)
	}
}

// TestNobodyWaitsForAReadingFromBeforeAWrite: whoever has just written sees it.
func TestNobodyWaitsForAReadingFromBeforeAWrite(t *testing.T) {
	t.Parallel()
	var r recent[string]
	now := time.Now()
	began, end := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = r.get(context.Background(), "a", 0, now, func(context.Context) (string, error) {
			close(began)
			<-end
			return "before", nil
		})
	}()
	<-began
	defer close(end)
	got, err := r.get(t.Context(), "a", 1, now, func(context.Context) (string, error) { return "after", nil })
	if got != "after" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
