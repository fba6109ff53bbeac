package db_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
)

// TestTheLogDoesNotRepeatValues that PostgreSQL could not read, whichever way they are written.
func TestTheLogDoesNotRepeatValues(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	for _, sql := range []string{
		`SELECT $1::text::int`, `SELECT $1::text::uuid`, `SELECT $1::text::timestamptz`, `SELECT $1::text::jsonb`, `SELECT $1::text::inet`,
	} {
		_, err := d.Pool().Exec(t.Context(), sql, `Robin "Vale" Ostberg`)
		if err == nil {
			t.Fatalf("%s is no error", sql)
		}
		var out bytes.Buffer
		slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: db.Redact})).Error("request failed", "error", fmt.Errorf("read: %w", err))
		if said := out.String(); strings.Contains(said, "Vale") || strings.Contains(said, "Ostberg") || !strings.Contains(said, "SQLSTATE 22") || !strings.Contains(said, "read: ") {
			t.Errorf("%s: %s", sql, said)
		}
	}
}
