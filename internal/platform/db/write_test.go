package db_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

var ctx = context.Background()

func count(t *testing.T, d *db.DB, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Pool().QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func addJobless(tx *db.Tx, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO people (id, name, created_at, updated_at) VALUES ($1, $2, $3, $3)`, id.New(), name, tx.Now)
	return err
}

func TestWriteStoresTheEntryWithTheChange(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	subject, person := id.New(), id.New()
	err := d.Write(ctx, authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "person.renamed", SubjectKind: "person", SubjectID: subject, PersonID: person,
			Detail: map[string]any{"field": "name"}, Reason: "She told us",
			Changes: []db.Change{db.Changed("name", "Old Name", "New Name")}})
		return addJobless(tx, "New Name")
	})
	if err != nil {
		t.Fatal(err)
	}
	var entryID, commitment string
	if err := d.Pool().QueryRow(ctx, `SELECT id, commitments->>'name' FROM audit_entries WHERE subject_id = $1 AND actor_label = 'system:test'`,
		subject).Scan(&entryID, &commitment); err != nil {
		t.Fatal(err)
	}
	var salt []byte
	var c db.Change
	if err := d.Pool().QueryRow(ctx, `SELECT field, salt, old, new FROM audit_values WHERE entry_id = $1 AND field = 'name' AND person_id = $2`,
		entryID, person).Scan(&c.Field, &salt, &c.Old, &c.New); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(db.Commitment(salt, c)); got != commitment {
		t.Errorf("the entry commits to %s, the value gives %s", commitment, got)
	}
	if n := count(t, d, `SELECT count(*) FROM audit_entries WHERE detail::text LIKE '%Name%' OR commitments::text LIKE '%Name%' OR commitments::text LIKE '%told%'`); n != 0 {
		t.Error("the sealed part holds personal text")
	}
	if n := count(t, d, `SELECT count(*) FROM audit_values WHERE entry_id = $1 AND field = 'reason' AND new = 'She told us'`, entryID); n != 1 {
		t.Error("the reason is not kept beside the entry")
	}
}

func TestWriteWithoutAnEntryChangesNothing(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	err := d.Write(ctx, authz.System("test"), func(tx *db.Tx) error { return addJobless(tx, "Nobody") })
	if !errors.Is(err, db.ErrNoAuditEntry) {
		t.Errorf("error %v", err)
	}
	if n := count(t, d, `SELECT count(*) FROM people`); n != 0 {
		t.Errorf("%d rows are there all the same", n)
	}
}

func TestWriteRollsBackOnErrorAndPanicAndLeavesTheConnectionClean(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	broken := errors.New("broken")
	for range 20 { // more often than the pool has connections
		if err := d.Write(ctx, authz.System("test"), func(tx *db.Tx) error {
			tx.Record(db.Entry{Action: "x.y", SubjectKind: "x", SubjectID: "1"})
			return errors.Join(addJobless(tx, "Nobody"), broken)
		}); !errors.Is(err, broken) {
			t.Fatalf("error %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = d.Write(ctx, authz.System("test"), func(tx *db.Tx) error { panic(addJobless(tx, "Nobody")) })
		}()
	}
	if n := count(t, d, `SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM audit_entries)`); n != 0 {
		t.Errorf("%d rows are there all the same", n)
	}
	if n := count(t, d, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`); n != 0 {
		t.Errorf("%d connections are left inside a transaction", n)
	}
}

func TestWriteRollsBackWhenTheCallerGivesUp(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	short, cancel := context.WithCancel(ctx)
	err := d.Write(short, authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "x.y", SubjectKind: "x", SubjectID: "1"})
		err := addJobless(tx, "Nobody")
		cancel()
		return err
	})
	if err == nil {
		t.Error("no error")
	}
	if n := count(t, d, `SELECT count(*) FROM people`); n != 0 {
		t.Errorf("%d rows are there all the same", n)
	}
}

func TestWriteNeedsAnActor(t *testing.T) {
	t.Parallel()
	if err := dbtest.New(t).Write(ctx, authz.Actor{}, func(*db.Tx) error { return nil }); err == nil {
		t.Error("a write by nobody was accepted")
	}
}

func TestTheAuditLogTakesInsertsOnly(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	if err := d.Write(ctx, authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "x.y", SubjectKind: "x", SubjectID: "1", Changes: []db.Change{db.Changed("name", "", "n")}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE audit_entries SET action = 'z'`, `DELETE FROM audit_entries`, `TRUNCATE audit_entries CASCADE`,
		`UPDATE audit_values SET new = 'other'`,
	} {
		if _, err := d.Pool().Exec(ctx, sql); err == nil {
			t.Errorf("accepted: %s", sql)
		}
	}
	if _, err := d.Pool().Exec(ctx, `DELETE FROM audit_values`); err != nil {
		t.Errorf("a value cannot be erased: %v", err)
	}
}

func TestNowIsOneTimeForTheTransactionAndFollowsTheClock(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	past := time.Date(2026, 5, 1, 9, 30, 0, 123456789, time.UTC)
	d.SetClock(func() time.Time { return past })
	if err := d.Write(ctx, authz.System("test"), func(tx *db.Tx) error {
		if want := past.Truncate(time.Microsecond); !tx.Now.Equal(want) {
			t.Errorf("now is %v, want %v", tx.Now, want)
		}
		tx.Record(db.Entry{Action: "x.y", SubjectKind: "x", SubjectID: "1"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, d, `SELECT count(*) FROM audit_entries WHERE at = $1`, past.Truncate(time.Microsecond)); n != 1 {
		t.Error("the entry has another time")
	}
}

func TestWriteUnauditedNeedsAReason(t *testing.T) {
	t.Parallel()
	if err := dbtest.New(t).WriteUnaudited(ctx, "", func(db.Querier) error { return nil }); err == nil {
		t.Error("accepted without a reason")
	}
}

// TestWhateverComesFirstIsInTheTransaction: BEGIN rides with the first statement, whichever way that is sent.
func TestWhateverComesFirstIsInTheTransaction(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	broken := errors.New("broken")
	const insert = `INSERT INTO people (id, name, created_at, updated_at) VALUES ($1, 'Somebody', now(), now())`
	firsts := map[string]func(tx *db.Tx) error{
		"nothing": func(*db.Tx) error { return nil },
		"exec":    func(tx *db.Tx) error { return addJobless(tx, "Somebody") },
		"exec bad": func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO people (id) VALUES ($1)`, id.New())
			return err
		},
		"query": func(tx *db.Tx) error {
			rows, err := tx.Query(ctx, insert+` RETURNING name`, id.New())
			if err != nil {
				return err
			}
			names, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err == nil && (len(names) != 1 || names[0] != "Somebody") {
				t.Errorf("returned %v", names)
			}
			return err
		},
		"query bad": func(tx *db.Tx) error {
			rows, _ := tx.Query(ctx, `INSERT INTO people (id) VALUES ($1) RETURNING id`, id.New())
			_, err := pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		},
		"row": func(tx *db.Tx) error {
			var name string
			return tx.QueryRow(ctx, insert+` RETURNING name`, id.New()).Scan(&name)
		},
		"row bad": func(tx *db.Tx) error {
			var n int
			return tx.QueryRow(ctx, `SELECT 1 FROM people WHERE false`).Scan(&n)
		},
		"batch": func(tx *db.Tx) error {
			var b pgx.Batch
			heard := false
			b.Queue(insert, id.New())
			b.Queue(`SELECT count(*) FROM people`).QueryRow(func(row pgx.Row) error {
				heard = true
				var n int
				return row.Scan(&n)
			})
			err := tx.SendBatch(ctx, &b).Close()
			if err == nil && !heard {
				t.Error("the second statement of the batch was not heard of")
			}
			return err
		},
		"copy": func(tx *db.Tx) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"people"}, []string{"id", "name", "created_at", "updated_at"},
				pgx.CopyFromRows([][]any{{id.New(), "Somebody", tx.Now, tx.Now}}))
			return err
		},
	}
	for name, first := range firsts {
		for _, end := range []error{nil, broken} {
			before := count(t, d, `SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM audit_entries)`)
			err := d.Write(ctx, authz.System("test"), func(tx *db.Tx) error {
				tx.Record(db.Entry{Action: "x.y", SubjectKind: "x", SubjectID: "1"})
				if err := first(tx); err != nil {
					return err
				}
				if open := tx.QueryRow(ctx, `SELECT 1 WHERE now() < statement_timestamp()`).Scan(new(int)); open != nil && name != "nothing" {
					t.Errorf("%s: no transaction is open: %v", name, open)
				}
				return end
			})
			wrote := count(t, d, `SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM audit_entries)`) - before
			want := 0
			switch bad := strings.HasSuffix(name, "bad"); {
			case bad && err == nil, !bad && !errors.Is(err, end):
				t.Errorf("%s: error %v", name, err)
			case err == nil && name == "nothing":
				want = 1
			case err == nil:
				want = 2
			}
			if wrote != want {
				t.Errorf("%s, ending with %v: %d rows written, want %d", name, end, wrote, want)
			}
		}
	}
	if n := count(t, d, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`); n != 0 {
		t.Errorf("%d connections are left inside a transaction", n)
	}
}

// TestWritesThatWaitLeavePagesToRead: a commit may wait for long, as for a standby that has gone.
func TestWritesThatWaitLeavePagesToRead(t *testing.T) {
	t.Parallel()
	address := dbtest.URL(t)
	joint := "?"
	if strings.Contains(address, "?") {
		joint = "&"
	}
	d, err := db.Open(ctx, address+joint+"pool_max_conns=3")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	stuck, goOn, ended := make(chan struct{}, 1), make(chan struct{}), make(chan error)
	for range 5 {
		go func() {
			ended <- d.Write(ctx, authz.System("test"), func(tx *db.Tx) error {
				tx.Record(db.Entry{Action: "x.y", SubjectKind: "x", SubjectID: "1"})
				select {
				case stuck <- struct{}{}:
				default:
				}
				<-goOn
				return addJobless(tx, "Somebody")
			})
		}()
	}
	<-stuck
	if n := count(t, d, `SELECT count(*) FROM people`); n != 0 {
		t.Errorf("%d rows", n)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := d.WriteUnaudited(short, "a test", func(db.Querier) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one write more ends with %v", err)
	}
	close(goOn)
	for range 5 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestACommitWhoseAnswerIsLostIsUnsure: it is stored, and the caller is told that it may be.
func TestACommitWhoseAnswerIsLostIsUnsure(t *testing.T) {
	t.Parallel()
	address := dbtest.URL(t)
	lossy, lose := dbtest.Lossy(t, address)
	d, err := db.Open(ctx, lossy)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	write := func(fn func(*db.Tx) error) error {
		return d.Write(ctx, authz.System("test"), func(tx *db.Tx) error {
			tx.Record(db.Entry{Action: "x.y", SubjectKind: "x", SubjectID: "1"})
			return fn(tx)
		})
	}
	refused := write(func(tx *db.Tx) error { return addJobless(tx, strings.Repeat("x", 100_000)+"\x00") })
	if refused == nil || errors.Is(refused, db.ErrUnsure) {
		t.Errorf("a write that is refused ends with %v", refused)
	}
	lose()
	if err := write(func(tx *db.Tx) error { return addJobless(tx, "Somebody") }); !errors.Is(err, db.ErrUnsure) {
		t.Errorf("a commit without an answer ends with %v", err)
	}
	whole, err := db.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if n := count(t, whole, `SELECT count(*) FROM people WHERE name = 'Somebody'`); n != 1 {
		t.Errorf("%d rows are there", n)
	}
}
