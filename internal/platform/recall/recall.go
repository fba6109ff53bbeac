// Package recall remembers for a moment what was read: what many ask for, and what may be as old as that.
package recall

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// size bounds how much one memory holds.
const size = 1000

// Memory gives what it read a moment ago, by key. Whatever it gives is shared: nobody may change it.
type Memory[T any] struct {
	fresh time.Duration
	// writes numbers the states of things: what was read in an earlier one is out of date.
	writes  atomic.Int64
	mu      sync.Mutex
	known   map[string]remembered[T]
	reading singleflight.Group
}

type remembered[T any] struct {
	value T
	at    time.Time
	state int64
}

// For returns a memory that keeps each value for so long.
func For[T any](fresh time.Duration) *Memory[T] {
	return &Memory[T]{fresh: fresh, known: map[string]remembered[T]{}}
}

// Forget makes the next reader read anew, also where somebody is reading now: something was written.
func (m *Memory[T]) Forget() { m.writes.Add(1) }

// Get gives what is remembered at the time now, or reads it; those who ask meanwhile wait for the one reader. An error of
// the reader is not remembered.
func (m *Memory[T]) Get(ctx context.Context, key string, now time.Time, read func(context.Context) (T, error)) (T, error) {
	state := m.writes.Load()
	if found, ok := m.find(key, state, now); ok {
		return found, nil
	}
	// The one reader works for others too: it must not end with its own request. Nobody waits for one that began before
	// a write.
	value, err, _ := m.reading.Do(strconv.FormatInt(state, 10)+" "+key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		value, err := read(ctx)
		if err == nil {
			m.put(key, remembered[T]{value, now, state})
		}
		return value, err
	})
	return value.(T), err
}

func (m *Memory[T]) find(key string, state int64, now time.Time) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.known[key]
	age := now.Sub(found.at)
	return found.value, ok && found.state == state && age >= 0 && age < m.fresh
}

func (m *Memory[T]) put(key string, value remembered[T]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= size {
		clear(m.known)
	}
	m.known[key] = value
}
