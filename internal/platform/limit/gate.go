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
// learn at once that they are not. It stays so for as long as more than a few are turned away: a server that is busy and no more
// than that has bursts too, and a short queue would turn some of each away for ever.
type Gate struct {
	width, queue int
	wait         time.Duration
	now          func() time.Time

	mu       sync.Mutex
	inside   int
	waiting  list.List // of chan struct{}, closed when its owner is let in
	narrowed time.Time // until when the queue is short; zero while it is not
	// let and turned count who was let in and who was turned away since the queue became short, or was found to have to stay so.
	let, turned int
}

const (
	// narrow is how long the queue stays short before it is looked at whether it has to.
	narrow = time.Second
	// few is the share of those who come that are turned away by a queue that is needlessly short: one in five.
	few = 5
)

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
	room := g.room()
	if g.inside < g.width {
		g.inside++
		g.let++
		g.mu.Unlock()
		return true
	}
	if g.waiting.Len() >= room {
		g.turnAway()
		g.mu.Unlock()
		return false
	}
	turn := make(chan struct{})
	place := g.waiting.PushBack(turn)
	g.let++
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
	g.let--
	g.turnAway()
	return false
}

// room is how many may wait now.
func (g *Gate) room() int {
	if g.narrowed.IsZero() {
		return g.queue
	}
	if now := g.now(); !now.Before(g.narrowed) {
		quiet := now.Sub(g.narrowed) >= narrow // what was counted is of long ago
		if quiet || g.turned*few <= g.let+g.turned {
			g.narrowed = time.Time{}
			return g.queue
		}
		g.narrowed, g.let, g.turned = now.Add(narrow), 0, 0
	}
	return min(g.queue, (g.width+1)/2)
}

func (g *Gate) turnAway() {
	if g.narrowed.IsZero() {
		g.narrowed, g.let, g.turned = g.now().Add(narrow), 0, 0
	}
	g.turned++
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
