package migrations_test

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/migrations"
)

// TestEachMigrationIsOneTransaction: what a failed migration did is rolled back, which is what its message promises.
func TestEachMigrationIsOneTransaction(t *testing.T) {
	for name, content := range files(t) {
		if strings.Contains(string(content.Data), "NO TRANSACTION") {
			t.Errorf("%s runs outside a transaction: say in the message of a failure what may be left of it", name)
		}
	}
}

// files are the migrations, to be added to.
func files(t *testing.T) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	names, err := fs.Glob(migrations.FS, "[0-9]*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: content}
	}
	return all
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// TestAFailedMigrationSaysWhatIsThereAndWhatToDo fails the first pending migration, then the second.
func TestAFailedMigrationSaysWhatIsThereAndWhatToDo(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	there := func(table string) (found bool) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	broken := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE half (id int);\nALTER TABLE nowhere ADD COLUMN x int;\n")}
	with := files(t)
	with["90002_broken.sql"] = broken
	applied, err := migrations.UpWith(t.Context(), url, with)
	says(t, err, "migration 90002_broken.sql failed", "nothing of it is in the database", "the database is as it was", "Keep the backup", "start the Gatehouse that ran before: it can go on", `"nowhere" does not exist`)
	if applied != 0 || there("half") {
		t.Errorf("applied %d, half of it there: %v", applied, there("half"))
	}

	with["90001_good.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE good (id int);\n")}
	_, err = migrations.UpWith(t.Context(), url, with)
	says(t, err, "migration 90002_broken.sql failed", "Those before it were applied and stay: 90001_good.sql", "gatehouse restore")
	if !there("good") || there("half") {
		t.Errorf("the one before it there: %v, half of it there: %v", there("good"), there("half"))
	}
	// The program that ran before starts on what is there now.
	if pending, err := migrations.Pending(t.Context(), url); err != nil || pending {
		t.Errorf("for the older program: pending %v, %v", pending, err)
	}
	if applied, err := migrations.Up(t.Context(), url); err != nil || applied != 0 {
		t.Errorf("for the older program: applied %d, %v", applied, err)
	}
}

func says(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("the message does not say %q: %v", w, err)
		}
	}
}

// TestMigratingKeepsWhatAnEarlierVersionHolds fills a database of an earlier version and migrates it to the newest.
func TestMigratingKeepsWhatAnEarlierVersionHolds(t *testing.T) {
	url := dbtest.Empty(t)
	const early = 12
	if err := migrations.UpTo(t.Context(), url, early); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	rows, err := os.ReadFile("testdata/00012.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), string(rows)); err != nil {
		t.Fatal(err)
	}
	count := func() map[string]int {
		t.Helper()
		found := map[string]int{}
		for _, table := range []string{"users", "people", "person_keys", "claims", "evidence_items", "evidence_links", "custody_events", "flags",
			"jobs", "applications", "engagements", "interviews", "cases", "case_members", "case_steps", "signals", "audit_entries"} {
			var n int
			if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if found[table] = n; n == 0 {
				t.Errorf("testdata has no row of %s", table)
			}
		}
		return found
	}
	before := count()
	if _, err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for table, n := range count() {
		if before[table] != n {
			t.Errorf("%s had %d rows and has %d", table, before[table], n)
		}
	}
	// What later migrations make of earlier rows: ticked items of steps became bits, people and cases got their sheets.
	var ticked, sheets int
	if err := conn.QueryRow(t.Context(), `SELECT (SELECT ticked FROM case_steps), (SELECT count(*) FROM person_sheets) + (SELECT count(*) FROM case_sheets)`).Scan(&ticked, &sheets); err != nil {
		t.Fatal(err)
	}
	if ticked != 0b101 || sheets != before["people"]+before["cases"] {
		t.Errorf("ticked items %b, want 101; %d sheets of %d people and cases", ticked, sheets, before["people"]+before["cases"])
	}
}
