package privacy

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

const (
	// nightly is how long after a run the next automatic one begins.
	nightly = 24 * time.Hour
	// runShare is about how long one call of Retain works: it comes round each few seconds.
	runShare = 2 * time.Second
	// runBatch is how many people are looked up at a time.
	runBatch = 50
	// mostDays is the longest time that a rule keeps something.
	mostDays = 36500
	// PreviewSize is how many people a preview names.
	PreviewSize = 100
)

// Policy is the rules in force.
func (s *Service) Policy(ctx context.Context) (Policy, error) { return policyOf(ctx, s.db.Pool()) }

// SetPolicy replaces the rules. Problems are at the fields "record-OUTCOME" and "evidence-OUTCOME".
func (s *Service) SetPolicy(ctx context.Context, actor authz.Actor, p Policy) error {
	var problems apperr.Problems
	for _, r := range p.Rules {
		for field, keep := range map[string]*int{"record-": r.Record, "evidence-": r.Evidence} {
			problems.Check(keep == nil || *keep >= 1 && *keep <= mostDays, field+string(r.Outcome), "Enter a number of days from 1 to %d, or nothing.", mostDays)
		}
		problems.Check(r.Record == nil || r.Evidence == nil || *r.Evidence <= *r.Record, "evidence-"+string(r.Outcome),
			"Evidence cannot be kept longer than everything else.")
	}
	if err := problems.Err(); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := setPolicy(ctx, tx, p); err != nil {
			return err
		}
		detail := map[string]any{"automatic": p.Automatic}
		for _, r := range p.Rules {
			detail[string(r.Outcome)] = map[string]any{"record": r.Record, "evidence": r.Evidence}
		}
		tx.Record(db.Entry{Action: "retention.set", SubjectKind: "installation", SubjectID: "retention", Detail: detail})
		return nil
	})
}

// Due lists the people whose data the rules let go today, as far as the actor sees them, at most PreviewSize and one more.
func (s *Service) Due(ctx context.Context, actor authz.Actor) ([]Due, error) {
	var w db.Where
	person.Visible(actor, &w, "p")
	return dueAfter(ctx, s.db.Pool(), &w, "", s.db.Now(), PreviewSize+1)
}

// Begin asks for a run of the rules; Retain does it in the background. While one is under way there is no other.
func (s *Service) Begin(ctx context.Context, actor authz.Actor) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error { return begin(ctx, tx) })
}

func begin(ctx context.Context, tx *db.Tx) error {
	runID := id.New()
	if err := insertRun(ctx, tx, runID); err != nil {
		return err
	}
	tx.Record(db.Entry{Action: "retention.begun", SubjectKind: "installation", SubjectID: "retention", Detail: map[string]any{"run": runID}})
	return nil
}

// Runs lists the last runs, the newest first.
func (s *Service) Runs(ctx context.Context) ([]Run, error) { return lastRuns(ctx, s.db.Pool()) }

// Retain goes on with the run that is under way, for a short while, and begins the nightly one when its time has come. Each person
// is a transaction of their own, which also notes how far the run is: a run that was interrupted goes on where it was.
func (s *Service) Retain(ctx context.Context) error {
	if err := s.beginNightly(ctx); err != nil {
		return err
	}
	while, done := context.WithTimeout(ctx, runShare)
	defer done()
	for while.Err() == nil {
		run, found, err := openRun(ctx, s.db.Pool())
		if err != nil || !found {
			return err
		}
		due, err := dueAfter(ctx, s.db.Pool(), &db.Where{}, run.AtPerson, run.AskedAt, runBatch)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			return s.end(ctx, run)
		}
		for _, d := range due {
			if while.Err() != nil {
				return nil
			}
			if err := s.letGo(ctx, run.ID, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) beginNightly(ctx context.Context) error {
	wanted, err := nightlyWanted(ctx, s.db.Pool(), s.db.Now().Add(-nightly))
	if err != nil || !wanted {
		return err
	}
	err = s.db.Write(ctx, authz.System("retention"), func(tx *db.Tx) error { return begin(ctx, tx) })
	if apperr.KindOf(err) == apperr.Stale {
		return nil // another process was faster
	}
	return err
}

// errPassed rolls back what was begun for a person whom the run leaves alone.
var errPassed = errors.New("the run leaves this person alone")

// letGo erases one person as far as the rules say, unless something stops it.
func (s *Service) letGo(ctx context.Context, runID string, d Due) error {
	actor := authz.System("retention")
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := stepRun(ctx, tx, runID, d.ID, 1, 0); err != nil {
			return err
		}
		p, err := s.people.Lock(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		standing, err := standingOf(ctx, tx, actor, d.ID)
		switch {
		case err != nil:
			return err
		case standing.Stops() != "":
			return errPassed
		case d.Scope == Evidence:
			return s.eraseContent(ctx, tx, p, Retention, &runID)
		}
		return s.eraseRecord(ctx, tx, p, Retention, &runID)
	})
	switch {
	case errors.Is(err, errOvertaken):
		return nil
	case errors.Is(err, errPassed), apperr.KindOf(err) == apperr.Stale:
		return s.pass(ctx, runID, d.ID)
	}
	return err
}

// pass notes that the run has left somebody alone.
func (s *Service) pass(ctx context.Context, runID string, personID person.ID) error {
	err := s.db.WriteUnaudited(ctx, "how far a run is; who was left alone has changed in nothing", func(q db.Querier) error {
		return stepRun(ctx, q, runID, personID, 0, 1)
	})
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}

func (s *Service) end(ctx context.Context, run openedRun) error {
	err := s.db.Write(ctx, authz.System("retention"), func(tx *db.Tx) error {
		erased, held, err := endRun(ctx, tx, run.ID)
		if errors.Is(err, pgx.ErrNoRows) {
			return errOvertaken
		}
		if err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "retention.ended", SubjectKind: "installation", SubjectID: "retention",
			Detail: map[string]any{"run": run.ID, "erased": erased, "held": held}})
		return nil
	})
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}
