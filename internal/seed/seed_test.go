package seed

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/internal/cast"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/seal"
)

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// setup seeds a small installation and returns a pool on it.
func setup(t *testing.T, plan Plan) (*pgxpool.Pool, Result) {
	t.Helper()
	url := dbtest.URL(t)
	keys, err := seal.NewKeyring([]byte(strings.Repeat("k1", 16)))
	if err != nil {
		t.Fatal(err)
	}
	plan.Now, plan.Password = now, "a password of the test"
	result, err := Run(t.Context(), url, keys, library(t), plan)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, result
}

func library(t *testing.T) *catalogue.Library {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func number(t *testing.T, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	if err := pool.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func TestRunLoadsAConsistentInstallation(t *testing.T) {
	t.Parallel()
	bare := freshIndexes(t)
	pool, result := setup(t, Plan{Candidates: 1200, Signals: 30_000, Seed: 5})
	if result.Rows < 60_000 || result.Login == "" {
		t.Errorf("result %+v", result)
	}
	for sql, want := range map[string]int{
		`SELECT count(*) FROM people`: 1200, `SELECT count(*) FROM signals`: 30_000, `SELECT count(*) FROM signals_default`: 0,
		`SELECT sum(n) FROM signal_days`: 30_000, `SELECT sum(accepted) FROM signal_batches`: 30_000, `SELECT count(*) FROM cases`: 12,
		`SELECT count(*) FROM person_keys`: 1200, `SELECT count(*) FROM applications`: 1200,
		// Every subject can have a sheet, which no trigger fails to take away.
		`SELECT count(*) FROM person_sheets`: 1200, `SELECT count(*) FROM case_sheets`: 12, `SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'`: 0,
		// Everything is indexed and referenced again as the migrations have it.
		indexes: bare,
		// The people's rows say what the rows behind them say.
		`SELECT count(*) FROM people p WHERE open_flags <> (SELECT count(*) FROM flags f WHERE f.person_id = p.id
			AND f.state = 'open' AND f.answer <> 'concern' AND NOT f.rests)`: 0,
		`SELECT count(*) FROM flags f JOIN people p ON p.id = f.person_id WHERE f.rests <> (p.status = 'closed')`:                                     0,
		`SELECT count(*) FROM people p JOIN assessments a ON a.person_id = p.id WHERE (a.band, a.score, a.coverage) <> (p.band, p.score, p.coverage)`: 0,
		`SELECT count(*) FROM people WHERE missing <> cardinality(missing_checks) OR NOT missing_checks <@ awaited`:                                   0,
		`SELECT count(*) FROM people WHERE (status IN ('candidate', 'engaged')) <> (stage_id <> '')`:                                                  0,
		`SELECT count(*) FROM people WHERE updated_at > '2026-11-22 09:00Z' OR created_at > updated_at OR stage_since > updated_at`:                   0,
		`SELECT count(*) FROM signals s WHERE NOT EXISTS (SELECT FROM outcomes o WHERE o.person_id = s.person_id AND o.item_id = s.signal_id)`:        0,
		`SELECT count(*) FROM scorecards c, jsonb_array_elements(c.answers) a WHERE NOT EXISTS (SELECT FROM outcomes o JOIN interviews i ON i.person_id = o.person_id
			WHERE i.id = c.interview_id AND o.item_id = a->>'check' AND o.answer = a->>'verdict' AND o.origin_id = c.interview_id || '/' || c.user_id)`: 0,
	} {
		if got := number(t, pool, sql); got != want {
			t.Errorf("%s\n\tis %d, want %d", sql, got, want)
		}
	}
	if n := number(t, pool, `SELECT count(*) FROM claims`); n < 1200*96/10 || n > 1200*10 {
		t.Errorf("%d claims", n)
	}
}

// indexes counts indexes and constraints that hold, partitions aside.
const indexes = `SELECT (SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisvalid AND NOT c.relispartition
	AND c.relnamespace = 'public'::regnamespace)
	+ (SELECT count(*) FROM pg_constraint WHERE convalidated AND contype IN ('p', 'u', 'f') AND conparentid = 0 AND connamespace = 'public'::regnamespace)`

// freshIndexes counts the indexes of a fresh database.
func freshIndexes(t *testing.T) int {
	t.Helper()
	return number(t, dbtest.New(t).Pool(), indexes)
}

func TestTalliesAreRightAfterSeeding(t *testing.T) {
	t.Parallel()
	pool, _ := setup(t, Plan{Candidates: 600, Seed: 9})
	wrong := `
		SELECT count(*) FROM (
			SELECT figure, a, b, sum(n) AS n FROM (
				SELECT figure, a, b, n FROM tallies WHERE figure <> 'job'
				UNION ALL
				SELECT figure, a, b, n FROM tally_deltas WHERE figure <> 'job'
				UNION ALL
				SELECT f.figure, f.a, f.b, -1 FROM people p,
				       person_figures(p.status, p.stage_id, p.stage_since, p.channel_id, p.band, p.coverage, p.missing_checks) f
				UNION ALL
				SELECT f.figure, f.a, f.b, -1 FROM flags c, flag_figures(c.item_id, c.answer, c.state, c.raised_at, c.withdrawn_at, c.rests) f
				UNION ALL
				SELECT 'move', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), from_band || '>' || to_band, -1
				FROM   assessment_moves WHERE from_band <> to_band) x
			GROUP BY figure, a, b HAVING sum(n) <> 0) y`
	if n := number(t, pool, wrong); n != 0 {
		t.Errorf("%d tallies are wrong", n)
	}
	if n := number(t, pool, `SELECT count(*) FROM tally_deltas`); n == 0 {
		t.Error("nothing was counted")
	}
}

func TestTheSameSeedGivesTheSame(t *testing.T) {
	t.Parallel()
	digest := func(seed uint64) (sum string) {
		pool, _ := setup(t, Plan{Candidates: 150, Signals: 500, Seed: seed})
		err := pool.QueryRow(context.Background(), `
			SELECT md5((SELECT string_agg(p::text, ',' ORDER BY id) FROM people p) || (SELECT string_agg(c::text, ',' ORDER BY id) FROM claims c)
			        || (SELECT string_agg(s::text, ',' ORDER BY id) FROM signals s) || (SELECT string_agg(a::text, ',' ORDER BY id) FROM audit_entries a))`).Scan(&sum)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first := digest(1)
	if digest(1) != first {
		t.Error("two runs of one seed differ")
	}
	if digest(2) == first {
		t.Error("two seeds agree")
	}
}

func TestSeedingIsForEmptyDatabases(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	keys, err := seal.NewKeyring([]byte(strings.Repeat("k1", 16)))
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Candidates: 10, Now: now, Password: "a password of the test"}
	if _, err := Run(t.Context(), url, keys, library(t), plan); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), url, keys, library(t), plan); err == nil {
		t.Error("seeded twice")
	}
}

// TestNamesAndPlacesSayNothingOfRisk compares the bands over the lists: whoever has a name or lives at a place is as
// often in each band as everybody else, within what chance allows.
func TestNamesAndPlacesSayNothingOfRisk(t *testing.T) {
	s := &seeder{Plan: Plan{Candidates: 60_000, Seed: 3, Now: now}, ed: library(t).Current()}
	s.deck = writeHistories(s.ed, s.Seed)
	for n := range jobCount {
		s.jobs = append(s.jobs, job{level: levelShare[n%len(levelShare)]})
	}
	all := map[catalogue.Band]int{}
	by := map[string]map[string]map[catalogue.Band]int{}
	pcg := rand.NewPCG(0, 0)
	for n := range s.Candidates {
		pcg.Seed(s.Seed, uint64(n))
		l := s.live(rand.New(pcg), uint64(n))
		all[l.history.band]++
		for list, value := range map[string]string{"given": l.who.Given, "family": l.who.Family, "place": l.who.Place.City} {
			if by[list] == nil {
				by[list] = map[string]map[catalogue.Band]int{}
			}
			if by[list][value] == nil {
				by[list][value] = map[catalogue.Band]int{}
			}
			by[list][value][l.history.band]++
		}
	}
	if len(all) < 4 {
		t.Fatalf("only the bands %v occur", all)
	}
	for list, values := range by {
		if chi, most := cast.Uneven(values, all); chi > most {
			t.Errorf("the bands differ over the %s names or places: chi-square %.0f, chance allows %.0f", list, chi, most)
		}
	}
	if share := float64(all[catalogue.Low]) / float64(s.Candidates); math.Abs(share-0.9) > 0.08 {
		t.Errorf("%.0f %% are low: %v", 100*share, all)
	}
}
