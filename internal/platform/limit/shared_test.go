package limit_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/limit"
)

func TestSharedCountsHoldForAllProcesses(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	rate := limit.Rate{Every: time.Hour, Burst: 5}
	here, there := limit.NewShared(d, []byte("secret"), "doors", rate), limit.NewShared(d, []byte("secret"), "doors", rate)
	var allowed atomic.Int32
	var all sync.WaitGroup
	for _, l := range []*limit.Shared{here, there} {
		for range 5 {
			all.Go(func() {
				if ok, _, err := l.Allow(t.Context(), "a"); err != nil {
					t.Error(err)
				} else if ok {
					allowed.Add(1)
				}
			})
		}
	}
	all.Wait()
	if allowed.Load() != 5 {
		t.Errorf("%d were allowed, want 5", allowed.Load())
	}
	if ok, after, err := there.Allow(t.Context(), "a"); ok || err != nil || after < 59*time.Minute || after > time.Hour {
		t.Errorf("one more: %v, after %v, %v", ok, after, err)
	}
	for name, l := range map[string]*limit.Shared{"another name": limit.NewShared(d, []byte("secret"), "windows", rate), "restored": here} {
		if name == "restored" {
			if err := there.Restore(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
		if ok, _, err := l.Allow(t.Context(), "a"); !ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	if err := limit.Sweep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := d.Pool().QueryRow(t.Context(), `SELECT count(*) FROM tries`).Scan(&left); err != nil || left != 2 {
		t.Errorf("%d counts are left after sweeping, %v", left, err)
	}
}
