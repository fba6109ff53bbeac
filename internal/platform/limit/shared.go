package limit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

// Shared is a Limiter whose counts lie in the database, so that they hold for all processes together and outlive each of
// them. It costs a write for each try: it is for what people do by hand and attackers by machine.
type Shared struct {
	db     *db.DB
	name   string
	rate   Rate
	secret []byte
}

// NewShared returns the limiter of that name. Keys are kept as hashes under secret.
func NewShared(d *db.DB, secret []byte, name string, rate Rate) *Shared {
	if rate.Burst < 1 || rate.Every <= 0 {
		panic("limit: burst and interval must be positive")
	}
	return &Shared{db: d, name: name, rate: rate, secret: secret}
}

func (s *Shared) hash(key string) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(s.name + "\x00" + key))
	return mac.Sum(nil)
}

// Allow takes a token from the key's bucket, as [Limiter.Allow] does. The time is the database's, one for all.
func (s *Shared) Allow(ctx context.Context, key string) (ok bool, retryAfter time.Duration, err error) {
	hash := s.hash(key)
	err = s.db.WriteUnaudited(ctx, "a try is counted", func(q db.Querier) error {
		var full time.Time
		err := q.QueryRow(ctx, `
			INSERT INTO tries AS t (key, full_at) VALUES ($1, now() + $2)
			ON CONFLICT (key) DO UPDATE SET full_at = greatest(t.full_at, now()) + $2
			WHERE  greatest(t.full_at, now()) + $2 <= now() + $3
			RETURNING full_at`, hash, s.rate.Every, s.most()).Scan(&full)
		if ok = err == nil; ok || !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return q.QueryRow(ctx, `SELECT full_at + $2 - (now() + $3) FROM tries WHERE key = $1`, hash, s.rate.Every, s.most()).Scan(&retryAfter)
	})
	return ok, retryAfter, err
}

// Take is Allow for who has nothing to say beside it: [apperr.RateLimited] where there is no token.
func (s *Shared) Take(ctx context.Context, key string) error {
	ok, after, err := s.Allow(ctx, key)
	if err == nil && !ok {
		err = apperr.RateLimited(after)
	}
	return err
}

// most is how long a bucket takes to fill.
func (s *Shared) most() time.Duration { return time.Duration(s.rate.Burst) * s.rate.Every }

// Restore gives the key its whole burst back, as after a try that was right.
func (s *Shared) Restore(ctx context.Context, key string) error {
	return s.db.WriteUnaudited(ctx, "a right try is forgotten", func(q db.Querier) error {
		_, err := q.Exec(ctx, `DELETE FROM tries WHERE key = $1`, s.hash(key))
		return err
	})
}

// Sweep deletes the counts of all Shared limiters that say nothing any more.
func Sweep(ctx context.Context, d *db.DB) error {
	return d.WriteUnaudited(ctx, "counts that say nothing any more", func(q db.Querier) error {
		_, err := q.Exec(ctx, `DELETE FROM tries WHERE full_at < now()`)
		return err
	})
}
