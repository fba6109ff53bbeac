package signal

import (
	"context"

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

// source feeds rows to COPY.
type source struct {
	rows   []row
	at     int
	values [9]any
}

func (s *source) Next() bool { s.at++; return s.at <= len(s.rows) }

func (s *source) Values() ([]any, error) {
	r := &s.rows[s.at-1]
	detail := r.Detail
	if len(detail) == 0 {
		detail = emptyObject
	}
	s.values = [9]any{r.key, r.Source, r.ExternalID, r.OccurredAt, r.SignalID, r.person, r.engagement, nil, detail}
	if r.Account != "" {
		s.values[7] = r.Account
	}
	return s.values[:], nil
}

func (s *source) Err() error { return nil }

var emptyObject = []byte("{}")

// copyRows stores the rows that are not there yet and returns them. They go through a table of the connection's own:
// COPY is by far the fastest way in, but cannot pass over what is there already.
func copyRows(ctx context.Context, tx *db.Tx, batch BatchID, rows []row) ([]row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	_, err := tx.Exec(ctx, `
		CREATE TEMPORARY TABLE IF NOT EXISTS signal_lines (
			id uuid, source text, external_id text, occurred_at timestamptz, signal_id text,
			person_id uuid, engagement_id uuid, account text, detail jsonb
		) ON COMMIT DELETE ROWS`)
	if err != nil {
		return nil, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"signal_lines"}, []string{"id", "source", "external_id", "occurred_at",
		"signal_id", "person_id", "engagement_id", "account", "detail"}, &source{rows: rows})
	if err != nil {
		return nil, err
	}
	inserted, err := tx.Query(ctx, `
		INSERT INTO signals (id, batch_id, source, external_id, occurred_at, signal_id, person_id, engagement_id, account, detail)
		SELECT id, $1, source, external_id, occurred_at, signal_id, person_id, engagement_id, account, detail
		FROM   signal_lines
		ON     CONFLICT (source, external_id, occurred_at) DO NOTHING
		RETURNING id`, batch)
	if err != nil {
		return nil, err
	}
	defer inserted.Close()
	fresh := make([]row, 0, len(rows))
	for inserted.Next() {
		raw := inserted.RawValues()[0] // binary, as the connection asks for uuids
		fresh = append(fresh, rows[place([16]byte(raw))])
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
