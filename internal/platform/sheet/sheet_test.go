package sheet_test

import (
	"strings"
	"testing"

	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/sheet"
)

type doc struct{ Words []string }

// world has a table of words, sheets of them, and the trigger that takes a sheet away.
func world(t *testing.T) (*db.DB, *sheet.Sheet[doc]) {
	t.Helper()
	t.Parallel()
	d := dbtest.New(t)
	exec(t, d, `
		CREATE TABLE lists (id uuid PRIMARY KEY);
		CREATE TABLE words (list_id uuid, word text);
		CREATE TABLE list_sheets (list_id uuid PRIMARY KEY, changed xid8 NOT NULL DEFAULT pg_current_xact_id(), shape text NOT NULL DEFAULT '', doc json);
		CREATE FUNCTION forget_list() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
		    UPDATE list_sheets SET doc = NULL, changed = pg_current_xact_id()
		    WHERE  list_id = NEW.list_id AND (doc IS NOT NULL OR changed <> pg_current_xact_id());
		    RETURN NULL;
		END $$;
		CREATE TRIGGER forget AFTER INSERT ON words FOR EACH ROW EXECUTE FUNCTION forget_list();
		INSERT INTO lists VALUES ('`+list+`');
		INSERT INTO list_sheets (list_id) VALUES ('`+list+`')`)
	return d, sheet.New[doc]("list_sheets", "list_id", `
		SELECT json_build_object('words', ARRAY(SELECT word FROM words w WHERE w.list_id = l.id ORDER BY word)) FROM lists l WHERE l.id = $1`)
}

const list = "0193a000-0000-7000-8000-000000000001"

func exec(t *testing.T, d *db.DB, sql string) {
	t.Helper()
	if _, err := d.Pool().Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// kept is what is kept, nil when it has to be made.
func kept(t *testing.T, d *db.DB, s *sheet.Sheet[doc]) *doc {
	t.Helper()
	var found *doc
	if err := d.Pool().QueryRow(t.Context(), `SELECT `+s.Kept("l.id")+` FROM lists l`).Scan(&found); err != nil {
		t.Fatal(err)
	}
	return found
}

func wants(t *testing.T, got *doc, words string) {
	t.Helper()
	if got == nil || strings.Join(got.Words, " ") != words {
		t.Errorf("the sheet says %+v, want %s", got, words)
	}
}

func TestAMadeSheetIsKeptUntilARowChanges(t *testing.T) {
	d, s := world(t)
	exec(t, d, `INSERT INTO words VALUES ('`+list+`', 'one')`)
	if got := kept(t, d, s); got != nil {
		t.Fatalf("kept before it was made: %+v", got)
	}
	made, err := s.Make(t.Context(), d, list)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, &made, "one")
	wants(t, kept(t, d, s), "one")
	exec(t, d, `INSERT INTO words VALUES ('`+list+`', 'two')`)
	if got := kept(t, d, s); got != nil {
		t.Errorf("kept after a change: %+v", got)
	}
	if err := s.Check(t.Context(), d, 10); err != nil {
		t.Error(err)
	}
	if _, err := s.Make(t.Context(), d, "0193a000-0000-7000-8000-000000000002"); err == nil {
		t.Error("a sheet of nothing was made")
	}
}

// TestASheetThatWasOvertakenIsNotKept: a change that commits between reading the rows and keeping the document wins.
func TestASheetThatWasOvertakenIsNotKept(t *testing.T) {
	d, s := world(t)
	tx, err := d.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `INSERT INTO words VALUES ('`+list+`', 'late')`); err != nil {
		t.Fatal(err)
	}
	made := make(chan error)
	go func() { // it reads without the word, and waits for the other to keep what it read
		_, err := s.Make(t.Context(), d, list)
		made <- err
	}()
	waitForLock(t, d)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	if got := kept(t, d, s); got != nil {
		t.Errorf("what was overtaken is kept: %+v", got)
	}
}

func waitForLock(t *testing.T, d *db.DB) {
	t.Helper()
	for range 1000 {
		var waits bool
		if err := d.Pool().QueryRow(t.Context(), `
			SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted), pg_sleep(0.01)::text IS NULL`).Scan(&waits, new(bool)); err != nil {
			t.Fatal(err)
		}
		if waits {
			return
		}
	}
	t.Fatal("nobody waits")
}

// TestACheckFindsAMissingTrigger: it is what tells that a row goes into a sheet without taking it away.
func TestACheckFindsAMissingTrigger(t *testing.T) {
	d, s := world(t)
	if _, err := s.Make(t.Context(), d, list); err != nil {
		t.Fatal(err)
	}
	exec(t, d, `ALTER TABLE words DISABLE TRIGGER forget; INSERT INTO words VALUES ('`+list+`', 'unseen')`)
	if err := s.Check(t.Context(), d, 10); err == nil || !strings.Contains(err.Error(), list) || strings.Contains(err.Error(), "unseen") {
		t.Errorf("the check says %v", err)
	}
}
