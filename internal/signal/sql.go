package signal

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// markKnown sets to true those of the ids that are people's.
func markKnown(ctx context.Context, q db.Querier, ids map[pgtype.UUID]bool) error {
	if len(ids) == 0 {
		return nil
	}
	asked := make([]pgtype.UUID, 0, len(ids))
	for i := range ids {
		asked = append(asked, i)
	}
	rows, _ := q.Query(ctx, `SELECT id FROM people WHERE id = ANY ($1)`, asked)
	var found pgtype.UUID
	_, err := pgx.ForEachRow(rows, []any{&found}, func() error {
		ids[found] = true
		return nil
	})
	return err
}

// findNumbers fills in the ids of the people with the numbers.
func findNumbers(ctx context.Context, q db.Querier, numbers map[int64]pgtype.UUID) error {
	if len(numbers) == 0 {
		return nil
	}
	asked := make([]int64, 0, len(numbers))
	for n := range numbers {
		asked = append(asked, n)
	}
	rows, _ := q.Query(ctx, `SELECT number, id FROM people WHERE number = ANY ($1)`, asked)
	var number int64
	var found pgtype.UUID
	_, err := pgx.ForEachRow(rows, []any{&number, &found}, func() error {
		numbers[number] = found
		return nil
	})
	return err
}

// source feeds rows to COPY, in the order of lineColumns.
type source struct {
	batch  pgtype.UUID
	rows   []row
	at     int
	values [10]any
}

var lineColumns = []string{"batch_id", "id", "source", "external_id", "occurred_at", "signal_id", "person_id", "engagement_id",
	"account", "detail"}

func (s *source) Next() bool { s.at++; return s.at <= len(s.rows) }

func (s *source) Values() ([]any, error) {
	r := &s.rows[s.at-1]
	detail := r.Detail
	if len(detail) == 0 {
		detail = emptyObject
	}
	s.values = [...]any{s.batch, r.key, r.Source, r.ExternalID, r.OccurredAt, r.SignalID, r.person, r.engagement, nil, detail}
	if r.Account != "" {
		s.values[8] = r.Account
	}
	return s.values[:], nil
}

func (s *source) Err() error { return nil }

var emptyObject = []byte("{}")

// storeRows stores the rows that are not there yet and returns them. COPY is by far the fastest way in, but cannot pass
// over what is there already: so the rows that are there are looked up first, and only where somebody else is storing
// the same rows at this moment are they stored by the way that can.
func storeRows(ctx context.Context, tx *db.Tx, batch BatchID, rows []row) ([]row, error) {
	rows, err := unseen(ctx, tx, rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SAVEPOINT before_lines`); err != nil {
		return nil, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"signals"}, lineColumns, &source{batch: uuid(string(batch)), rows: rows})
	if db.Violates(err) != "" {
		if _, err := tx.Exec(ctx, `ROLLBACK TO SAVEPOINT before_lines`); err != nil {
			return nil, err
		}
		return storeAround(ctx, tx, batch, rows)
	}
	return rows, err
}

// unseen returns the rows whose key is neither in the table nor in a row before them. The rows lie in the order of their
// keys. A row is looked up in the months of the batch alone, and by the key's index whatever the planner believes of a
// month that has just begun.
func unseen(ctx context.Context, q db.Querier, rows []row) ([]row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	sources, names, times := make([]string, len(rows)), make([]string, len(rows)), make([]time.Time, len(rows))
	first, last := rows[0].OccurredAt, rows[0].OccurredAt
	for i := range rows {
		r := &rows[i]
		sources[i], names[i], times[i] = r.Source, r.ExternalID, r.OccurredAt
		if r.OccurredAt.Before(first) {
			first = r.OccurredAt
		}
		if r.OccurredAt.After(last) {
			last = r.OccurredAt
		}
	}
	found, _ := q.Query(ctx, `
		SELECT k.place::int
		FROM   unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS k (source, external_id, occurred_at, place)
		CROSS  JOIN LATERAL (
		    SELECT FROM signals s
		    WHERE  (s.source, s.external_id, s.occurred_at) = (k.source, k.external_id, k.occurred_at)
		    AND    s.occurred_at BETWEEN $4 AND $5
		    LIMIT  1) s`, sources, names, times, first, last)
	there := make([]bool, len(rows))
	var place int
	_, err := pgx.ForEachRow(found, []any{&place}, func() error {
		there[place-1] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	fresh := make([]row, 0, len(rows))
	for i := range rows {
		if !there[i] && (i == 0 || rows[i].order(rows[i-1]) != 0) {
			fresh = append(fresh, rows[i])
		}
	}
	return fresh, nil
}

// storeAround is storeRows where another transaction stores some of the rows too: through a table of the connection's own.
func storeAround(ctx context.Context, tx *db.Tx, batch BatchID, rows []row) ([]row, error) {
	_, err := tx.Exec(ctx, `
		CREATE TEMPORARY TABLE IF NOT EXISTS signal_lines (
			batch_id uuid, id uuid, source text, external_id text, occurred_at timestamptz, signal_id text,
			person_id uuid, engagement_id uuid, account text, detail jsonb
		) ON COMMIT DELETE ROWS`)
	if err != nil {
		return nil, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"signal_lines"}, lineColumns, &source{batch: uuid(string(batch)), rows: rows})
	if err != nil {
		return nil, err
	}
	inserted, err := tx.Query(ctx, `
		INSERT INTO signals (batch_id, id, source, external_id, occurred_at, signal_id, person_id, engagement_id, account, detail)
		SELECT batch_id, id, source, external_id, occurred_at, signal_id, person_id, engagement_id, account, detail
		FROM   signal_lines
		ON     CONFLICT (source, external_id, occurred_at) DO NOTHING
		RETURNING id`)
	if err != nil {
		return nil, err
	}
	defer inserted.Close()
	all := map[[16]byte]row{}
	for _, r := range rows {
		all[r.key.Bytes] = r
	}
	fresh := make([]row, 0, len(rows))
	for inserted.Next() {
		raw := inserted.RawValues()[0] // binary, as the connection asks for uuids
		fresh = append(fresh, all[[16]byte(raw)])
	}
	return fresh, inserted.Err()
}

// linesOf is how many lines the token's batch with the digest had, 0 when there is none.
func linesOf(ctx context.Context, q db.Querier, tokenID string, digest Digest) (lines int, err error) {
	err = q.QueryRow(ctx, `SELECT coalesce(max(lines), 0) FROM signal_batches WHERE digest = $1 AND token_id = $2`, digest[:], tokenID).Scan(&lines)
	return lines, err
}

// insertBatch notes a batch. Without lines that are new there is nothing to take up. digest is nil where it is not to be
// known again.
func insertBatch(ctx context.Context, tx *db.Tx, r Receipt, lines int, t tally, digest []byte) error {
	var token, user *string
	switch tx.Actor.Kind {
	case authz.KindToken:
		token = tx.ActorID()
	case authz.KindUser:
		user = tx.ActorID()
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO signal_batches (id, token_id, user_id, received_at, lines, accepted, duplicates, rejected, unresolved,
		                            names, days, day_kinds, day_counts,
		                            sources, source_counts, source_first, source_last,
		                            people, person_kinds, person_counts, person_last, person_sources, taken_up_at, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::text[], '{}'),
		        coalesce($11::date[], '{}'), coalesce($12::smallint[], '{}'), coalesce($13::int[], '{}'),
		        coalesce($14::smallint[], '{}'), coalesce($15::int[], '{}'), coalesce($16::timestamptz[], '{}'), coalesce($17::timestamptz[], '{}'),
		        coalesce($18::uuid[], '{}'), coalesce($19::smallint[], '{}'), coalesce($20::int[], '{}'),
		        coalesce($21::timestamptz[], '{}'), coalesce($22::smallint[], '{}'),
		        CASE WHEN $6 = 0 THEN $4::timestamptz END, $23)`,
		r.Batch, token, user, tx.Now, lines, r.Accepted, r.Duplicates, r.Rejected, r.Unresolved,
		t.names, t.days, t.dayKinds, t.dayCounts,
		t.sources, t.sourceCounts, t.sourceFirst, t.sourceLast,
		t.people, t.personKinds, t.personCounts, t.personLast, t.personSources, digest)
	return err
}
