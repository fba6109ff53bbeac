package recall_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/internal/platform/recall"
)

const fresh = 5 * time.Second

func TestWhatIsRememberedEndsWithTimeAndWithWrites(t *testing.T) {
	t.Parallel()
	m := recall.For[int](fresh)
	reads := 0
	read := func(context.Context) (int, error) { reads++; return reads, nil }
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name  string
		key   string
		wrote bool
		now   time.Time
		want  int
	}{
		{"the first", "a", false, noon, 1},
		{"a moment later", "a", false, noon.Add(fresh - 1), 1},
		{"another's", "b", false, noon.Add(fresh - 1), 2},
		{"after a write", "a", true, noon.Add(fresh - 1), 3},
		{"after its time", "a", false, noon.Add(2 * fresh), 4},
		{"before it was read", "a", false, noon, 5},
	} {
		if step.wrote {
			m.Forget()
		}
		if got, err := m.Get(t.Context(), step.key, step.now, read); got != step.want || err != nil {
			t.Errorf("%s: %d, %v, want %d", step.name, got, err, step.want)
		}
	}
	broken := errors.New("no database")
	fails := func(context.Context) (int, error) { return 0, broken }
	if _, err := m.Get(t.Context(), "c", noon, fails); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, _ := m.Get(t.Context(), "c", noon, read); got != 6 {
		t.Errorf("an error was remembered: %d", got)
	}
}

// TestNobodyWaitsForAReadingFromBeforeAWrite: whoever has just written sees it.
func TestNobodyWaitsForAReadingFromBeforeAWrite(t *testing.T) {
	t.Parallel()
	m := recall.For[string](fresh)
	now := time.Now()
	began, end := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = m.Get(context.Background(), "a", now, func(context.Context) (string, error) {
			close(began)
			<-end
			return "before", nil
		})
	}()
	<-began
	defer close(end)
	m.Forget()
	got, err := m.Get(t.Context(), "a", now, func(context.Context) (string, error) { return "after", nil })
	if got != "after" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
