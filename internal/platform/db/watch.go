package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A watch knows whether there is a primary, and how far the standby is behind. It asks on connections of its own, so
// that a busy pool is not taken for an absent server.
type watch struct {
	log *slog.Logger
	// How the two are reached; followerAt is nil where no standby is named for reading.
	primaryAt, followerAt *pgx.ConnConfig
	primary, follower     *pgx.Conn // nil when it has to be found
	// asks are those who want to know at once.
	asks chan chan struct{}
	away atomic.Bool
	// behind is the lag of the standby in nanoseconds, unknown when it does not answer.
	behind atomic.Int64
	// marks are positions of the primary's log, each with when it was there, that the standby has not reached yet.
	marks []mark
	// met says that the standby has reached a mark since it was connected to. Before, nothing is known of what it lacks.
	met bool

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
		cfg.ConnConfig.Tracer = o.tracer
		// It need not take writes; of several, one that follows spares the primary.
		if !strings.Contains(o.standby, "target_session_attrs") {
			cfg.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPreferStandby
		}
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
	d.watch = &watch{log: o.log, primaryAt: watched(primary), asks: make(chan chan struct{}), end: end}
	if d.standby {
		d.watch.followerAt = watched(cfg)
	}
	d.watch.behind.Store(unknown)
	d.watch.ended.Go(func() { d.keepWatch(watching) })
	return nil
}

// watched is how a watch reaches a server of a pool: under a name of its own, so that those who look at the server's
// connections can tell reading from watching.
func watched(cfg *pgxpool.Config) *pgx.ConnConfig {
	at := cfg.ConnConfig.Copy()
	at.ConnectTimeout = watchMost
	at.RuntimeParams["application_name"] += " watch"
	return at
}

// patience is how long all servers of an address together may take to answer.
func patience(at *pgx.ConnConfig) time.Duration {
	return time.Duration(2+len(at.Fallbacks)) * watchMost
}

func (w *watch) close() {
	w.end()
	w.ended.Wait()
}

// Away reports whether there is no primary just now, but somewhere to read.
func (d *DB) Away() bool { return d.watch != nil && d.watch.away.Load() }

// Settle finds out what an error of the server means and reports whether it is worth reading again under [Current]: the
// standby broke the read off, or there is somewhere to read, which may not have been known.
func (d *DB) Settle(ctx context.Context, err error) bool {
	if d.watch == nil {
		return false
	}
	if d.standby && brokenOff(err) {
		return ctx.Err() == nil
	}
	if !Away(err) && !ReadOnly(err) {
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
			for _, conn := range []*pgx.Conn{w.primary, w.follower} {
				if conn != nil {
					_ = conn.Close(context.WithoutCancel(ctx))
				}
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
	position, err := d.watch.position(ctx)
	if was := d.watch.away.Swap(err != nil); was != (err != nil) {
		d.changed(err)
	}
	if d.standby {
		d.watch.compare(ctx, position)
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

// position is where the primary's log is.
func (w *watch) position(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience(w.primaryAt))
	defer cancel()
	position, err := w.askPrimary(ctx)
	if err != nil && ctx.Err() == nil { // perhaps only the connection is gone
		position, err = w.askPrimary(ctx)
	}
	return position, err
}

func (w *watch) askPrimary(ctx context.Context) (position string, err error) {
	if w.primary == nil {
		if w.primary, err = pgx.ConnectConfig(ctx, w.primaryAt); err != nil {
			return "", err
		}
	}
	var following bool
	err = w.primary.QueryRow(ctx, `
		SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_current_wal_lsn()::text END`).Scan(&following, &position)
	if err == nil && following {
		err = errors.New("the server has become a standby")
	}
	if err != nil {
		_ = w.primary.Close(ctx)
		w.primary = nil
	}
	return position, err
}

// compare works out how far the standby is behind: for how long it has not reached a position that the primary had.
// Unlike the time of the last change this is right when nothing changes, and when the standby has lost its primary.
func (w *watch) compare(ctx context.Context, position string) {
	ctx, cancel := context.WithTimeout(ctx, patience(w.followerAt))
	defer cancel()
	now := time.Now()
	if position != "" {
		w.marks = append(w.marks, mark{position, now})
	}
	if len(w.marks) == 0 { // that it answers is all there is to ask
		w.marks = append(w.marks, mark{"0/0", now})
	}
	for len(w.marks) > 0 {
		reached, since, err := w.askFollower(ctx, w.marks[0].position)
		if err != nil || !reached {
			behind := now.Sub(w.marks[0].at)
			if !w.met {
				behind = max(behind, since, LagMost+watchEvery)
			}
			if err != nil {
				behind, w.met = unknown, false
			}
			w.behind.Store(int64(behind))
			// Marks beyond these tell nothing more: they would only grow while the standby is away.
			w.marks = w.marks[:min(len(w.marks), 1000)]
			return
		}
		w.met, w.marks = true, w.marks[1:]
	}
	w.behind.Store(0)
}

// askFollower asks the standby whether it has reached a position, and how long ago what it last took in was written. The
// latter says little while nothing is written: it is for when nothing better is known.
func (w *watch) askFollower(ctx context.Context, position string) (reached bool, since time.Duration, err error) {
	if w.follower == nil {
		if w.follower, err = pgx.ConnectConfig(ctx, w.followerAt); err != nil {
			return false, 0, err
		}
	}
	var seconds float64
	err = w.follower.QueryRow(ctx, `
		SELECT NOT pg_is_in_recovery() OR coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false),
		       coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float8`, position).Scan(&reached, &seconds)
	if err != nil {
		_ = w.follower.Close(ctx)
		w.follower = nil
	}
	return reached, time.Duration(seconds * float64(time.Second)), err
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

// MayLag returns a context under which Heavy reads what may be some seconds old, unless it is one of [Current].
func MayLag(ctx context.Context) context.Context {
	if ctx.Value(lagKey{}) != nil {
		return ctx
	}
	return context.WithValue(ctx, lagKey{}, true)
}

// Current returns a context under which everything reads what is so now, also where somebody says MayLag.
func Current(ctx context.Context) context.Context { return context.WithValue(ctx, lagKey{}, false) }

// Lags reports whether what is read under ctx may be some seconds old.
func Lags(ctx context.Context) bool { return ctx.Value(lagKey{}) == true }

// Heavy is where to read much at a time: the standby where one was named that keeps up, and the context allows for its
// lag; else what Pool gives.
func (d *DB) Heavy(ctx context.Context) *pgxpool.Pool {
	if named, answers, lag := d.Following(); named && answers && lag <= LagMost && Lags(ctx) {
		return d.readers
	}
	return d.Pool()
}

// brokenOff reports whether err is how a standby ends a read: the primary changed what it was reading, by a vacuum or a
// lock, and the standby had to follow; or somebody who looks after it cancelled what took too long.
func brokenOff(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains([]string{"40001", "40P01", "57014"}, pg.Code)
}
