package db

import (
	"context"
	"fmt"
)

// Remember keeps a fact about the installation under a name, the first time, and returns what is kept: value, or what
// an earlier start wrote. A difference tells that something was swapped beneath the database.
func (d *DB) Remember(ctx context.Context, name, value string) (kept string, err error) {
	// Two instances may start together. The one that loses the race waits for the other's row, which a statement of
	// its own sees.
	if _, err := d.pool.Exec(ctx, `INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value); err != nil {
		return "", fmt.Errorf("remember %s: %w", name, err)
	}
	err = d.pool.QueryRow(ctx, `SELECT value FROM installation WHERE name = $1`, name).Scan(&kept)
	return kept, err
}

// Recall returns what is kept under a name; empty when there is nothing.
func (d *DB) Recall(ctx context.Context, name string) (kept string, err error) {
	err = d.pool.QueryRow(ctx, `SELECT coalesce((SELECT value FROM installation WHERE name = $1), '')`, name).Scan(&kept)
	return kept, err
}

// Note keeps a fact about the installation under a name, in place of what was kept before.
func (t *Tx) Note(ctx context.Context, name, value string) error {
	_, err := t.Exec(ctx, `INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
