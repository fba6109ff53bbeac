package limit

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// Gate lets a bounded number of things happen at a time, and keeps a short queue before it. Use NewGate to make one.
//
// The queue is as long as a burst may be, until somebody finds it full: that is overload rather than a burst. For a
// moment from then on it is only half as long as the Gate is wide, so that whoever is let in has hardly waited, and the rest
// learn at once that they are not. Somebody who finds a place free ends that: there is room again.
type Gate struct {
	width, queue int
	wait         time.Duration
	now          func() time.Time

	mu       sync.Mutex
	inside   int
	waiting  list.List // of chan struct{}, closed when its owner is let in
	narrowed time.Time // until when the queue is short
}

// narrow is how long the queue stays short after somebody was turned away.
const narrow = time.Second

// NewGate returns a Gate for width things at a time and queue waiting ones, each of them for at most wait.
func NewGate(width, queue int, wait time.Duration, now func() time.Time) *Gate {
	if width < 1 || queue < 0 || wait < 0 {
		panic("limit: a gate must be open to somebody")
	}
	return &Gate{width: width, queue: queue, wait: wait, now: now}
}

// Enter reports whether the caller is let in; then it must call Leave once.
func (g *Gate) Enter(ctx context.Context) bool {
	g.mu.Lock()
	if g.inside < g.width {
		g.inside++
		g.narrowed = time.Time{}
		g.mu.Unlock()
		return true
	}
	now, room := g.now(), g.queue
	if now.Before(g.narrowed) {
		room = min(room, (g.width+1)/2)
	}
	if g.waiting.Len() >= room {
		g.narrowed = now.Add(narrow)
		g.mu.Unlock()
		return false
	}
	turn := make(chan struct{})
	place := g.waiting.PushBack(turn)
	g.mu.Unlock()
	patience := time.NewTimer(g.wait)
	defer patience.Stop()
	select {
	case <-turn:
		return true
	case <-patience.C:
	case <-ctx.Done():
	}
	return g.giveUp(place, turn)
}

// giveUp leaves the queue, unless the caller was let in at this very moment.
func (g *Gate) giveUp(place *list.Element, turn <-chan struct{}) (in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-turn:
		return true
	default:
	}
	g.waiting.Remove(place)
	g.narrowed = g.now().Add(narrow)
	return false
}

// Leave lets the next one in.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := g.waiting.Front()
	if first == nil {
		g.inside--
		return
	}
	close(g.waiting.Remove(first).(chan struct{}))
}
