package limit_test

import (
	"errors"
	"testing"
	"time"

	"gatehouse/internal/platform/limit"
)

func TestOncePerKeyAndPeriod(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	once := limit.NewOnce(time.Hour, 2, func() time.Time { return now })
	calls := map[string]int{}
	do := func(key string) {
		t.Helper()
		if err := once.Do(key, func() error { calls[key]++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	broken := errors.New("broken")
	if err := once.Do("a", func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	do("a") // the failure counted for nothing
	do("a")
	do("b")
	now = now.Add(59 * time.Minute)
	do("a")
	now = now.Add(time.Minute)
	do("a")
	if calls["a"] != 2 || calls["b"] != 1 {
		t.Errorf("calls %v", calls)
	}
	for _, key := range []string{"c", "d", "e"} {
		do(key)
	}
	do("e")
	if calls["e"] != 1 {
		t.Errorf("the latest key is forgotten: %v", calls)
	}
}
