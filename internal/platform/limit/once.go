package limit

import (
	"sync"
	"time"
)

// Once lets something happen once per key and period: noting that somebody
// looked at a page, without a write for each look. Use NewOnce to make one.
//
// Like a Limiter it knows of its own process only, so with several processes,
// or after a start, a thing may happen more often; never less.
type Once struct {
	period time.Duration
	keys   int
	now    func() time.Time

	mu   sync.Mutex
	last map[string]time.Time
}

// NewOnce returns a Once that remembers about the given number of keys. When
// there are more it forgets those whose period is over, or else all of them.
func NewOnce(period time.Duration, keys int, now func() time.Time) *Once {
	if period <= 0 || keys < 1 {
		panic("limit: period and number of keys must be positive")
	}
	return &Once{period: period, keys: keys, now: now, last: map[string]time.Time{}}
}

// Do calls fn unless a call for the key succeeded within the period. A call
// that fails counts for nothing: what it was to note is still to be noted.
func (o *Once) Do(key string, fn func() error) error {
	now := o.now()
	o.mu.Lock()
	last, there := o.last[key]
	o.mu.Unlock()
	if there && now.Sub(last) < o.period && !now.Before(last) {
		return nil
	}
	if err := fn(); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.last) >= o.keys {
		o.forget(now)
	}
	o.last[key] = now
	return nil
}

func (o *Once) forget(now time.Time) {
	for key, last := range o.last {
		if now.Sub(last) >= o.period {
			delete(o.last, key)
		}
	}
	if len(o.last) >= o.keys {
		clear(o.last)
	}
}
