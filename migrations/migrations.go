// Package migrations holds the database schema as numbered goose migrations and brings a database up to date.
// It owns no tables of its own; schema.sql beside the migrations is the whole schema as they leave it.
package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"gatehouse/internal/platform/db"
)

// FS holds the numbered migration files.
//
//go:embed *.sql
var FS embed.FS

// Up applies all pending migrations to the database at url and returns how many were applied.
// A session lock keeps two starting processes from migrating at once.
func Up(ctx context.Context, url string) (applied int, err error) {
	err = withProvider(url, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		applied = len(results)
		return err
	})
	return applied, err
}

// Pending reports whether the database at url lacks a migration that this program knows.
func Pending(ctx context.Context, url string) (pending bool, err error) {
	err = withProvider(url, func(p *goose.Provider) error {
		pending, err = p.HasPending(ctx)
		return err
	})
	return pending, err
}

func withProvider(url string, fn func(*goose.Provider) error) error {
	// The address may hold settings of the pool, which the server would take for its own and refuse.
	cfg, err := db.ParseURL(url)
	if err != nil {
		return err
	}
	conn := stdlib.OpenDB(*cfg.ConnConfig)
	defer conn.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, FS, goose.WithSessionLocker(locker),
		goose.WithExcludeNames([]string{"schema.sql"}))
	if err != nil && !errors.Is(err, goose.ErrNoMigrations) {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := fn(provider); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
