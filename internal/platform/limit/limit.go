// Package limit answers how often something may happen: a token bucket per
// key, in bounded memory, for sign-in attempts, tokens of the API and the like.
//
// A Limiter's counts live in one process and start anew with it; those of a
// Shared one hold for all processes. A Gate bounds how much happens at a time.
package limit

import (
	"container/list"
	"hash/maphash"
	"sync"
	"time"
)

// Rate is how much a key may do: Burst at once, and one more Every so often.
type Rate struct {
	Burst int
	Every time.Duration
}

// Limiter holds a bucket for each key seen lately. Use New to make one.
type Limiter struct {
	rate    Rate
	keys    int
	now     func() time.Time
	started time.Time
	seed    maphash.Seed

	mu      sync.Mutex
	buckets map[uint64]*list.Element
	recent  *list.List // of bucket, the latest touched in front
}

// bucket says at what time, counted from the limiter's start, the key will
// have all of its burst back. That one number is the whole state of a token
// bucket: the tokens missing are the time still to go divided by Every.
type bucket struct {
	key  uint64
	full time.Duration
}

// New returns a limiter that remembers at most the given number of keys.
// When there are more, those untouched for longest are forgotten and start
// with a full burst again; choose a number no attacker fills for free.
// The clock is usually time.Now. Rates and sizes that make no sense panic.
func New(rate Rate, keys int, now func() time.Time) *Limiter {
	if rate.Burst < 1 || rate.Every <= 0 || keys < 1 {
		panic("limit: burst, interval and number of keys must be positive")
	}
	return &Limiter{
		rate: rate, keys: keys, now: now, started: now(), seed: maphash.MakeSeed(),
		buckets: map[uint64]*list.Element{}, recent: list.New(),
	}
}

// Allow takes a token from the key's bucket. When there is none it says after
// how long there will be one; asking too early costs nothing.
func (l *Limiter) Allow(key string) (ok bool, retryAfter time.Duration) {
	// Only a hash is kept, so that neither a long key nor a personal one
	// stays in memory; the random seed keeps callers from aiming at collisions.
	hash := maphash.String(l.seed, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now().Sub(l.started)
	l.forgetFull(now)

	b := l.touch(hash)
	full := max(b.full, now) + l.rate.Every
	if wait := full - now - time.Duration(l.rate.Burst)*l.rate.Every; wait > 0 {
		return false, wait
	}
	b.full = full
	return true, 0
}

// Restore gives the key its whole burst back, as after a try that was right.
func (l *Limiter) Restore(key string) {
	hash := maphash.String(l.seed, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, found := l.buckets[hash]; found {
		l.drop(e)
	}
}

// touch finds or makes the bucket and moves it to the front.
func (l *Limiter) touch(hash uint64) *bucket {
	if e, found := l.buckets[hash]; found {
		l.recent.MoveToFront(e)
		return e.Value.(*bucket)
	}
	if l.recent.Len() >= l.keys {
		l.drop(l.recent.Back())
	}
	b := &bucket{key: hash}
	l.buckets[hash] = l.recent.PushFront(b)
	return b
}

// forgetFull drops buckets from the back that have filled up again: they say
// nothing that a new one would not. A few per call keep up with any traffic,
// and no call is slow.
func (l *Limiter) forgetFull(now time.Duration) {
	for range 4 {
		e := l.recent.Back()
		if e == nil || e.Value.(*bucket).full > now {
			return
		}
		l.drop(e)
	}
}

func (l *Limiter) drop(e *list.Element) {
	l.recent.Remove(e)
	delete(l.buckets, e.Value.(*bucket).key)
}
