package dbtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewIsFreshAndCurrent(t *testing.T) {
	t.Parallel()
	for range 2 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			d := New(t)
			var super bool
			var tables int
			must(t, d.Pool().QueryRow(t.Context(), `
				SELECT rolsuper, (SELECT count(*) FROM pg_tables WHERE tablename = 'audit_entries')
				FROM   pg_roles WHERE rolname = current_user`).Scan(&super, &tables))
			if super || tables != 1 {
				t.Errorf("superuser %v, audit tables %d", super, tables)
			}
			// Fails in the second database if that is not one of its own.
			_, err := d.Pool().Exec(t.Context(), "CREATE TABLE mine (n int)")
			must(t, err)
		})
	}
}

func TestPassedIsDropped(t *testing.T) {
	t.Parallel()
	s, err := shared()
	must(t, err)
	var name string
	t.Run("passing", func(t *testing.T) { name = databaseOf(t, URL(t)) })
	if slices.Contains(databases(t, s), name) {
		t.Errorf("%s is still there", name)
	}
}

func databaseOf(t *testing.T, url string) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	must(t, err)
	return cfg.Database
}

func databases(t *testing.T, s *server) []string {
	t.Helper()
	rows, _ := s.admin.Query(t.Context(), "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", testPrefix)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return names
}

// failed is a test that fails without failing the real one.
type failed struct {
	testing.TB
	cleanups []func()
	log      []string
}

func (f *failed) Failed() bool             { return true }
func (f *failed) Cleanup(fn func())        { f.cleanups = append(f.cleanups, fn) }
func (f *failed) Context() context.Context { return context.Background() }
func (f *failed) Logf(format string, args ...any) {
	f.log = append(f.log, fmt.Sprintf(format, args...))
}

func (f *failed) finish() {
	for _, fn := range slices.Backward(f.cleanups) {
		fn()
	}
}

func TestFailedIsKeptWithinBounds(t *testing.T) {
	t.Parallel()
	// On a server of its own: the shared one would stay for what is kept here.
	s := startClient(t, newBase(t)).connect(t)
	var last string
	for range keptMost + 2 {
		f := &failed{TB: t}
		last = s.lend(f)
		f.finish()
		if len(f.log) != 1 || !strings.Contains(f.log[0], last) {
			t.Fatalf("the address is not printed: %q", f.log)
		}
	}
	kept, err := s.kept(t.Context())
	must(t, err)
	if len(kept) != keptMost || kept[0] != databaseOf(t, last) {
		t.Errorf("%d kept, newest %s; want %d and %s", len(kept), kept[0], keptMost, last)
	}
	if all := databases(t, s); len(all) != keptMost {
		t.Errorf("%d databases are left", len(all))
	}
}

func TestPrunedTemplateIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := startClient(t, newBase(t)).connect(t)
	t.Run("first", func(t *testing.T) { s.lend(t) })
	_, err := s.admin.Exec(t.Context(), "DROP DATABASE "+quote(s.template))
	must(t, err)
	t.Run("second", func(t *testing.T) { s.lend(t) })
}

func TestDigestTellsMigrationsApart(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	seen := map[string]int{}
	for i, files := range []fstest.MapFS{
		{"1.sql": file("a")},
		{"1.sql": file("b")},
		{"2.sql": file("a")},
		{"1.sql": file("a"), "2.sql": file("")},
	} {
		sum, err := digest(files)
		must(t, err)
		if other, ok := seen[sum]; ok {
			t.Errorf("%d and %d have the same digest", other, i)
		}
		seen[sum] = i
	}
}

// BenchmarkURL is what a test pays for its database.
func BenchmarkURL(b *testing.B) {
	s, err := shared()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		name, err := s.create(b.Context())
		if err == nil {
			err = s.drop(b.Context(), name)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
