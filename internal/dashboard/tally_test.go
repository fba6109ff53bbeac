package dashboard_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

func service(t testing.TB, d *db.DB) *dashboard.Service {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return dashboard.NewService(d, lib)
}

// counted are the figures counted from the rows themselves, in the way that the tallies promise.
const counted = `
	SELECT 'stage' AS figure, stage_id AS a, band AS b, count(*) AS n FROM people WHERE status = 'candidate' GROUP BY 2, 3
	UNION ALL SELECT 'channel', channel_id, band, count(*) FROM people WHERE status = 'candidate' GROUP BY 2, 3
	UNION ALL SELECT 'coverage', CASE WHEN coverage < 40 THEN 'thin' WHEN coverage < 75 THEN 'partial' ELSE 'known' END, band, count(*)
	          FROM people WHERE status = 'candidate' GROUP BY 2, 3
	UNION ALL SELECT 'since', coalesce((stage_since AT TIME ZONE 'UTC')::date::text, ''), band, count(*)
	          FROM people WHERE status = 'candidate' GROUP BY 2, 3
	UNION ALL SELECT 'missing', need, '', count(*) FROM people, unnest(missing_checks) need WHERE status = 'candidate' GROUP BY 2
	UNION ALL SELECT 'waiting', (raised_at AT TIME ZONE 'UTC')::date::text, '', count(*)
	          FROM flags WHERE state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL AND NOT rests GROUP BY 2
	UNION ALL SELECT 'finding', item_id, answer, count(*) FROM flags WHERE state <> 'explained' AND withdrawn_at IS NULL GROUP BY 2, 3
	UNION ALL SELECT 'move', (at AT TIME ZONE 'UTC')::date::text, from_band || '>' || to_band, count(*)
	          FROM assessment_moves WHERE from_band <> to_band GROUP BY 2, 3`

// differences lists where the tallies and the rows disagree.
func differences(t *testing.T, d *db.DB) []string {
	t.Helper()
	rows, err := d.Pool().Query(t.Context(), `
		WITH kept AS (SELECT figure, a, b, sum(n) AS n
		              FROM   (SELECT * FROM tallies UNION ALL SELECT * FROM tally_deltas WHERE figure <> 'job') t
		              GROUP  BY figure, a, b HAVING sum(n) <> 0),
		     counted AS (`+counted+`)
		SELECT format('%s %s %s: kept %s, counted %s', coalesce(k.figure, c.figure), coalesce(k.a, c.a), coalesce(k.b, c.b), k.n, c.n)
		FROM   kept k
		FULL   JOIN counted c ON (k.figure, k.a, k.b) = (c.figure, c.a, c.b)
		WHERE  k.n IS DISTINCT FROM c.n`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// writer makes random changes to people, flags and moves of its own, as any statement might.
type writer struct {
	r      *rand.Rand
	d      *db.DB
	people []string
	flags  []string
}

var (
	bands    = []string{"low", "elevated", "high", "critical"}
	stages   = []string{"stage-application", "stage-screening", ""}
	base     = time.Date(2026, 11, 1, 22, 30, 0, 0, time.UTC)
	statuses = []string{"candidate", "candidate", "candidate", "engaged", "closed"}
)

func (w *writer) step(ctx context.Context) error {
	r := w.r
	since := base.Add(time.Duration(r.IntN(240)) * time.Hour)
	needs := pick(r, []string{}, []string{"check-a"}, []string{"check-a", "check-b"})
	switch n := r.IntN(12); {
	case n < 2 || len(w.people) == 0: // several rows in one statement
		return w.load(ctx, since)
	case n < 5:
		_, err := w.d.Pool().Exec(ctx, `UPDATE people SET band = $2, coverage = $3, missing_checks = $4, missing = cardinality($4::text[]), updated_at = $5
			WHERE id = $1`, pick(r, w.people...), pick(r, bands...), r.IntN(101), needs, since)
		return err
	case n < 7:
		_, err := w.d.Pool().Exec(ctx, `UPDATE people SET stage_id = $2, status = $3, stage_since = $4 WHERE id = ANY ($1)`,
			w.people[r.IntN(len(w.people)):], pick(r, stages...), pick(r, statuses...), since)
		return err
	case n < 9 || len(w.flags) == 0:
		flagID := id.New()
		w.flags = append(w.flags, flagID)
		_, err := w.d.Pool().Exec(ctx, `INSERT INTO flags (id, person_id, item_id, answer, strength, group_id, origin_kind, origin_id, raised_at)
			VALUES ($1, $2, $3, $4, 'strong', 'camera', 'check', $5, $6)`,
			flagID, pick(r, w.people...), pick(r, "check-x", "check-y"), pick(r, "concern", "red-flag", "raised"), flagID, since)
		return err
	case n < 10:
		_, err := w.d.Pool().Exec(ctx, `UPDATE flags SET state = $2, withdrawn_at = $3, rests = $4 WHERE id = $1`,
			pick(r, w.flags...), pick(r, "open", "explained", "confirmed"), pick(r, nil, &since), pick(r, true, false))
		return err
	case n < 11:
		_, err := w.d.Pool().Exec(ctx, `INSERT INTO assessment_moves (id, person_id, at, from_band, to_band, score, coverage, cause)
			VALUES ($1, $2, $3, $4, $5, 1, 1, 'test')`, id.New(), pick(r, w.people...), since, pick(r, bands...), pick(r, bands...))
		return err
	}
	return w.remove(ctx)
}

func (w *writer) load(ctx context.Context, since time.Time) error {
	var rows [][]any
	for range 1 + w.r.IntN(20) {
		personID := id.New()
		w.people = append(w.people, personID)
		rows = append(rows, []any{personID, "Robin Vale", pick(w.r, "channel-referral", ""), pick(w.r, stages...), since,
			pick(w.r, bands...), w.r.IntN(101), []string{"check-a"}, since, since})
	}
	_, err := w.d.Pool().CopyFrom(ctx, pgx.Identifier{"people"}, []string{"id", "name", "channel_id", "stage_id", "stage_since",
		"band", "coverage", "missing_checks", "created_at", "updated_at"}, pgx.CopyFromRows(rows))
	return err
}

func (w *writer) remove(ctx context.Context) error {
	gone := w.people[:w.r.IntN(len(w.people)+1)/4]
	w.people = w.people[len(gone):]
	return pgx.BeginFunc(ctx, w.d.Pool(), func(tx pgx.Tx) error {
		for _, table := range []string{"flags", "assessment_moves", "people"} {
			column := "person_id"
			if table == "people" {
				column = "id"
			}
			if _, err := tx.Exec(ctx, fmt.Sprintf(`DELETE FROM %s WHERE %s = ANY ($1)`, table, column), gone); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestTalliesFollowEveryWrite: whatever several writers do at once, and whenever the deltas are folded, the tallies
// say what counting would say.
func TestTalliesFollowEveryWrite(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	s := service(t, d)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			w := &writer{r: rand.New(rand.NewPCG(uint64(n), 7)), d: d}
			for range 120 {
				if err := w.step(t.Context()); err != nil {
					t.Errorf("writer %d: %v", n, err)
					return
				}
				if w.r.IntN(10) == 0 {
					if err := s.Fold(t.Context()); err != nil {
						t.Errorf("fold: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, line := range differences(t, d) {
		t.Errorf("before the last fold: %s", line)
	}
	if err := s.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, line := range differences(t, d) {
		t.Errorf("after the last fold: %s", line)
	}
	var left, zero int
	if err := d.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM tally_deltas), (SELECT count(*) FROM tallies WHERE n = 0)`).Scan(&left, &zero); err != nil {
		t.Fatal(err)
	}
	if left != 0 || zero != 0 {
		t.Errorf("%d deltas left unfolded, %d empty tallies", left, zero)
	}
}

// TestAWriteThatMovesNoCountLeavesNoDelta: most updates of a person must cost nothing.
func TestAWriteThatMovesNoCountLeavesNoDelta(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	w := &writer{r: rand.New(rand.NewPCG(1, 1)), d: d}
	if err := w.load(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	if err := service(t, d).Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pool().Exec(t.Context(), `UPDATE people SET name = 'Kim Vale', updated_at = now(), score = 3, version = version + 1`); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := d.Pool().QueryRow(t.Context(), `SELECT count(*) FROM tally_deltas`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("%d deltas", n)
	}
}
