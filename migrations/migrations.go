// Package migrations holds the database schema as numbered goose migrations and brings a database up to date.
// It owns no tables of its own; schema.sql beside the migrations is the whole schema as they leave it.
package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

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
	return up(ctx, url, FS)
}

func up(ctx context.Context, url string, files fs.FS) (applied int, err error) {
	err = withProvider(url, files, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		applied = len(results)
		return explained(err)
	})
	return applied, err
}

// explained says which migration failed, what of it and before it is in the database, and what to do. Each migration is one
// transaction, so that a failed one has left nothing.
func explained(err error) error {
	var failed *goose.PartialError
	if !errors.As(err, &failed) {
		return err
	}
	name := func(r *goose.MigrationResult) string { return path.Base(r.Source.Path) }
	before, then := "No other was applied, so the database is as it was", "start the Gatehouse that ran before: it can go on"
	if len(failed.Applied) > 0 {
		names := make([]string, len(failed.Applied))
		for i, r := range failed.Applied {
			names[i] = name(r)
		}
		before = "Those before it were applied and stay: " + strings.Join(names, ", ")
		then = "start the Gatehouse that ran before if people cannot wait: most migrations only add to what it knows; " +
			"if it does not start or its pages fail, put the backup back with it (gatehouse restore)"
	}
	return fmt.Errorf("migration %s failed and was rolled back whole: nothing of it is in the database. %s. "+
		"Keep the backup that you made before updating, report this message, and %s. The cause: %w", name(failed.Failed), before, then, failed.Err)
}

// UpTo applies the pending migrations up to a version, for a database that is to take the rows of an older one.
func UpTo(ctx context.Context, url string, version int64) error {
	return withProvider(url, FS, func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, version)
		return err
	})
}

// Newest is the version that this program brings a database to.
func Newest() (int64, error) {
	names, err := fs.Glob(FS, "[0-9]*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// Pending reports whether the database at url lacks a migration that this program knows.
func Pending(ctx context.Context, url string) (pending bool, err error) {
	err = withProvider(url, FS, func(p *goose.Provider) error {
		pending, err = p.HasPending(ctx)
		return err
	})
	return pending, err
}

func withProvider(url string, files fs.FS, fn func(*goose.Provider) error) error {
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
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, files, goose.WithSessionLocker(locker),
		goose.WithExcludeNames([]string{"schema.sql"}))
	if err != nil && !errors.Is(err, goose.ErrNoMigrations) {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := fn(provider); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
