package dashboard

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// fresh is how long a dashboard is answered from memory: its numbers are a moment old anyway when somebody has read them.
// A write that reaches this process ends it at once (Forget); one that reaches another is seen after that time.
const fresh = 5 * time.Second

// maxRecent bounds how many dashboards are remembered.
const maxRecent = 1000

// recent remembers what was read a moment ago, by key. Whatever it gives is shared: nobody may change it.
type recent[T any] struct {
	mu      sync.Mutex
	known   map[string]remembered[T]
	reading singleflight.Group
}

type remembered[T any] struct {
	value T
	at    time.Time
	state int64
}

// get gives what is remembered of this state of things, or reads it; those who ask meanwhile wait for the one reader.
func (r *recent[T]) get(ctx context.Context, key string, state int64, now time.Time, read func(context.Context) (T, error)) (T, error) {
	if found, ok := r.find(key, state, now); ok {
		return found, nil
	}
	// The one reader works for others too: it must not end with its own request. Nobody waits for one that began before
	// a write.
	value, err, _ := r.reading.Do(strconv.FormatInt(state, 10)+" "+key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*fresh)
		defer cancel()
		value, err := read(ctx)
		if err == nil {
			r.put(key, remembered[T]{value, now, state})
		}
		return value, err
	})
	return value.(T), err
}

func (r *recent[T]) find(key string, state int64, now time.Time) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.known[key]
	age := now.Sub(found.at)
	return found.value, ok && found.state == state && age >= 0 && age < fresh
}

func (r *recent[T]) put(key string, value remembered[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxRecent {
		r.known = map[string]remembered[T]{}
	}
	r.known[key] = value
}

// Forget makes the dashboards read anew: somebody has written something.
func (s *Service) Forget() { s.writes.Add(1) }
