package limit_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/platform/limit"
)

func TestAGateTurnsAwayWhomItsQueueDoesNotHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(2, 5, time.Second, time.Now)
		var in, out atomic.Int32
		var all sync.WaitGroup
		arrive := func(n int) {
			for range n {
				all.Go(func() {
					if g.Enter(t.Context()) {
						in.Add(1)
					} else {
						out.Add(1)
					}
				})
			}
			synctest.Wait()
		}
		arrive(8)
		if in.Load() != 2 || out.Load() != 1 {
			t.Fatalf("%d are in and %d turned away, want 2 and 1", in.Load(), out.Load())
		}
		for range 4 { // one still waits
			g.Leave()
		}
		synctest.Wait()
		arrive(2) // somebody was turned away just now, so that one may wait where five might
		if in.Load() != 6 || out.Load() != 3 {
			t.Fatalf("%d are in and %d turned away, want 6 and 3", in.Load(), out.Load())
		}
		time.Sleep(1100 * time.Millisecond) // those who wait lose patience
		if out.Load() != 4 {
			t.Errorf("%d were turned away, want 4", out.Load())
		}
		time.Sleep(1100 * time.Millisecond) // and the overload is over
		arrive(5)
		if out.Load() != 4 {
			t.Errorf("%d were turned away, want 4: a burst has room again", out.Load())
		}
		for range 7 {
			g.Leave()
		}
		all.Wait()
		if in.Load() != 11 {
			t.Errorf("%d were let in, want 11", in.Load())
		}
	})
}

// TestAFreePlaceEndsTheOverload: a server that is busy, and not more than that, has bursts; the short queue of an overload that
// is over would turn some of each away for ever.
func TestAFreePlaceEndsTheOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(2, 4, time.Minute, time.Now)
		var out atomic.Int32
		var all sync.WaitGroup
		arrive := func(n int) {
			for range n {
				all.Go(func() {
					if !g.Enter(t.Context()) {
						out.Add(1)
					}
				})
			}
			synctest.Wait()
		}
		arrive(7)
		for range 6 { // all who were let in are gone
			g.Leave()
		}
		arrive(6)
		if out.Load() != 1 {
			t.Errorf("%d were turned away, want only the one of the overload", out.Load())
		}
		for range 6 {
			g.Leave()
		}
		all.Wait()
	})
}

func TestWhoGivesUpHoldsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(1, 1, time.Minute, time.Now)
		if !g.Enter(t.Context()) {
			t.Fatal("an empty gate turns away")
		}
		gone, leave := context.WithCancel(t.Context())
		entered := make(chan bool)
		go func() { entered <- g.Enter(gone) }()
		synctest.Wait()
		leave()
		if <-entered {
			t.Error("who had left was let in")
		}
		go func() { entered <- g.Enter(t.Context()) }()
		synctest.Wait()
		g.Leave()
		if !<-entered {
			t.Error("the next one was not let in")
		}
	})
}

func TestAGateIsNeverMoreThanFull(t *testing.T) {
	g := limit.NewGate(3, 50, time.Minute, time.Now)
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 100 {
				if !g.Enter(t.Context()) {
					t.Error("turned away though there was room")
					return
				}
				now := inside.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
				inside.Add(-1)
				g.Leave()
			}
		})
	}
	all.Wait()
	if most.Load() > 3 {
		t.Errorf("%d were inside, want at most 3", most.Load())
	}
}
