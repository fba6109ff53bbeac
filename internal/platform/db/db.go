// Package db opens the database and runs transactions. Its rule: no write without its audit entry in the same
// transaction. It owns the tables audit_entries and audit_values; reading them is internal/audit's.
package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"time"

	gojson "github.com/goccy/go-json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Querier runs SQL: the pool, a transaction, or a Tx. Lower-case functions of the features take one.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// DB is the application's database.
type DB struct {
	pool *pgxpool.Pool
	now  func() time.Time
	// writers bounds how many connections writes take: some are left for reading while commits wait, as they do for a
	// standby that has gone.
	writers chan struct{}
	// readers is where pages read while there is no primary; nil where nothing else is known than the primary.
	readers *pgxpool.Pool
	// standby says that readers was named for heavy reading too.
	standby bool
	watch   *watch // nil without readers
}

// Option is something else that Open is told.
type Option func(*options)

type options struct {
	standby string
	log     *slog.Logger
	tracer  pgx.QueryTracer
}

// Standby names a database that follows the primary, for heavy reading; empty for none.
func Standby(url string) Option { return func(o *options) { o.standby = url } }

// Log receives that the primary is away, and back.
func Log(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// Tracer is told of each statement; nil for nobody.
func Tracer(tracer pgx.QueryTracer) Option { return func(o *options) { o.tracer = tracer } }

// Open connects to the database at url and checks that it answers. Where url names several hosts, the primary is
// whichever of them takes writes, also after it has changed; see [DB.Pool] for when none does.
func Open(ctx context.Context, url string, opts ...Option) (*DB, error) {
	o := options{log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&o)
	}
	cfg, err := poolConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.ConnConfig.Tracer = o.tracer
	pool, err := openPool(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d := &DB{pool: pool, now: time.Now, standby: o.standby != "", writers: make(chan struct{}, max(1, cfg.MaxConns-leftToRead))}
	if err := d.openReaders(ctx, cfg, o); err != nil {
		pool.Close()
		return nil, err
	}
	return d, nil
}

// leftToRead is how many connections writes leave.
const leftToRead = 2

// poolConfig is the configuration of a pool on the primary at url.
func poolConfig(url string) (*pgxpool.Config, error) {
	cfg, err := ParseURL(url)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = int32(max(8, 2*runtime.NumCPU()))
	}
	cfg.MinIdleConns = 2
	cfg.ConnConfig.RuntimeParams["application_name"] = "gatehouse"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// Plans here are cheap index look-ups; compiling them to machine code costs more than it saves.
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	cfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		// Pages read documents far more often than they write them; this decoder takes a third of the time.
		kept := &pgtype.JSONBCodec{Marshal: json.Marshal, Unmarshal: gojson.Unmarshal}
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "jsonb", OID: pgtype.JSONBOID, Codec: kept})
		made := &pgtype.JSONCodec{Marshal: json.Marshal, Unmarshal: gojson.Unmarshal}
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "json", OID: pgtype.JSONOID, Codec: made})
		return nil
	}
	return cfg, nil
}

// connectTime bounds one attempt to reach one host, unless the address says otherwise.
const connectTime = 3 * time.Second

// ParseURL reads the address of a primary. Of several hosts it is the one that takes writes, unless the address says
// otherwise.
func ParseURL(url string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if !strings.Contains(url, "connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = connectTime
	}
	if several(cfg.ConnConfig) && cfg.ConnConfig.ValidateConnect == nil {
		cfg.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return cfg, nil
}

// several reports whether an address names more than one server. Further ways to one host, with and without
// encryption, are none.
func several(cfg *pgx.ConnConfig) bool {
	return slices.ContainsFunc(cfg.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != cfg.Host || f.Port != cfg.Port })
}

func openPool(ctx context.Context, cfg *pgxpool.Config) (*pgxpool.Pool, error) {
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return pool, nil
}

// Close closes all connections.
func (d *DB) Close() {
	if d.watch != nil {
		d.watch.close()
		d.readers.Close()
	}
	d.pool.Close()
}

// Pool is for single reads that need no transaction, and for COPY. While there is no primary it is one on a standby,
// where there is one: pages still read, and what would write fails with an error of which ReadOnly is true.
func (d *DB) Pool() *pgxpool.Pool {
	if d.Away() {
		return d.readers
	}
	return d.pool
}

// SetClock replaces the clock that Tx.Now and Now read; the demo uses it to tell its stories at their own time.
func (d *DB) SetClock(now func() time.Time) { d.now = now }

// Now is the current time, to the microsecond that the database keeps.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// Read runs fn in a read-only transaction on one snapshot, for several reads that must agree.
func (d *DB) Read(ctx context.Context, fn func(q Querier) error) error {
	return pgx.BeginTxFunc(ctx, d.Heavy(ctx), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error { return fn(tx) })
}

// WriteUnaudited runs fn in a transaction that leaves no audit entry: ingest bookkeeping, login-session touches.
// why says why it deserves none; the callers are listed in archtest.
func (d *DB) WriteUnaudited(ctx context.Context, why string, fn func(q Querier) error) error {
	if why == "" {
		return errors.New("WriteUnaudited needs a reason")
	}
	return d.writing(ctx, func() error { return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return fn(tx) }) })
}

// ErrNoPrimary is what writes fail with while no server takes them.
var ErrNoPrimary = errors.New("no database takes writes just now")

// writing runs a write, unless it is known that nobody takes it. A server that takes none any more is not asked again.
func (d *DB) writing(ctx context.Context, write func() error) error {
	if d.Away() {
		return ErrNoPrimary
	}
	select {
	case d.writers <- struct{}{}:
		defer func() { <-d.writers }()
	case <-ctx.Done():
		return fmt.Errorf("wait to write: %w", ctx.Err())
	}
	err := write()
	if ReadOnly(err) {
		d.pool.Reset()
	}
	return err
}

// Away reports whether err says that the server could not be reached, or is stopping or starting.
func Away(err error) bool {
	var dial *pgconn.ConnectError
	var pg *pgconn.PgError
	var network *net.OpError
	return errors.As(err, &dial) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &pg) && strings.HasPrefix(pg.Code, "57P")
}

// ReadOnly reports whether err says that nobody takes writes: there is no primary, or the server asked is a standby.
func ReadOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, ErrNoPrimary) || errors.As(err, &pg) && pg.Code == "25006"
}

// Violates returns the name of the constraint or unique index that err says was violated, or "".
func Violates(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && strings.HasPrefix(pg.Code, "23") {
		return pg.ConstraintName
	}
	return ""
}
