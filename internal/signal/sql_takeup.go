package signal

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/db"
)

// lockWaiting takes the oldest batch that waits and that no other process is at, or none.
func lockWaiting(ctx context.Context, q db.Querier) (BatchID, error) {
	var batch BatchID
	err := q.QueryRow(ctx, `
		SELECT id FROM signal_batches WHERE taken_up_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&batch)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return batch, err
}

// oldestWaiting is when the batch that has waited longest came in, if any waits.
func oldestWaiting(ctx context.Context, q db.Querier) (at time.Time, waits bool, err error) {
	err = q.QueryRow(ctx, `SELECT received_at FROM signal_batches WHERE taken_up_at IS NULL ORDER BY id LIMIT 1`).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return at, false, nil
	}
	return at, err == nil, err
}

// foldBatch adds a batch's tally to the counts and forgets it. Rows are touched in a fixed order, days before sources
// before people, so that two batches cannot hold up one another for good.
func foldBatch(ctx context.Context, q db.Querier, batch BatchID, now time.Time) error {
	b := &pgx.Batch{}
	b.Queue(`
		INSERT INTO signal_days AS t (day, signal_id, n)
		SELECT u.day, b.names[u.kind + 1], u.n
		FROM   signal_batches b, unnest(b.days, b.day_kinds, b.day_counts) AS u (day, kind, n)
		WHERE  b.id = $1
		ORDER  BY 1, 2
		ON     CONFLICT (day, signal_id) DO UPDATE SET n = t.n + excluded.n`, batch)
	b.Queue(`
		INSERT INTO signal_sources AS t (source, n, first_at, last_at)
		SELECT b.names[u.source + 1], u.n, u.first_at, u.last_at
		FROM   signal_batches b, unnest(b.sources, b.source_counts, b.source_first, b.source_last) AS u (source, n, first_at, last_at)
		WHERE  b.id = $1
		ORDER  BY 1
		ON     CONFLICT (source) DO UPDATE
		SET    n = t.n + excluded.n, first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at)`, batch)
	b.Queue(`
		INSERT INTO signal_totals AS t (person_id, signal_id, n, last_at, last_source)
		SELECT u.person_id, b.names[u.kind + 1], u.n, u.last_at, b.names[u.source + 1]
		FROM   signal_batches b,
		       unnest(b.people, b.person_kinds, b.person_counts, b.person_last, b.person_sources) AS u (person_id, kind, n, last_at, source)
		WHERE  b.id = $1
		ORDER  BY 1, 2
		ON     CONFLICT (person_id, signal_id) DO UPDATE
		SET    n = t.n + excluded.n, last_at = greatest(t.last_at, excluded.last_at),
		       last_source = CASE WHEN excluded.last_at >= t.last_at THEN excluded.last_source ELSE t.last_source END`, batch)
	b.Queue(`
		UPDATE signal_batches
		SET    taken_up_at = $2, names = '{}', days = '{}', day_kinds = '{}', day_counts = '{}',
		       sources = '{}', source_counts = '{}', source_first = '{}', source_last = '{}',
		       people = '{}', person_kinds = '{}', person_counts = '{}', person_last = '{}', person_sources = '{}'
		WHERE  id = $1`, batch, now)
	return q.SendBatch(ctx, b).Close()
}

// peopleDue names people with signals that the assessment does not know of.
func peopleDue(ctx context.Context, q db.Querier, except []person.ID, most int) ([]person.ID, error) {
	rows, _ := q.Query(ctx, `
		SELECT DISTINCT person_id
		FROM   signal_totals
		WHERE  noted < n AND person_id <> ALL ($1::uuid[])
		ORDER  BY person_id
		LIMIT  $2`, except, most)
	return pgx.CollectRows(rows, pgx.RowTo[person.ID])
}

// total is how often a kind was seen of a person.
type total struct {
	SignalID   string
	N          int
	LastAt     time.Time
	LastSource string
}

// lockDue returns the person's totals that the assessment does not know of.
func lockDue(ctx context.Context, q db.Querier, personID person.ID) ([]total, error) {
	rows, _ := q.Query(ctx, `
		SELECT signal_id, n, last_at, last_source
		FROM   signal_totals
		WHERE  person_id = $1 AND noted < n
		ORDER  BY signal_id
		FOR    UPDATE`, personID)
	return db.Many[total](rows)
}

// markNoted says that the assessment knows the totals that lockDue locked. Others, which came meanwhile, stay due.
func markNoted(ctx context.Context, q db.Querier, personID person.ID, locked []total) error {
	kinds := make([]string, len(locked))
	for i, t := range locked {
		kinds[i] = t.SignalID
	}
	_, err := q.Exec(ctx, `UPDATE signal_totals SET noted = n WHERE person_id = $1 AND signal_id = ANY ($2)`, personID, kinds)
	return err
}
