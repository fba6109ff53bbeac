// Package seed loads a synthetic installation by COPY, for measuring: people with claims, answers, flags, interviews,
// evidence and an audit trail, cases under the playbook, and telemetry. It owns no tables and is the one package that
// writes those of others; what it writes is what the features would have written, only faster.
//
// One pass over the people feeds all their tables at once, each through a COPY of its own, so memory does not grow
// with the size. Everything follows from the seed, except what must be secret: people's keys and the password's hash.
//
// A history (history.go) is what was answered about somebody, with its assessment, worked out by the real
// arithmetic. Histories are dealt to people without regard to who they are.
package seed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/seal"
)

// Plan says how large the installation is to be.
type Plan struct {
	Candidates, Signals int
	Seed                uint64
	// Now is when the story ends; nothing is later, but for interviews to come.
	Now time.Time
	// Password is that of every user made.
	Password string
	// Tell is told how far the load is, now and then; nil for nobody.
	Tell func(string)
}

// Result is what was loaded.
type Result struct {
	Rows int64
	Took time.Duration
	// Login is the address of a security lead who sees everything but some cases.
	Login string
}

// ErrNotEmpty says that there are people in the database already. Seeding takes the indexes away for a while, so it is
// for fresh databases only.
var ErrNotEmpty = errors.New("there are people in this database already: seed a fresh one")

// seeder is one run.
type seeder struct {
	Plan
	pool  *pgxpool.Pool
	keys  *seal.Keyring
	ed    *catalogue.Edition
	hands staff
	jobs  []job
	deck  histories
	hired []hire
	sent  atomic.Int64
}

// connections are enough for every table of the pass over the people at the same time.
const connections = 40

// Run fills the empty, migrated database at url.
func Run(ctx context.Context, url string, keys *seal.Keyring, lib *catalogue.Library, plan Plan) (Result, error) {
	began := time.Now()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return Result{}, fmt.Errorf("database address: %w", err)
	}
	cfg.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return Result{}, err
	}
	defer pool.Close()
	s := &seeder{Plan: plan, pool: pool, keys: keys, ed: lib.Current()}
	if s.Tell == nil {
		s.Tell = func(string) {}
	}
	if err := s.check(ctx); err != nil {
		return Result{}, err
	}
	s.deck = writeHistories(s.ed, s.Seed)
	taken, err := s.prepare(ctx)
	if err == nil {
		err = s.load(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return Result{}, errors.Join(err, taken.restore(ctx, pool, func(int) {}))
	}
	if err != nil {
		return Result{}, fmt.Errorf("interrupted, and the database is of no use any more: %w", err)
	}
	if err := s.finish(ctx, taken); err != nil {
		return Result{}, err
	}
	return Result{Rows: s.sent.Load(), Took: time.Since(began), Login: s.hands.leads[0].email}, nil
}

func (s *seeder) check(ctx context.Context) error {
	if s.Candidates < 1 || s.Signals < 0 {
		return errors.New("at least one candidate is needed, and no fewer than no signals")
	}
	var filled bool
	if err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM people)`).Scan(&filled); err != nil {
		return err
	}
	if filled {
		return ErrNotEmpty
	}
	return nil
}

// prepare makes the partitions and takes the indexes away.
func (s *seeder) prepare(ctx context.Context) (bareness, error) {
	if s.Signals > 0 {
		if err := s.makePartitions(ctx); err != nil {
			return bareness{}, err
		}
	}
	return strip(ctx, s.pool, loaded)
}

// load writes all rows.
func (s *seeder) load(ctx context.Context) error {
	stop := s.report(ctx)
	defer stop()
	if err := s.loadStaff(ctx); err != nil {
		return err
	}
	if err := s.loadPeople(ctx); err != nil {
		return err
	}
	return s.loadSignals(ctx)
}

// finish builds the indexes and gathers the planner's statistics. VACUUM marks pages as visible to all, without
// which no list is read from its index alone.
func (s *seeder) finish(ctx context.Context, taken bareness) error {
	s.Tell("building indexes")
	err := taken.restore(ctx, s.pool, func(left int) {
		if left%20 == 0 {
			s.Tell(fmt.Sprintf("building indexes: %d left", left))
		}
	})
	if err != nil {
		return err
	}
	// Every subject has the place of a sheet; the first reader fills it.
	_, err = s.pool.Exec(ctx, `
		INSERT INTO person_sheets (person_id) SELECT id FROM people;
		INSERT INTO case_sheets (case_id) SELECT id FROM cases`)
	if err != nil {
		return err
	}
	s.Tell("gathering statistics")
	_, err = s.pool.Exec(ctx, `VACUUM (ANALYZE)`)
	return err
}

// report tells every few seconds how many rows went out, until stop is called.
func (s *seeder) report(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	began := time.Now()
	go func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				n := s.sent.Load()
				s.Tell(fmt.Sprintf("%d rows, %.0f rows/s", n, float64(n)/time.Since(began).Seconds()))
			}
		}
	}()
	return cancel
}

// copyAll runs the COPY of each stream while write fills them, and closes them after it.
func (s *seeder) copyAll(ctx context.Context, open func(context.Context) []*stream, write func() error) error {
	group, ctx := errgroup.WithContext(ctx)
	streams := open(ctx)
	for _, st := range streams {
		group.Go(func() error { return st.run(ctx, s.pool) })
	}
	group.Go(func() error {
		if err := write(); err != nil {
			return err
		}
		for _, st := range streams {
			st.close()
		}
		return ctx.Err()
	})
	return group.Wait()
}

// mint makes the identifier of the n-th thing of a kind: like those of platform/id it begins with a time, so that
// rows made one after the other lie one after the other; the rest follows from the seed.
func (s *seeder) mint(at time.Time, kind, n uint64) uuid {
	ms := uint64(at.UnixMilli())
	a, b := mix(s.Seed^kind<<56^n), mix(^s.Seed^kind<<48^n<<1)
	return uuid{byte(ms >> 40), byte(ms >> 32), byte(ms >> 24), byte(ms >> 16), byte(ms >> 8), byte(ms),
		0x70 | byte(a>>8)&0x0f, byte(a), 0x80 | byte(b>>56)&0x3f, byte(b >> 48), byte(b >> 40), byte(b >> 32),
		byte(b >> 24), byte(b >> 16), byte(b >> 8), byte(b)}
}

// mix is splitmix64: every bit of the input moves every bit of the output.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pick draws one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// chance is true in n of a hundred draws.
func chance(r *rand.Rand, n int) bool { return r.IntN(100) < n }
