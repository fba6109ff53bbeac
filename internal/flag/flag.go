// Package flag keeps the findings that ask for an answer from us: red flags, raised signals, and concerns that
// somebody chose to settle. It owns the table flags; what a flag does to a person's band is internal/assessment's.
//
// A flag belongs to one finding: one check or signal, from one origin (an interviewer's answer, a check recorded by
// hand, a kind of signal). Reporting the same finding again changes nothing.
//
//	           dispose                    dispose
//	open ───────────────► confirmed ───────────────► explained
//	 │  ▲                  │     │ second person        ▲  (sealed)
//	 │  └──────────────────┘     ▼                      │
//	 │        dispose        confirmed, seconded ───────┤
//	 └──────────────────────────────────────────────────┘
//
// Four rules. A confirmed decisive finding counts as confirmed once a second person agrees. A finding that is taken
// back (its answer was amended) is withdrawn, whatever its state, and waits for nobody. An explained flag is sealed:
// it stops counting for good and no disposition opens it again. Only a new finding can raise the matter again: it is
// reported under an origin of its own and becomes a flag of its own, beside the sealed one. A flag on somebody whose
// application ended without a hire rests: it can be answered and waits for nobody, until the application is reopened.
package flag

import (
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
)

// ID identifies a flag.
type ID string

// State is what people have made of a flag.
type State string

// The states.
const (
	Open      State = "open"
	Explained State = "explained"
	Confirmed State = "confirmed"
)

// States lists the states in the order in which forms offer them.
func States() []State { return []State{Open, Explained, Confirmed} }

// The kinds of origin a finding can have.
const (
	FromAnswer = "answer" // an interviewer's submitted answer
	FromCheck  = "check"  // a check recorded by hand
	FromSignal = "signal" // telemetry
)

// Flag is one finding that asks for an answer, with the last disposition it was given.
type Flag struct {
	ID         ID
	PersonID   person.ID
	ItemID     string // the check or signal of the catalogue
	Answer     catalogue.Answer
	Strength   catalogue.Strength
	GroupID    catalogue.Group
	OriginKind string
	OriginID   string
	Summary    string
	State      State
	RaisedAt   time.Time
	RaisedBy   *string
	DisposedAt *time.Time
	DisposedBy *string
	Reason     string
	SecondedAt *time.Time
	SecondedBy *string
	// WithdrawnAt is set when the finding itself was taken back.
	WithdrawnAt *time.Time
	// Rests is set while the person's hiring has ended without a hire.
	Rests   bool
	Version int
}

// Raise is a finding as it is reported.
type Raise struct {
	PersonID             person.ID
	ItemID               string
	Answer               catalogue.Answer
	OriginKind, OriginID string
	Summary              string
	At                   time.Time
	// Edition is the edition to read strength and group from; empty means the current one.
	Edition string
}

// Standing is how a flag reads to people: its state, or that it asks for none.
type Standing string

// The standings that are no state.
const (
	Noted     Standing = "noted"      // a concern that was given no disposition, and needs none
	TakenBack Standing = "taken back" // the finding itself was taken back
)

// Standing says how the flag stands. Only what could do with an answer is called open.
func (f Flag) Standing() Standing {
	switch {
	case f.WithdrawnAt != nil:
		return TakenBack
	case f.State == Open && f.Answer == catalogue.Concern:
		return Noted
	}
	return Standing(f.State)
}

// Unanswered reports whether the flag has no disposition yet and could do with one. A concern may be given one but does
// not ask.
func (f Flag) Unanswered() bool {
	return f.State == Open && f.WithdrawnAt == nil && f.Answer != catalogue.Concern
}

// Waits reports whether the flag asks for a disposition now.
func (f Flag) Waits() bool { return f.Unanswered() && !f.Rests }

// NeedsSecond reports whether a second person has to agree before the confirmation counts.
func (f Flag) NeedsSecond() bool {
	return f.State == Confirmed && f.WithdrawnAt == nil && f.decisive() && f.SecondedAt == nil
}

// Counts is the state the flag counts with: a confirmation that still needs a second person counts as open.
func (f Flag) Counts() State {
	if f.NeedsSecond() {
		return Open
	}
	return f.State
}

func (f Flag) decisive() bool {
	return f.Strength == catalogue.Decisive && f.Answer != catalogue.Concern
}

// Disposable says why the flag cannot be given the state with that reason, or nil.
func (f Flag) Disposable(to State, reason string) error {
	switch {
	case f.WithdrawnAt != nil:
		return apperr.Conflict("This finding was taken back meanwhile; there is nothing left to answer.")
	case f.State == Explained:
		return apperr.Conflict("This flag is explained and sealed. Record a new finding if there is one.")
	}
	var p apperr.Problems
	switch to {
	case Open, Explained, Confirmed:
		p.Check(to != f.State, "state", "The flag is %s already.", to)
	default:
		p.Add("state", "Choose open, explained or confirmed.")
	}
	p.Check(strings.TrimSpace(reason) != "", "reason", "Say what this rests on, in a sentence.")
	p.Check(len(reason) <= maxReason, "reason", "Keep it under %d characters.", maxReason)
	return p.Err()
}

// maxReason bounds a reason, in bytes: a paragraph, not a report.
const maxReason = 4000

// OfAnother reports whether a finding is an interviewer's answer, and not the user's own. Whoever still owes a scorecard
// learns nothing of those.
func OfAnother(originKind, originID, userID string) bool {
	root, _, _ := strings.Cut(originID, "#")
	return originKind == FromAnswer && !strings.HasSuffix(root, "/"+userID)
}
