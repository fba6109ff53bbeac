// Package interview plans interviews, keeps each interviewer's answers while the call runs, and freezes them as
// scorecards. It owns the tables interviews, interviewers, answers, scorecards and scorecard_words.
//
//	scheduled ──► done        when the last interviewer has submitted
//	    └───────► cancelled   with a reason, as long as nobody has submitted
//
// An interview keeps the edition of the catalogue and the kit it was planned with: every interviewer is asked the
// same. Answers are drafts of one interviewer, seen by nobody else. Submitting freezes them as the interviewer's
// scorecard number 1; amending adds the next number, and no number is ever changed. What the latest numbers say is
// passed on to internal/assessment in the same transaction.
//
// Two rules are enforced here and not in pages: who has not submitted yet sees no other scorecard, so that each
// judges alone; and submitting is never refused for want of answers, since a check not done is missing coverage
// and no risk. What a finding weighs is assessment's.
package interview

import (
	"slices"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
)

// ID identifies an interview.
type ID string

// CardID identifies one version of a scorecard.
type CardID string

// Status says how far an interview is.
type Status string

// The statuses.
const (
	Scheduled Status = "scheduled"
	Done      Status = "done"
	Cancelled Status = "cancelled"
)

// Open is the verdict of a check that is not answered yet; it may carry a note already.
const Open catalogue.Answer = ""

// Interview is one planned or held conversation with a person about a job.
type Interview struct {
	ID             ID
	ApplicationID  hiring.ApplicationID
	PersonID       person.ID
	JobID          hiring.JobID
	StageID        string
	Edition        string
	Kit            []string
	StartsAt       time.Time
	Minutes        int
	Place          string
	Status         Status
	CreatedAt      time.Time
	CreatedBy      *account.ID
	CancelledAt    *time.Time
	CancelReason   string
	Version        int
	PersonName     string
	PersonLocation string
	PersonTimeZone string
	JobTitle       string
	LevelID        string
	ManagerID      account.ID
}

// EndsAt is when the interview is planned to end.
func (iv Interview) EndsAt() time.Time {
	return iv.StartsAt.Add(time.Duration(iv.Minutes) * time.Minute)
}

// PersonZone is the time zone the person claims to be in, or nil when none is known.
func (iv Interview) PersonZone() *time.Location {
	if iv.PersonTimeZone == "" {
		return nil
	}
	zone, err := time.LoadLocation(iv.PersonTimeZone)
	if err != nil {
		return nil
	}
	return zone
}

// Checks are the kit's entries in the edition the interview was planned with.
func (iv Interview) Checks(ed *catalogue.Edition) []*catalogue.Check { return checksOf(ed, iv.Kit) }

func checksOf(ed *catalogue.Edition, ids []string) []*catalogue.Check {
	checks := make([]*catalogue.Check, 0, len(ids))
	for _, checkID := range ids {
		if c, ok := ed.Check(checkID); ok {
			checks = append(checks, c)
		}
	}
	return checks
}

// Interviewer is somebody who holds the interview, and whether their scorecard is in.
type Interviewer struct {
	UserID      account.ID
	Name        string
	SubmittedAt *time.Time
}

// Answer is one interviewer's answer to one check: a draft, or a line of a scorecard.
type Answer struct {
	CheckID    string
	Verdict    catalogue.Answer
	Note       string
	Revision   int
	AnsweredAt time.Time
	// Evidence is what was attached when the scorecard was frozen; drafts leave it empty.
	Evidence []evidence.ID
}

// Same reports whether both say the same; times and revisions do not count.
func (a Answer) Same(b Answer) bool { return a.Verdict == b.Verdict && a.Note == b.Note }

// Said reports whether there is anything in the answer.
func (a Answer) Said() bool { return a.Verdict != Open || a.Note != "" }

// Draft is what one interviewer has answered so far, by check.
type Draft map[string]Answer

// Mark changes with every saved answer: who submits says which mark they have seen.
func (d Draft) Mark() int {
	mark := 0
	for _, a := range d {
		mark += a.Revision
	}
	return mark
}

// Left lists the checks of the kit that have no verdict yet, in the kit's order.
func (d Draft) Left(kit []string) []string {
	var left []string
	for _, checkID := range kit {
		if d[checkID].Verdict == Open {
			left = append(left, checkID)
		}
	}
	return left
}

// Freeze is the draft as the lines of a scorecard: one per check of the kit, what has no verdict as not done.
func (d Draft) Freeze(kit []string, attached map[string][]evidence.ID, at time.Time) []Answer {
	lines := make([]Answer, 0, len(kit))
	for _, checkID := range kit {
		a, there := d[checkID]
		if !there {
			a.AnsweredAt = at
		}
		a.CheckID, a.Evidence = checkID, attached[checkID]
		if a.Verdict == Open {
			a.Verdict = catalogue.NotDone
		}
		lines = append(lines, a)
	}
	return lines
}

// Scorecard is one version of one interviewer's submitted answers.
type Scorecard struct {
	ID          CardID
	InterviewID ID
	UserID      account.ID
	UserName    string
	Number      int
	Answers     []Answer
	Summary     string
	// Reason says why the version before was amended; empty for number 1.
	Reason      string
	SubmittedAt time.Time
}

// Answer finds the line of a check.
func (c Scorecard) Answer(checkID string) (Answer, bool) {
	i := slices.IndexFunc(c.Answers, func(a Answer) bool { return a.CheckID == checkID })
	if i < 0 {
		return Answer{}, false
	}
	return c.Answers[i], true
}

// Count says how many lines have the verdict.
func (c Scorecard) Count(verdict catalogue.Answer) int {
	n := 0
	for _, a := range c.Answers {
		if a.Verdict == verdict {
			n++
		}
	}
	return n
}

// amended is the card after changing one line; the receiver stays as it is.
func (c Scorecard) amended(line Answer) []Answer {
	lines := slices.Clone(c.Answers)
	for i := range lines {
		if lines[i].CheckID == line.CheckID {
			lines[i] = line
		}
	}
	return lines
}

// originID names an interviewer's part in an interview towards assessment and flags.
func originID(id ID, user account.ID) string { return string(id) + "/" + string(user) }

// AnswerSubject is what evidence for an answer is attached to.
func AnswerSubject(id ID, checkID string, user account.ID) evidence.Subject {
	return evidence.Subject{Kind: "answer", ID: originID(id, user) + "/" + checkID}
}

// outcomes is what lines of a scorecard say of the person.
func outcomes(id ID, user account.ID, lines []Answer) []assessment.Outcome {
	all := make([]assessment.Outcome, len(lines))
	for i, a := range lines {
		all[i] = assessment.Outcome{ItemID: a.CheckID, Answer: a.Verdict, OriginKind: "answer",
			OriginID: originID(id, user), Note: a.Note, Count: 1, At: a.AnsweredAt}
	}
	return all
}

// isInterviewer finds the actor among the interviewers.
func isInterviewer(list []Interviewer, actor authz.Actor) (Interviewer, bool) {
	i := slices.IndexFunc(list, func(p Interviewer) bool { return actor.ID != "" && string(p.UserID) == actor.ID })
	if i < 0 {
		return Interviewer{}, false
	}
	return list[i], true
}

// allSubmitted reports whether every interviewer's scorecard is in.
func allSubmitted(list []Interviewer) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(p Interviewer) bool { return p.SubmittedAt == nil })
}

// Latest keeps the newest version of each interviewer's scorecard, in the order of the cards.
func Latest(cards []Scorecard) []Scorecard {
	newest := map[account.ID]int{}
	for _, c := range cards {
		newest[c.UserID] = max(newest[c.UserID], c.Number)
	}
	var latest []Scorecard
	for _, c := range cards {
		if c.Number == newest[c.UserID] {
			latest = append(latest, c)
		}
	}
	return latest
}

// Differs reports whether the cards give a check more than one verdict. A check that one did and another did not
// is no difference of opinion.
func Differs(cards []Scorecard, checkID string) bool {
	seen := catalogue.NotDone
	for _, c := range cards {
		a, ok := c.Answer(checkID)
		if !ok || a.Verdict == catalogue.NotDone {
			continue
		}
		if seen != catalogue.NotDone && seen != a.Verdict {
			return true
		}
		seen = a.Verdict
	}
	return false
}
