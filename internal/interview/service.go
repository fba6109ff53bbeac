package interview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service plans interviews and takes answers and scorecards.
type Service struct {
	db         *db.DB
	catalogue  *catalogue.Library
	people     *person.Service
	evidence   *evidence.Service
	assessment *assessment.Service
}

// NewService returns the service on d.
func NewService(d *db.DB, lib *catalogue.Library, people *person.Service, ev *evidence.Service, assess *assessment.Service) *Service {
	return &Service{db: d, catalogue: lib, people: people, evidence: ev, assessment: assess}
}

// errPlanned ends the transaction of a plan that was sent twice.
var errPlanned = errors.New("planned already")

// Schedule plans an interview for an application at its present stage. Without a kit it asks the stage's. A plan that was
// sent twice, for the same moment and the same interviewers, finds the interview that the first one planned.
func (s *Service) Schedule(ctx context.Context, actor authz.Actor, app hiring.ApplicationID, p Plan) (ID, error) {
	if err := p.tidy(s.db.Now()); err != nil {
		return "", err
	}
	interviewID := ID(id.New())
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		a, err := plannedFor(ctx, tx, actor, app, " FOR NO KEY UPDATE OF a")
		if err != nil {
			return err
		}
		if a.Status != "active" {
			return apperr.Conflict("This application has ended. Interviews are planned while it is open.")
		}
		if p.Kit, err = s.kitFor(a, p.Kit); err != nil {
			return err
		}
		if err := checkHolders(ctx, tx, a.PersonID, p.Interviewers); err != nil {
			return err
		}
		if before, err := plannedAt(ctx, tx, a, p); err != nil || before != "" {
			interviewID = before
			return cmp.Or(err, errPlanned)
		}
		if err := insertInterview(ctx, tx, interviewID, a, p); err != nil {
			return err
		}
		if err := insertInterviewers(ctx, tx, interviewID, p.Interviewers); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "interview.scheduled", SubjectKind: "interview", SubjectID: string(interviewID),
			PersonID: string(a.PersonID), Detail: map[string]any{"application": a.ID, "stage": a.StageID, "starts": p.StartsAt,
				"minutes": p.Minutes, "interviewers": p.Interviewers, "kit": p.Kit}})
		return nil
	})
	if errors.Is(err, errPlanned) {
		err = nil
	}
	return interviewID, err
}

func (s *Service) kitFor(a planned, chosen []string) ([]string, error) {
	ed := s.catalogue.At(a.Edition)
	if len(chosen) == 0 {
		chosen = StageKit(ed, a.StageID, a.LevelID)
	}
	return tidyKit(ed, a.StageID, a.LevelID, chosen)
}

func checkHolders(ctx context.Context, tx *db.Tx, about person.ID, chosen []account.ID) error {
	holders, err := holdersFor(ctx, tx, about)
	if err != nil {
		return err
	}
	for _, user := range chosen {
		if !slices.ContainsFunc(holders, func(h Holder) bool { return h.ID == user }) {
			return apperr.Invalid("interviewers", "Choose among the people listed: one of those chosen cannot hold this interview.")
		}
	}
	return nil
}

// Reschedule changes time, place and interviewers of an interview that is still to be held. The kit stays: all
// are asked the same. Whoever has begun to answer stays too.
func (s *Service) Reschedule(ctx context.Context, actor authz.Actor, interviewID ID, version int, p Plan) error {
	if err := p.tidy(s.db.Now()); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		iv, err := lockPlan(ctx, tx, interviewID, version)
		if err != nil {
			return err
		}
		if err := replaceInterviewers(ctx, tx, iv, p.Interviewers); err != nil {
			return err
		}
		if err := updatePlan(ctx, tx, interviewID, p); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "interview.rescheduled", SubjectKind: "interview", SubjectID: string(interviewID),
			PersonID: string(iv.PersonID), Detail: map[string]any{"from": iv.StartsAt, "to": p.StartsAt,
				"minutes": p.Minutes, "interviewers": p.Interviewers},
			Changes: []db.Change{db.Changed("place", iv.Place, p.Place)}})
		return nil
	})
}

func replaceInterviewers(ctx context.Context, tx *db.Tx, iv Interview, chosen []account.ID) error {
	before, err := interviewersOf(ctx, tx, iv.ID)
	if err != nil {
		return err
	}
	var added []account.ID
	for _, user := range chosen {
		if !slices.ContainsFunc(before, func(p Interviewer) bool { return p.UserID == user }) {
			added = append(added, user)
		}
	}
	// Only those who are new are checked: somebody who has changed roles meanwhile may still finish.
	if err := checkHolders(ctx, tx, iv.PersonID, added); err != nil {
		return err
	}
	names, err := begun(ctx, tx, iv.ID, chosen)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return apperr.Invalid("interviewers", "%s has begun to answer and stays. Ask them to submit: unanswered checks are no obstacle.",
			strings.Join(names, ", "))
	}
	if err := deleteInterviewers(ctx, tx, iv.ID, chosen); err != nil {
		return err
	}
	return insertInterviewers(ctx, tx, iv.ID, added)
}

// lockPlan locks an interview that is still to be held, for a change of plan.
func lockPlan(ctx context.Context, tx *db.Tx, interviewID ID, version int) (Interview, error) {
	iv, err := lockVisible(ctx, tx, interviewID, " FOR UPDATE OF i")
	if err != nil {
		return iv, err
	}
	if !tx.Actor.SeesAllPeople() && string(iv.ManagerID) != tx.Actor.ID {
		return iv, apperr.Forbidden("Only HR and the job's hiring manager change an interview's plan.")
	}
	if iv.Status != Scheduled {
		return iv, apperr.Conflict("This interview is %s. Its plan no longer changes.", iv.Status)
	}
	if iv.Version != version {
		return iv, apperr.Conflict("Somebody changed this interview meanwhile. Look at the current plan and try again.")
	}
	return iv, nil
}

// Cancel calls an interview off, with a reason. One that somebody has submitted a scorecard for was held.
func (s *Service) Cancel(ctx context.Context, actor authz.Actor, interviewID ID, version int, reason string) error {
	reason = strings.TrimSpace(reason)
	var bad apperr.Problems
	bad.Check(reason != "", "reason", "Say why the interview is cancelled.")
	bad.Check(len(reason) <= maxNote, "reason", "Use at most %d characters.", maxNote)
	if err := bad.Err(); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		iv, err := lockPlan(ctx, tx, interviewID, version)
		if err != nil {
			return err
		}
		who, err := interviewersOf(ctx, tx, interviewID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(who, func(p Interviewer) bool { return p.SubmittedAt != nil }) {
			return apperr.Conflict("A scorecard is in, so this interview was held. It cannot be cancelled.")
		}
		if err := cancelInterview(ctx, tx, interviewID, reason); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "interview.cancelled", SubjectKind: "interview", SubjectID: string(interviewID),
			PersonID: string(iv.PersonID), Reason: reason})
		return nil
	})
}

// lockAnswering locks an interview and the actor's place in it, in this order everywhere.
func lockAnswering(ctx context.Context, tx *db.Tx, interviewID ID, lock string) (Interview, Interviewer, error) {
	iv, err := lockVisible(ctx, tx, interviewID, lock)
	if err != nil {
		return iv, Interviewer{}, err
	}
	own, err := lockOwn(ctx, tx, interviewID)
	if err == nil && iv.Status == Cancelled {
		err = apperr.Conflict("This interview was cancelled. What you have answered is kept as it is.")
	}
	if err != nil {
		err = fmt.Errorf("interview %s: %w", interviewID, err)
	}
	return iv, own, err
}
