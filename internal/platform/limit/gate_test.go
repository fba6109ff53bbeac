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

// TestBurstsHaveRoomAgainAfterAnOverload: with a short queue some of each burst are turned away. That must not keep it short.
func TestBurstsHaveRoomAgainAfterAnOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(2, 10, time.Minute, time.Now)
		var out atomic.Int32
		var all sync.WaitGroup
		// comes brings n at once, who are through a tenth of a second later, and returns how many were turned away.
		comes := func(n int) int32 {
			before := out.Load()
			for range n {
				all.Go(func() {
					if !g.Enter(t.Context()) {
						out.Add(1)
						return
					}
					time.Sleep(10 * time.Millisecond)
					g.Leave()
				})
			}
			time.Sleep(100 * time.Millisecond)
			return out.Load() - before
		}
		for range 30 {
			if comes(40) < 28 {
				t.Fatal("forty at once are no overload")
			}
		}
		for range 15 { // a second and a half of bursts of four: a short queue lets three of each in
			comes(1)
			comes(1)
			comes(4)
		}
		if n := comes(12); n != 0 {
			t.Errorf("%d of a burst were turned away after the overload", n)
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
