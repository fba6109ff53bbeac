package privacy

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

func policyOf(ctx context.Context, q db.Querier) (Policy, error) {
	var p Policy
	if err := q.QueryRow(ctx, `SELECT automatic, version FROM retention_policy`).Scan(&p.Automatic, &p.Version); err != nil {
		return p, err
	}
	kept := map[string]*int{}
	rows, _ := q.Query(ctx, `SELECT outcome || scope, keep_days FROM retention_rules`)
	var key string
	var keep int
	if _, err := pgx.ForEachRow(rows, []any{&key, &keep}, func() error { n := keep; kept[key] = &n; return nil }); err != nil {
		return p, err
	}
	for _, o := range Outcomes() {
		p.Rules = append(p.Rules, Rule{Outcome: o, Record: kept[string(o)+string(Record)], Evidence: kept[string(o)+string(Evidence)]})
	}
	return p, nil
}

func setPolicy(ctx context.Context, tx *db.Tx, p Policy) error {
	tag, err := tx.Exec(ctx, `UPDATE retention_policy SET automatic = $1, version = version + 1 WHERE version = $2`, p.Automatic, p.Version)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return apperr.Conflict("The rules were changed meanwhile. Look at them and try again.")
	}
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM retention_rules`)
	for _, r := range p.Rules {
		for scope, keep := range map[Scope]*int{Record: r.Record, Evidence: r.Evidence} {
			if keep != nil {
				batch.Queue(`INSERT INTO retention_rules (outcome, scope, keep_days) VALUES ($1, $2, $3)`, r.Outcome, scope, *keep)
			}
		}
	}
	return tx.SendBatch(ctx, batch).Close()
}

// dueAfter finds people past the cursor whom the rules let go at a time, in the order of their ids. A story has ended when the last
// application is closed, the last engagement over and no case open; the outcome that outweighs the others says which rule holds.
// Outcome and end are shown as they were without any case: that there was one is for its members to know.
func dueAfter(ctx context.Context, q db.Querier, w *db.Where, after person.ID, now time.Time, most int) ([]Due, error) {
	w.Add("p.status IN ('closed', 'former')")
	if after != "" {
		w.Add("p.id > ?", after)
	}
	w.Add(`(r.ended < ?::timestamptz - make_interval(days => x.record) OR r.ended < ?::timestamptz - make_interval(days => x.evidence) AND r.content)`, now, now)
	recordDue := w.Number(`coalesce(r.ended < ?::timestamptz - make_interval(days => x.record), false)`, now)
	rows, _ := q.Query(ctx, `
		SELECT p.id, p.number, p.name, r.shown AS outcome, greatest(a.ended, e.ended, p.created_at) AS ended, r.held,
		       CASE WHEN `+recordDue+` THEN 'record' ELSE 'evidence' END AS scope
		FROM   people p
		CROSS  JOIN LATERAL (
		       SELECT max(c.closed_at) AS closed, bool_or(c.outcome = 'confirmed') AS confirmed, coalesce(bool_or(c.status = 'open'), false) AS open
		       FROM   cases c WHERE c.person_id = p.id) k
		CROSS  JOIN LATERAL (
		       SELECT max(a.ended_at) AS ended, bool_or(a.status = 'closed') AS rejected
		       FROM   applications a WHERE a.person_id = p.id) a
		CROSS  JOIN LATERAL (
		       SELECT max(e.ended_on)::timestamptz AS ended
		       FROM   engagements e WHERE e.person_id = p.id) e
		CROSS  JOIN LATERAL (
		       SELECT CASE WHEN p.status = 'former' THEN 'hired' WHEN a.rejected THEN 'rejected' ELSE 'withdrawn' END AS shown) o
		CROSS  JOIN LATERAL (
		       SELECT o.shown, CASE WHEN k.confirmed THEN 'confirmed' WHEN k.closed IS NOT NULL THEN 'cleared' ELSE o.shown END AS outcome,
		              greatest(k.closed, a.ended, e.ended, p.created_at) AS ended,
		              k.open OR EXISTS (SELECT FROM legal_holds h WHERE h.person_id = p.id AND h.lifted_at IS NULL) AS held,
		              EXISTS (SELECT FROM evidence_items i WHERE i.person_id = p.id AND i.erased_at IS NULL) AS content) r
		JOIN   LATERAL (
		       SELECT max(keep_days) FILTER (WHERE scope = 'record') AS record, max(keep_days) FILTER (WHERE scope = 'evidence') AS evidence
		       FROM   retention_rules rr WHERE rr.outcome = r.outcome) x ON true
		`+w.SQL()+`
		ORDER  BY p.id
		LIMIT  `+strconv.Itoa(most), w.Args...)
	return db.Many[Due](rows)
}

// openedRun is a run under way, and how far it is.
type openedRun struct {
	ID       string
	AskedAt  time.Time
	AtPerson person.ID
}

func openRun(ctx context.Context, q db.Querier) (run openedRun, found bool, err error) {
	err = q.QueryRow(ctx, `SELECT id, asked_at, coalesce(at_person::text, '') FROM retention_runs WHERE ended_at IS NULL`).
		Scan(&run.ID, &run.AskedAt, &run.AtPerson)
	if errors.Is(err, pgx.ErrNoRows) {
		return run, false, nil
	}
	return run, err == nil, err
}

func nightlyWanted(ctx context.Context, q db.Querier, before time.Time) (wanted bool, err error) {
	err = q.QueryRow(ctx, `
		SELECT automatic AND NOT EXISTS (SELECT FROM retention_runs WHERE ended_at IS NULL OR asked_at > $1)
		FROM   retention_policy`, before).Scan(&wanted)
	return wanted, err
}

func insertRun(ctx context.Context, tx *db.Tx, runID string) error {
	_, err := tx.Exec(ctx, `INSERT INTO retention_runs (id, asked_at, asked_by) VALUES ($1, $2, $3)`, runID, tx.Now, tx.ActorID())
	if db.Violates(err) == "retention_runs_one_at_a_time" {
		return apperr.Conflict("A run is under way already.")
	}
	return err
}

// errOvertaken says that another process has brought the run further.
var errOvertaken = errors.New("another process has brought the run further")

// stepRun notes that the run has come to a person, and what it did. It holds the run until the transaction ends.
func stepRun(ctx context.Context, q db.Querier, runID string, personID person.ID, erased, held int) error {
	tag, err := q.Exec(ctx, `
		UPDATE retention_runs
		SET    at_person = $2, looked_at = looked_at + 1, erased = erased + $3, held = held + $4
		WHERE  id = $1 AND ended_at IS NULL AND (at_person IS NULL OR at_person < $2)`,
		runID, personID, erased, held)
	if err == nil && tag.RowsAffected() == 0 {
		return errOvertaken
	}
	return err
}

func endRun(ctx context.Context, tx *db.Tx, runID string) (erased, held int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE retention_runs SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING erased, held`, runID, tx.Now).Scan(&erased, &held)
	return erased, held, err
}

func lastRuns(ctx context.Context, q db.Querier) ([]Run, error) {
	rows, _ := q.Query(ctx, `
		SELECT r.id, r.asked_at, coalesce(u.name, '') AS asked_by, r.ended_at, r.looked_at, r.erased, r.held
		FROM   retention_runs r
		LEFT   JOIN users u ON u.id = r.asked_by
		ORDER  BY r.asked_at DESC, r.id DESC
		LIMIT  $1`, lists)
	return db.Many[Run](rows)
}
