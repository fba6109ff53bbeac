// Package db opens the database and runs transactions. Its rule: no write without its audit entry in the same
// transaction. It owns the tables audit_entries and audit_values; reading them is internal/audit's.
package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
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
}

// Open connects to the database at url and checks that it answers.
func Open(ctx context.Context, url string) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
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
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return &DB{pool: pool, now: time.Now}, nil
}

// Close closes all connections.
func (d *DB) Close() { d.pool.Close() }

// Pool is for single reads that need no transaction, and for COPY.
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

// SetClock replaces the clock that Tx.Now and Now read; the demo uses it to tell its stories at their own time.
func (d *DB) SetClock(now func() time.Time) { d.now = now }

// Now is the current time, to the microsecond that the database keeps.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// Read runs fn in a read-only transaction on one snapshot, for several reads that must agree.
func (d *DB) Read(ctx context.Context, fn func(q Querier) error) error {
	return pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error { return fn(tx) })
}

// WriteUnaudited runs fn in a transaction that leaves no audit entry: ingest bookkeeping, login-session touches.
// why says why it deserves none; the callers are listed in archtest.
func (d *DB) WriteUnaudited(ctx context.Context, why string, fn func(q Querier) error) error {
	if why == "" {
		return errors.New("WriteUnaudited needs a reason")
	}
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return fn(tx) })
}

// Away reports whether err says that the server could not be reached, or is stopping or starting.
func Away(err error) bool {
	var dial *pgconn.ConnectError
	var pg *pgconn.PgError
	var network *net.OpError
	return errors.As(err, &dial) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &pg) && strings.HasPrefix(pg.Code, "57P")
}

// ReadOnly reports whether err says that the server takes no writes, as a standby does.
func ReadOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}

// Violates returns the name of the constraint or unique index that err says was violated, or "".
func Violates(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && strings.HasPrefix(pg.Code, "23") {
		return pg.ConstraintName
	}
	return ""
}
