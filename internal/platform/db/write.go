package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
)

// ErrNoAuditEntry is what Write returns, after rolling back, when nothing was recorded.
var ErrNoAuditEntry = errors.New("write without an audit entry: rolled back")

// Entry is one line of the audit log, as a feature records it.
type Entry struct {
	// Action is "<noun>.<past verb>", such as "scorecard.submitted".
	Action string
	// SubjectKind and SubjectID name what was acted on.
	SubjectKind, SubjectID string
	// PersonID and CaseID, where they apply, let the log be read per person and hide a case's entries from non-members.
	PersonID, CaseID string
	// Detail holds facts that are not personal: ids, counts, states.
	Detail map[string]any
	// Changes holds old and new values that may be personal. The entry keeps only salted commitments to them.
	Changes []Change
	// Reason is what the actor gave as reason; kept like a change, since people write names into reasons.
	Reason string
}

// Change is a field's old and new value; nil means there was or is none.
type Change struct {
	Field    string
	Old, New *string
}

// Changed is a Change from one value to another; an empty string counts as none.
func Changed(field, old, new string) Change {
	return Change{Field: field, Old: some(old), New: some(new)}
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Tx is a write transaction. Now is one time for all rows of it; Actor is who writes.
type Tx struct {
	conn    *pgx.Conn
	Now     time.Time
	Actor   authz.Actor
	entries []Entry
	// begun says that BEGIN was sent. It rides in one round trip with the first statement.
	begun bool
}

// Exec runs a statement that returns no rows.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.begun {
		return t.conn.Exec(ctx, sql, args...)
	}
	results := t.first(ctx, sql, args)
	tag, err := results.Exec()
	if closing := results.Close(); err == nil {
		err = closing
	}
	return tag, err
}

// Query runs a statement that returns rows.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if t.begun {
		return t.conn.Query(ctx, sql, args...)
	}
	results := t.first(ctx, sql, args)
	rows, err := results.Query()
	return &firstRows{Rows: rows, results: results}, err
}

// QueryRow runs a statement that returns at most one row.
func (t *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if t.begun {
		return t.conn.QueryRow(ctx, sql, args...)
	}
	rows, err := t.Query(ctx, sql, args...)
	return firstRow{rows, err}
}

// SendBatch runs several statements in one round trip.
func (t *Tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if t.begun {
		return t.conn.SendBatch(ctx, b)
	}
	return t.begin(ctx, b.QueuedQueries)
}

// CopyFrom loads rows by COPY.
func (t *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error) {
	if !t.begun {
		t.begun = true
		if _, err := t.conn.Exec(ctx, "BEGIN"); err != nil {
			return 0, err
		}
	}
	return t.conn.CopyFrom(ctx, table, columns, src)
}

// first sends BEGIN and a statement, and returns the results from that of the statement on.
func (t *Tx) first(ctx context.Context, sql string, args []any) pgx.BatchResults {
	var b pgx.Batch
	b.Queue(sql, args...)
	return t.begin(ctx, b.QueuedQueries)
}

// begin sends BEGIN and some statements, and returns the results from that of the first statement on. That BEGIN failed
// shows there too.
func (t *Tx) begin(ctx context.Context, statements []*pgx.QueuedQuery) pgx.BatchResults {
	t.begun = true
	b := pgx.Batch{}
	b.Queue("BEGIN")
	b.QueuedQueries = append(b.QueuedQueries, statements...)
	results := t.conn.SendBatch(ctx, &b)
	_, _ = results.Exec()
	return results
}

// firstRows are the rows of a first statement: with them end the results that they came in.
type firstRows struct {
	pgx.Rows
	results pgx.BatchResults
	closed  bool
	err     error
}

func (r *firstRows) Next() bool {
	more := r.Rows.Next()
	if !more {
		r.Close()
	}
	return more
}

func (r *firstRows) Close() {
	r.Rows.Close()
	if !r.closed {
		r.closed, r.err = true, r.results.Close()
	}
}

func (r *firstRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

type firstRow struct {
	rows pgx.Rows
	err  error
}

func (r firstRow) Scan(dest ...any) error {
	defer r.rows.Close()
	switch {
	case r.err != nil:
		return r.err
	case !r.rows.Next():
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// Record notes what happened; Write stores the notes with the transaction.
func (t *Tx) Record(e Entry) { t.entries = append(t.entries, e) }

// ActorID is the actor's id for an uuid column: nil for the system.
func (t *Tx) ActorID() *string { return some(t.Actor.ID) }

// Write runs fn in a transaction and stores what it recorded as the last statement before the commit, in one
// round trip with it. It rolls back when fn fails or recorded nothing (ErrNoAuditEntry).
func (d *DB) Write(ctx context.Context, actor authz.Actor, fn func(tx *Tx) error) error {
	if actor.Kind == "" {
		return errors.New("write without an actor")
	}
	return d.writing(ctx, func() error { return d.write(ctx, actor, fn) })
}

func (d *DB) write(ctx context.Context, actor authz.Actor, fn func(tx *Tx) error) error {
	return d.pool.AcquireFunc(ctx, func(pooled *pgxpool.Conn) error {
		// BEGIN and COMMIT are sent by hand so that each can ride in one round trip with what comes next to it.
		t := &Tx{conn: pooled.Conn(), Now: d.Now(), Actor: actor}
		committed := false
		defer func() {
			if t.begun && !committed {
				abandon(t.conn)
			}
		}()
		if err := fn(t); err != nil {
			return err
		}
		if len(t.entries) == 0 {
			return ErrNoAuditEntry
		}
		if err := t.commit(ctx); err != nil {
			return err
		}
		committed = true
		return nil
	})
}

// abandon rolls back, also after a panic or when the caller's context has ended; a connection that cannot
// even do that is closed, and the pool discards it.
func abandon(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
		_ = conn.Close(ctx)
	}
}

// commit stores the entries and commits in one round trip.
func (t *Tx) commit(ctx context.Context) error {
	batch := &pgx.Batch{}
	if !t.begun {
		t.begun = true
		batch.Queue("BEGIN")
	}
	for _, e := range t.entries {
		if err := queueEntry(batch, t, e); err != nil {
			return err
		}
	}
	batch.Queue("COMMIT")
	if err := t.conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store audit entry and commit: %w", unlessRefused(err))
	}
	return nil
}

// ErrUnsure is among the errors of a write that may be stored all the same: its commit was on its way when the server or
// the line to it was lost. Whoever did something beside the database for it must not undo that.
var ErrUnsure = errors.New("it is not known whether this was stored")

// unlessRefused adds ErrUnsure, unless the server lived to say that it refuses, or nothing was sent.
func unlessRefused(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Severity == "ERROR" || pgconn.SafeToRetry(err) {
		return err
	}
	return errors.Join(err, ErrUnsure)
}

func queueEntry(batch *pgx.Batch, t *Tx, e Entry) error {
	changes := e.Changes
	if e.Reason != "" {
		changes = append(changes[:len(changes):len(changes)], Change{Field: "reason", New: &e.Reason})
	}
	detail := e.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	entryID := id.New()
	commitments := make(map[string]string, len(changes))
	salts := make([][]byte, len(changes))
	for i, c := range changes {
		salts[i] = make([]byte, 16)
		rand.Read(salts[i])
		commitments[c.Field] = hex.EncodeToString(Commitment(salts[i], c))
	}
	batch.Queue(`
		INSERT INTO audit_entries (id, at, actor_kind, actor_id, actor_label, action,
		                           subject_kind, subject_id, person_id, case_id, detail, commitments)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		entryID, t.Now, t.Actor.Kind, t.ActorID(), t.Actor.Label, e.Action,
		e.SubjectKind, e.SubjectID, some(e.PersonID), some(e.CaseID), detail, commitments)
	for i, c := range changes {
		batch.Queue(`
			INSERT INTO audit_values (entry_id, field, salt, old, new, person_id)
			VALUES ($1, $2, $3, $4, $5, $6)`,
			entryID, c.Field, salts[i], c.Old, c.New, some(e.PersonID))
	}
	return nil
}

// Commitment binds an audit entry to a value without showing it: SHA-256 of the salt followed by the JSON object
// {"field","old","new"} with its keys in that order.
func Commitment(salt []byte, c Change) []byte {
	body, err := json.Marshal(struct {
		Field string  `json:"field"`
		Old   *string `json:"old"`
		New   *string `json:"new"`
	}{c.Field, c.Old, c.New})
	if err != nil {
		panic(err) // strings always marshal
	}
	sum := sha256.Sum256(append(append([]byte{}, salt...), body...))
	return sum[:]
}
