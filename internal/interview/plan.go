package interview

import (
	"slices"
	"strings"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
)

// Holders are the roles whose users may be asked to interview.
var Holders = []authz.Role{authz.Interviewer, authz.HiringManager, authz.HR, authz.SecurityLead, authz.SecurityAnalyst}

// Bounds of an interview's length in minutes, as the schema has them too.
const (
	MinMinutes = 5
	MaxMinutes = 480
)

// Bounds of texts, in bytes: far beyond what somebody types during a call, far below what hurts.
const (
	maxPlace = 500
	maxNote  = 10_000
)

// Plan is what a planner decides: when, how long, where, who asks, and what.
type Plan struct {
	StartsAt     time.Time
	Minutes      int
	Place        string
	Interviewers []account.ID
	// Kit is chosen when the interview is scheduled; a later change of plan leaves it as it is.
	Kit []string
}

// tidy checks what can be known without the database.
func (p *Plan) tidy(now time.Time) error {
	p.Place = strings.TrimSpace(p.Place)
	slices.Sort(p.Interviewers)
	p.Interviewers = slices.Compact(p.Interviewers)
	var bad apperr.Problems
	bad.Check(!p.StartsAt.IsZero(), "starts", "Choose a day and a time.")
	// A date years away is a slip of the keyboard. One in the past is not: calls are written up afterwards.
	bad.Check(p.StartsAt.IsZero() || p.StartsAt.Sub(now).Abs() < 3*365*24*time.Hour, "starts", "Choose a date within three years.")
	bad.Check(p.Minutes >= MinMinutes && p.Minutes <= MaxMinutes, "minutes", "Plan between %d and %d minutes.", MinMinutes, MaxMinutes)
	bad.Check(len(p.Place) <= maxPlace, "place", "Use at most %d characters.", maxPlace)
	bad.Check(len(p.Interviewers) > 0, "interviewers", "Choose at least one interviewer.")
	return bad.Err()
}

// Holder is a user who may be asked to interview.
type Holder struct {
	ID    account.ID
	Name  string
	Roles []authz.Role
}

// Offer is what an application's next interview would be, for the planner to change.
type Offer struct {
	ApplicationID  hiring.ApplicationID
	PersonID       person.ID
	PersonName     string
	PersonTimeZone string
	JobTitle       string
	ManagerID      account.ID
	Stage          *catalogue.Stage
	Level          *catalogue.Level
	Kit            []*catalogue.Check
	// At is when the offer was made.
	At time.Time
	// Others are the remaining checks of the edition: they may be added.
	Others  []*catalogue.Check
	Holders []Holder
	fixed   map[string]bool
}

// Fixed reports whether the job's level asks for the check: it cannot be taken out of the kit.
func (o Offer) Fixed(checkID string) bool { return o.fixed[checkID] }

// StageKit is what a stage's interview asks unless somebody decides otherwise: the stage's checks, those that the
// job's level requires first, since a call may end early.
func StageKit(ed *catalogue.Edition, stage, level string) []string {
	required := requiredAt(ed, stage, level)
	var first, then []string
	for _, c := range ed.ChecksFor(stage) {
		if required[c.ID] {
			first = append(first, c.ID)
		} else {
			then = append(then, c.ID)
		}
	}
	return append(first, then...)
}

// requiredAt is what the level requires of the checks that the stage's kit holds.
func requiredAt(ed *catalogue.Edition, stage, level string) map[string]bool {
	atStage := map[string]bool{}
	for _, c := range ed.ChecksFor(stage) {
		atStage[c.ID] = true
	}
	required := map[string]bool{}
	for _, c := range ed.Required(level) {
		if atStage[c.ID] {
			required[c.ID] = true
		}
	}
	return required
}

// tidyKit checks a kit against the edition and puts it into order: the stage's own order first, additions after.
func tidyKit(ed *catalogue.Edition, stage, level string, chosen []string) ([]string, error) {
	var bad apperr.Problems
	in := map[string]bool{}
	for _, checkID := range chosen {
		_, known := ed.Check(checkID)
		bad.Check(known, "kit", "There is no check %q in this edition.", checkID)
		in[checkID] = true
	}
	for _, c := range ed.Required(level) {
		if requiredAt(ed, stage, level)[c.ID] {
			bad.Check(in[c.ID], "kit", "The job's level requires “%s”: it stays in the kit.", c.Title)
		}
	}
	bad.Check(len(in) > 0, "kit", "Choose at least one check.")
	if err := bad.Err(); err != nil {
		return nil, err
	}
	kit := make([]string, 0, len(in))
	for _, checkID := range append(StageKit(ed, stage, level), chosen...) {
		if in[checkID] {
			kit = append(kit, checkID)
			delete(in, checkID)
		}
	}
	return kit, nil
}
