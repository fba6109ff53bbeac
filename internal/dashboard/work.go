package dashboard

import (
	"context"
	"time"

	"gatehouse/internal/platform/db"
)

const (
	// foldSize bounds a round of folding, so that no transaction is long.
	foldSize = 20_000
	// sweepAfter is how many folded rows are worth sweeping the table for.
	sweepAfter = 5_000
	// foldLock is the advisory lock under which one server at a time folds.
	foldLock = 4_840_173
)

// Fold adds what writes have appended to the tallies, and notes which jobs are to be compared again. It is safe to
// run on several servers: one works, the others go on.
func (s *Service) Fold(ctx context.Context) error {
	folded := 0
	for {
		var n int
		err := s.db.WriteUnaudited(ctx, "counts that follow from rows written with their entries", func(q db.Querier) error {
			var err error
			n, err = fold(ctx, q, s.db.Now())
			return err
		})
		folded += n
		if err != nil || n < foldSize {
			if err == nil && folded >= sweepAfter {
				// Dead rows would otherwise be read with every page until the next automatic sweep.
				_, err = s.db.Pool().Exec(ctx, `VACUUM tally_deltas`)
			}
			return err
		}
	}
}

func fold(ctx context.Context, q db.Querier, now time.Time) (int, error) {
	var mine bool
	if err := q.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, foldLock).Scan(&mine); err != nil || !mine {
		return 0, err
	}
	var n int
	err := q.QueryRow(ctx, `
		WITH taken AS (
		    DELETE FROM tally_deltas
		    WHERE  ctid = ANY (ARRAY(SELECT ctid FROM tally_deltas LIMIT $1))
		    RETURNING figure, a, b, n
		), marked AS (
		    INSERT INTO job_comparisons AS c (job_id, stale_since)
		    SELECT DISTINCT j.id, $2::timestamptz
		    FROM   taken t
		    JOIN   jobs j ON j.id = t.a::uuid
		    WHERE  t.figure = 'job'
		    ON     CONFLICT (job_id) DO UPDATE SET stale_since = coalesce(c.stale_since, excluded.stale_since)
		), added AS (
		    INSERT INTO tallies AS t (figure, a, b, n)
		    SELECT figure, a, b, sum(n) FROM taken
		    WHERE  figure <> 'job'
		    GROUP  BY figure, a, b
		    HAVING sum(n) <> 0
		    ON     CONFLICT (figure, a, b) DO UPDATE SET n = t.n + excluded.n
		)
		SELECT count(*) FROM taken`, foldSize, now).Scan(&n)
	if err != nil || n == 0 {
		return n, err
	}
	_, err = q.Exec(ctx, `DELETE FROM tallies WHERE n = 0`)
	return n, err
}

// compareBatch is how many jobs a round compares at most.
const compareBatch = 20

// idleFactor keeps comparing to a twentieth of the time, for each job and for all together: who took a second rests for
// twenty.
const idleFactor = 20

// CompareRound is how often CompareJobs is to be called.
const CompareRound = 15 * time.Second

// CompareJobs compares again the checks of the jobs whose people have changed since, those that have waited longest
// first. What does not fit into a twentieth of CompareRound is left to the next rounds. It is called by one goroutine.
func (s *Service) CompareJobs(ctx context.Context) error {
	began := s.db.Now()
	if began.Before(s.rested) {
		return nil
	}
	defer func() { s.rested = began.Add(s.db.Now().Sub(began)*idleFactor - CompareRound) }()
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT c.job_id, j.level_id, j.edition, c.stale_since
		FROM   job_comparisons c
		JOIN   jobs j ON j.id = c.job_id
		WHERE  c.stale_since IS NOT NULL AND (c.compared_at IS NULL OR c.compared_at + c.took * $1::int < $2)
		ORDER  BY c.stale_since
		LIMIT  $3`, idleFactor, s.db.Now(), compareBatch)
	stale, err := db.Many[staleJob](rows)
	if err != nil {
		return err
	}
	for _, j := range stale {
		if err := s.compareJob(ctx, j); err != nil {
			return err
		}
		if s.db.Now().Sub(began) > CompareRound/idleFactor {
			break
		}
	}
	return nil
}

type staleJob struct {
	JobID      string
	LevelID    string
	Edition    string
	StaleSince time.Time
}

func (s *Service) compareJob(ctx context.Context, j staleJob) error {
	return s.db.WriteUnaudited(ctx, "a comparison that follows from rows written with their entries", func(q db.Querier) error {
		began := s.db.Now()
		// The mark goes first: a change that comes while we compare sets it again.
		if _, err := q.Exec(ctx, `UPDATE job_comparisons SET stale_since = NULL WHERE job_id = $1`, j.JobID); err != nil {
			return err
		}
		if _, err := q.Exec(ctx, `DELETE FROM job_checks WHERE job_id = $1`, j.JobID); err != nil {
			return err
		}
		if err := s.insertJobChecks(ctx, q, j); err != nil {
			return err
		}
		_, err := q.Exec(ctx, `
			UPDATE job_comparisons
			SET    compared_at = $2, took = $3,
			       uneven = (SELECT count(*) FROM job_checks WHERE job_id = $1 AND done > 0 AND done < due)
			WHERE  job_id = $1`, j.JobID, s.db.Now(), s.db.Now().Sub(began))
		return err
	})
}

// insertJobChecks counts, for each required check of the job's level, the candidates who went past the stage it was
// due in, and those of them who were asked. Somebody hired has gone past every stage.
func (s *Service) insertJobChecks(ctx context.Context, q db.Querier, j staleJob) error {
	ed := s.lib.At(j.Edition)
	var checks []string
	var due []int
	for _, check := range ed.Required(j.LevelID) {
		if stage, known := ed.Stage(check.Stage); known {
			checks, due = append(checks, check.ID), append(due, stage.Order)
		}
	}
	stages := make([]string, len(ed.Stages))
	for i, stage := range ed.Stages {
		stages[i] = stage.ID
	}
	_, err := q.Exec(ctx, `
		INSERT INTO job_checks (job_id, check_id, due, done)
		SELECT $1, need.check_id, count(*), count(*) FILTER (WHERE EXISTS (
		           SELECT FROM outcomes o
		           WHERE  o.person_id = a.person_id AND o.item_id = need.check_id AND o.answer <> 'not-done'))
		FROM   applications a
		JOIN   unnest($2::text[]) WITH ORDINALITY AS stage (id, place) ON stage.id = a.stage_id
		JOIN   unnest($3::text[], $4::int[]) AS need (check_id, place)
		       ON stage.place - 1 > need.place OR a.status = 'hired'
		WHERE  a.job_id = $1
		GROUP  BY need.check_id`, j.JobID, stages, checks, due)
	return err
}
