package interview

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Clash is the Stale error of SaveAnswer: the answer was changed elsewhere since the page saw it. It carries what
// is stored, so that the page can show both and lose neither.
type Clash struct {
	Current Answer
	err     error
}

// Error says what happened.
func (c *Clash) Error() string { return c.err.Error() }

// Unwrap returns the Stale error.
func (c *Clash) Unwrap() error { return c.err }

// errSame ends a transaction that found nothing to change.
var errSame = errors.New("the same answer is stored already")

// SaveAnswer keeps the actor's draft answer to one check and returns it as stored. a.Revision is the revision the
// page has seen, 0 for none; when another page has stored something else since, the error is a *Clash. Saving what
// is stored already changes nothing, so a page that did not hear our answer may simply send again.
func (s *Service) SaveAnswer(ctx context.Context, actor authz.Actor, interviewID ID, a Answer) (Answer, error) {
	if err := a.tidy(); err != nil {
		return a, err
	}
	var stored Answer
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		iv, own, err := lockAnswering(ctx, tx, interviewID, " FOR SHARE OF i")
		if err != nil {
			return err
		}
		if own.SubmittedAt != nil {
			return apperr.Conflict("Your scorecard is in. Amend it to change an answer.")
		}
		if !slices.Contains(iv.Kit, a.CheckID) {
			return apperr.Missing("check")
		}
		draft, err := draftOf(ctx, tx, interviewID, own.UserID)
		if err != nil {
			return err
		}
		before := draft[a.CheckID]
		if before.Same(a) {
			stored = before
			return errSame
		}
		if before.Revision != a.Revision {
			return &Clash{Current: before, err: apperr.Conflict(
				"This answer was changed in another window. Nothing is lost: choose which one to keep.")}
		}
		stored = Answer{CheckID: a.CheckID, Verdict: a.Verdict, Note: a.Note, Revision: before.Revision + 1, AnsweredAt: tx.Now}
		if err := upsertAnswer(ctx, tx, interviewID, own.UserID, stored); err != nil {
			return err
		}
		tx.Record(savedEntry(iv, before, stored))
		return nil
	})
	if errors.Is(err, errSame) {
		return stored, nil
	}
	return stored, err
}

func savedEntry(iv Interview, before, after Answer) db.Entry {
	e := db.Entry{Action: "answer.saved", SubjectKind: "interview", SubjectID: string(iv.ID), PersonID: string(iv.PersonID),
		Detail: map[string]any{"check": after.CheckID, "from": before.Verdict, "to": after.Verdict, "revision": after.Revision}}
	if before.Note != after.Note {
		e.Changes = []db.Change{db.Changed("note", before.Note, after.Note)}
	}
	return e
}

// tidy checks an answer's own fields. Line ends are made one kind, since forms and scripts send different ones and
// an answer must be recognised as the same.
func (a *Answer) tidy() error {
	a.Note = strings.TrimSpace(strings.ReplaceAll(a.Note, "\r\n", "\n"))
	var bad apperr.Problems
	bad.Check(a.Verdict == Open || slices.Contains(catalogue.Answers(), a.Verdict), "verdict", "Choose one of the answers.")
	bad.Check(len(a.Note) <= maxNote, "note", "Use at most %d characters.", maxNote)
	return bad.Err()
}

// Submission is what an interviewer confirms when submitting.
type Submission struct {
	// Mark is the draft's mark that the interviewer has seen: answers changed since are looked at first.
	Mark    int
	Summary string
}

// Submit freezes the actor's answers as scorecard number 1. It never asks for more answers: a check without one
// counts as not done. What the answers say of the person is passed on in the same transaction.
func (s *Service) Submit(ctx context.Context, actor authz.Actor, interviewID ID, sub Submission) error {
	sub.Summary = strings.TrimSpace(sub.Summary)
	if len(sub.Summary) > maxNote {
		return apperr.Invalid("summary", "Use at most %d characters.", maxNote)
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		iv, own, err := lockAnswering(ctx, tx, interviewID, " FOR UPDATE OF i")
		if err != nil {
			return err
		}
		if own.SubmittedAt != nil {
			return apperr.Conflict("Your scorecard is in already. Amend it to change an answer.")
		}
		card, err := freeze(ctx, tx, iv, own, sub)
		if err != nil {
			return err
		}
		done, err := finish(ctx, tx, iv, own)
		if err != nil {
			return err
		}
		if err := s.assessment.Note(ctx, tx, iv.PersonID, outcomes(iv.ID, own.UserID, card.Answers)...); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "scorecard.submitted", SubjectKind: "interview", SubjectID: string(iv.ID),
			PersonID: string(iv.PersonID), Detail: map[string]any{"scorecard": card.ID, "number": 1,
				"answers": verdicts(card.Answers), "all_in": done}})
		return nil
	})
}

// freeze turns the draft into a stored scorecard; the draft is gone then, the card is its place.
func freeze(ctx context.Context, tx *db.Tx, iv Interview, own Interviewer, sub Submission) (Scorecard, error) {
	card := Scorecard{UserID: own.UserID, Number: 1, Summary: sub.Summary}
	draft, err := draftOf(ctx, tx, iv.ID, own.UserID)
	if err != nil {
		return card, err
	}
	if draft.Mark() != sub.Mark {
		return card, apperr.Conflict("Your answers changed in another window since this page was shown. Look at them again, then submit.")
	}
	attached, err := attachedTo(ctx, tx, iv.ID, own.UserID, iv.Kit)
	if err != nil {
		return card, err
	}
	card.Answers = draft.Freeze(iv.Kit, attached, tx.Now)
	if card.ID, err = insertCard(ctx, tx, iv, card); err != nil {
		return card, err
	}
	return card, deleteDraft(ctx, tx, iv.ID, own.UserID)
}

// finish notes that the actor's card is in and, when it was the last one, that the interview is done.
func finish(ctx context.Context, tx *db.Tx, iv Interview, own Interviewer) (bool, error) {
	if err := markSubmitted(ctx, tx, iv.ID, own.UserID); err != nil {
		return false, err
	}
	all, err := interviewersOf(ctx, tx, iv.ID)
	if err != nil || !allSubmitted(all) {
		return false, err
	}
	return true, markDone(ctx, tx, iv.ID)
}

func verdicts(lines []Answer) map[string]catalogue.Answer {
	all := make(map[string]catalogue.Answer, len(lines))
	for _, a := range lines {
		all[a.CheckID] = a.Verdict
	}
	return all
}

// Amendment changes one line of a submitted scorecard.
type Amendment struct {
	CheckID string
	Verdict catalogue.Answer
	Note    string
	Reason  string
	// Number is the version the interviewer has seen.
	Number int
}

func (a *Amendment) tidy() error {
	line := Answer{CheckID: a.CheckID, Verdict: a.Verdict, Note: a.Note}
	a.Reason = strings.TrimSpace(a.Reason)
	var bad apperr.Problems
	if problem, invalid := apperr.AsInvalid(line.tidy()); invalid {
		for field, message := range problem.Fields {
			bad.Add(field, "%s", message)
		}
	}
	bad.Check(a.Verdict != Open, "verdict", "Choose one of the answers.")
	bad.Check(a.Reason != "", "reason", "Say why the answer changes.")
	bad.Check(len(a.Reason) <= maxNote, "reason", "Use at most %d characters.", maxNote)
	a.Note = line.Note
	return bad.Err()
}

// Amend adds the next version of the actor's scorecard with one line changed, and a reason. The version before
// stays beside it; what counts for the person is the new one.
func (s *Service) Amend(ctx context.Context, actor authz.Actor, interviewID ID, am Amendment) error {
	if err := am.tidy(); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		iv, own, err := lockAnswering(ctx, tx, interviewID, " FOR SHARE OF i")
		if err != nil {
			return err
		}
		before, err := latestOwn(ctx, tx, interviewID)
		if err != nil {
			return err
		}
		was, there := before.Answer(am.CheckID)
		if own.SubmittedAt == nil || !there {
			return apperr.Missing("answer")
		}
		if before.Number != am.Number {
			return apperr.Conflict("This scorecard was amended meanwhile: number %d is the latest. Look at it, then amend.", before.Number)
		}
		now := Answer{CheckID: am.CheckID, Verdict: am.Verdict, Note: am.Note, AnsweredAt: tx.Now}
		attached, err := attachedTo(ctx, tx, interviewID, own.UserID, []string{am.CheckID})
		if err != nil {
			return err
		}
		now.Evidence = attached[am.CheckID]
		if now.Same(was) && slices.Equal(now.Evidence, was.Evidence) {
			return apperr.Invalid("verdict", "Nothing differs from number %d. Change the answer, its note or its evidence.", before.Number)
		}
		after := Scorecard{UserID: own.UserID, Number: before.Number + 1, Answers: before.amended(now),
			Summary: before.Summary, Reason: am.Reason}
		if after.ID, err = insertCard(ctx, tx, iv, after); err != nil {
			return err
		}
		if err := s.assessment.Note(ctx, tx, iv.PersonID, outcomes(iv.ID, own.UserID, []Answer{now})...); err != nil {
			return err
		}
		tx.Record(amendedEntry(iv, after, was, now))
		return nil
	})
}

func amendedEntry(iv Interview, after Scorecard, was, now Answer) db.Entry {
	e := db.Entry{Action: "scorecard.amended", SubjectKind: "interview", SubjectID: string(iv.ID), PersonID: string(iv.PersonID),
		Detail: map[string]any{"scorecard": after.ID, "number": after.Number, "check": now.CheckID, "from": was.Verdict, "to": now.Verdict},
		Reason: after.Reason}
	if was.Note != now.Note {
		e.Changes = []db.Change{db.Changed("note", was.Note, now.Note)}
	}
	return e
}
