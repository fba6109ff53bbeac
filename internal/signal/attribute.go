package signal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// attributed is how many signals that are nobody's one call of Attribute looks at.
const attributed = 2000

// farAhead lies behind every signal's time.
var farAhead = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// walk is where Attribute stands among the signals that are nobody's, the newest first. It belongs to one process;
// after a start it begins anew.
type walk struct {
	mu sync.Mutex
	at time.Time
	id pgtype.UUID
}

// nobodys is a signal whose account was not known when it arrived.
type nobodys struct {
	ID         pgtype.UUID
	OccurredAt time.Time
	Account    string
}

// Attribute gives signals that were nobody's when they came to the engagement on which their account was entered
// since. It looks at a bounded number of them, and the next call goes on from there, round and round. What it finds is
// taken up like new signals: the people concerned are assessed by TakeUp.
//
// A signal from before the engagement, or from after its end, stays nobody's: the account may have been another's.
func (s *Service) Attribute(ctx context.Context) error {
	s.walk.mu.Lock()
	defer s.walk.mu.Unlock()
	rows, err := nobodysAfter(ctx, s.db.Pool(), s.walk.at, s.walk.id, attributed)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, authz.System("signals"), func(tx *db.Tx) error { return s.attribute(ctx, tx, rows) })
	if err != nil && !errors.Is(err, errNothingDue) {
		return err
	}
	s.walk.at, s.walk.id = farAhead, pgtype.UUID{Valid: true}
	if len(rows) == attributed {
		last := rows[len(rows)-1]
		s.walk.at, s.walk.id = last.OccurredAt, last.ID
	}
	return nil
}

func (s *Service) attribute(ctx context.Context, tx *db.Tx, rows []nobodys) error {
	accounts := map[string]bool{}
	for _, r := range rows {
		accounts[r.Account] = true
	}
	owners, err := s.owners(ctx, tx, accounts)
	if err != nil {
		return err
	}
	var ids, people, engagements []pgtype.UUID
	var times []time.Time
	for _, r := range rows {
		if o, found := owners[r.Account]; found {
			ids, times = append(ids, r.ID), append(times, r.OccurredAt)
			people, engagements = append(people, o.person), append(engagements, o.engagement)
		}
	}
	if len(ids) == 0 {
		return errNothingDue
	}
	given, err := give(ctx, tx, ids, times, people, engagements)
	if err != nil {
		return err
	}
	if len(given) == 0 {
		return errNothingDue
	}
	persons, n := map[string]bool{}, 0
	for _, g := range given {
		persons[g.PersonID], n = true, n+g.N
	}
	tx.Record(db.Entry{Action: "signals.attributed", SubjectKind: "signals", SubjectID: "unresolved",
		Detail: map[string]any{"signals": n, "people": slices.Sorted(maps.Keys(persons))}})
	return nil
}

func nobodysAfter(ctx context.Context, q db.Querier, at time.Time, id pgtype.UUID, most int) ([]nobodys, error) {
	if at.IsZero() {
		at, id = farAhead, pgtype.UUID{Valid: true}
	}
	rows, _ := q.Query(ctx, `
		SELECT id, occurred_at, account
		FROM   signals
		WHERE  person_id IS NULL AND account IS NOT NULL AND (occurred_at, id) < ($1, $2)
		ORDER  BY occurred_at DESC, id DESC
		LIMIT  $3`, at, id, most)
	return pgx.CollectRows(rows, pgx.RowToStructByName[nobodys])
}

// gift is what was attributed to a person: so many signals of one kind.
type gift struct {
	PersonID string
	SignalID string
	N        int
}

// give attributes signals, unless somebody was faster or the engagement did not run at the time, and adds them to the
// totals of their people, in the order in which everything locks totals. Days and sources counted them on arrival.
func give(ctx context.Context, tx *db.Tx, ids []pgtype.UUID, times []time.Time, people, engagements []pgtype.UUID) ([]gift, error) {
	rows, _ := tx.Query(ctx, `
		WITH given AS (
		    UPDATE signals s
		    SET    person_id = g.person_id, engagement_id = g.engagement_id
		    FROM   unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[]) AS g (id, at, person_id, engagement_id)
		    JOIN   engagements e ON e.id = g.engagement_id
		    WHERE  s.id = g.id AND s.occurred_at = g.at AND s.person_id IS NULL
		    AND    s.occurred_at >= e.started_on AND (e.ended_on IS NULL OR s.occurred_at < e.ended_on + 1)
		    RETURNING s.person_id, s.signal_id, s.occurred_at, s.source),
		summed AS (
		    SELECT person_id, signal_id, count(*) AS n, max(occurred_at) AS last_at,
		           (array_agg(source ORDER BY occurred_at DESC))[1] AS last_source
		    FROM   given GROUP BY person_id, signal_id),
		added AS (
		    INSERT INTO signal_totals AS t (person_id, signal_id, n, last_at, last_source)
		    SELECT person_id, signal_id, n, last_at, last_source FROM summed ORDER BY person_id, signal_id
		    ON     CONFLICT (person_id, signal_id) DO UPDATE
		    SET    n = t.n + excluded.n, last_at = greatest(t.last_at, excluded.last_at),
		           last_source = CASE WHEN excluded.last_at >= t.last_at THEN excluded.last_source ELSE t.last_source END)
		SELECT person_id::text AS person_id, signal_id, n::int AS n FROM summed`, ids, times, people, engagements)
	return db.Many[gift](rows)
}
