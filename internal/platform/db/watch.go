package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A watch knows whether there is a primary, and how far the standby is behind. It asks on a connection of its own, so
// that a busy pool is not taken for an absent server.
type watch struct {
	log  *slog.Logger
	cfg  *pgx.ConnConfig
	conn *pgx.Conn // to the primary; nil when it has to be found
	// patience is how long all servers together may take to answer.
	patience time.Duration
	// asks are those who want to know at once.
	asks chan chan struct{}
	away atomic.Bool
	// behind is the lag of the standby in nanoseconds, unknown when it does not answer.
	behind atomic.Int64
	// marks are positions of the primary's log, each with when it was there, that the standby has not reached yet.
	marks []mark

	end   context.CancelFunc
	ended sync.WaitGroup
}

type mark struct {
	position string
	at       time.Time
}

const (
	// watchEvery is how often the servers are asked.
	watchEvery = 500 * time.Millisecond
	// watchMost is how long each server may take to answer before it counts as away.
	watchMost = time.Second
	// unknown is the lag of a standby that does not answer.
	unknown = -1
)

// openReaders finds where to read while there is no primary: on the standby that was named, or on any other host of the
// primary's address.
func (d *DB) openReaders(ctx context.Context, primary *pgxpool.Config, o options) error {
	cfg := primary.Copy()
	switch {
	case o.standby != "":
		var err error
		if cfg, err = poolConfig(o.standby); err != nil {
			return fmt.Errorf("standby: %w", err)
		}
		cfg.ConnConfig.ValidateConnect = nil // it need not take writes
		cfg.ConnConfig.Tracer = o.tracer
	case several(primary.ConnConfig):
		cfg.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPreferStandby
	default:
		return nil
	}
	cfg.MinIdleConns = 0
	var err error
	// That it cannot be reached just now is no reason not to start.
	if d.readers, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg); err != nil {
		return fmt.Errorf("open standby: %w", err)
	}
	watching, end := context.WithCancel(context.WithoutCancel(ctx))
	d.watch = &watch{log: o.log, cfg: primary.ConnConfig.Copy(), asks: make(chan chan struct{}), end: end}
	d.watch.cfg.ConnectTimeout = watchMost
	d.watch.patience = time.Duration(2+len(d.watch.cfg.Fallbacks)) * watchMost
	d.watch.behind.Store(unknown)
	d.watch.ended.Go(func() { d.keepWatch(watching) })
	return nil
}

func (w *watch) close() {
	w.end()
	w.ended.Wait()
}

// Away reports whether there is no primary just now, but somewhere to read.
func (d *DB) Away() bool { return d.watch != nil && d.watch.away.Load() }

// Settle finds out what an error of the server means and reports whether it is worth reading again: then there is
// somewhere to read, which may not have been known.
func (d *DB) Settle(ctx context.Context, err error) bool {
	if d.watch == nil || !Away(err) && !ReadOnly(err) {
		return false
	}
	asked := make(chan struct{})
	select {
	case d.watch.asks <- asked:
	case <-ctx.Done():
		return false
	}
	select {
	case <-asked:
		return true
	case <-ctx.Done():
		return false
	}
}

// keepWatch asks the servers until ctx ends.
func (d *DB) keepWatch(ctx context.Context) {
	w := d.watch
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		d.look(ctx)
		select {
		case <-ctx.Done():
			if w.conn != nil {
				_ = w.conn.Close(context.WithoutCancel(ctx))
			}
			return
		case asked := <-w.asks:
			d.look(ctx)
			close(asked)
		case <-tick.C:
		}
	}
}

// look asks the primary where it is and the standby how far it has come.
func (d *DB) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, d.watch.patience)
	defer cancel()
	position, err := d.watch.primary(ctx)
	if err != nil && ctx.Err() == nil { // perhaps only the connection is gone
		position, err = d.watch.primary(ctx)
	}
	if was := d.watch.away.Swap(err != nil); was != (err != nil) {
		d.changed(err)
	}
	if d.standby {
		d.watch.compare(ctx, d.readers, position)
	}
}

// changed lets go of connections to a server that is no primary any more.
func (d *DB) changed(err error) {
	d.pool.Reset()
	if err != nil {
		d.watch.log.Warn("no database takes writes: pages read from another one", "error", err)
		return
	}
	d.watch.log.Info("there is a database again that takes writes")
}

// primary returns the position of the primary's log.
func (w *watch) primary(ctx context.Context) (position string, err error) {
	if w.conn == nil {
		if w.conn, err = pgx.ConnectConfig(ctx, w.cfg); err != nil {
			return "", err
		}
	}
	var following bool
	err = w.conn.QueryRow(ctx, `
		SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_current_wal_lsn()::text END`).Scan(&following, &position)
	if err == nil && following {
		err = errors.New("the server has become a standby")
	}
	if err != nil {
		_ = w.conn.Close(ctx)
		w.conn = nil
	}
	return position, err
}

// compare works out how far the standby is behind: for how long it has not reached a position that the primary had.
// Unlike the time of the last change this is right when nothing changes, and when the standby has lost its primary.
func (w *watch) compare(ctx context.Context, standby *pgxpool.Pool, position string) {
	now := time.Now()
	if position != "" {
		w.marks = append(w.marks, mark{position, now})
	}
	for len(w.marks) > 0 {
		var reached bool
		err := standby.QueryRow(ctx, `
			SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= $1::text::pg_lsn`, w.marks[0].position).Scan(&reached)
		if err != nil {
			w.behind.Store(unknown)
			// Marks beyond these tell nothing more: they would only grow while the standby is away.
			w.marks = w.marks[:min(len(w.marks), 1000)]
			return
		}
		if !reached {
			w.behind.Store(int64(now.Sub(w.marks[0].at)))
			w.marks = w.marks[:min(len(w.marks), 1000)]
			return
		}
		w.marks = w.marks[1:]
	}
	w.behind.Store(0)
}

// Following says how the standby for heavy reading fares: whether one was named, whether it answers, and how far it is
// behind.
func (d *DB) Following() (named, answers bool, lag time.Duration) {
	if !d.standby {
		return false, false, 0
	}
	lag = time.Duration(d.watch.behind.Load())
	return true, lag != unknown, max(lag, 0)
}

// LagMost is how far the standby may be behind for anybody to read there.
const LagMost = 5 * time.Second

type lagKey struct{}

// MayLag returns a context under which Heavy reads what may be some seconds old.
func MayLag(ctx context.Context) context.Context { return context.WithValue(ctx, lagKey{}, true) }

// Lags reports whether what is read under ctx may be some seconds old.
func Lags(ctx context.Context) bool { return ctx.Value(lagKey{}) != nil }

// Heavy is where to read much at a time: the standby where one was named that keeps up, and the context allows for its
// lag; else what Pool gives.
func (d *DB) Heavy(ctx context.Context) *pgxpool.Pool {
	if named, answers, lag := d.Following(); named && answers && lag <= LagMost && Lags(ctx) {
		return d.readers
	}
	return d.Pool()
}
