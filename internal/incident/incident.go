// Package incident owns cases (case is a keyword of the language; the pages are web/cases): the tables cases,
// case_members, case_steps, case_notes, case_timeline, dossier_entries and dossier_gaps.
//
// A case is opened on a person and follows the playbook of one catalogue edition to its end:
//
//	opened ─► steps done or skipped ─► outcome proposed ─► agreed by a second person ─► remaining steps ─► closed
//
// A step is locked until the steps it follows are settled and the guards of playbook.go are met; a lead or deputy may
// override a lock with a reason, which stays on the step and in the report.
//
// A case is there for its members only, however senior others are: every method answers NotFound to anybody else, to
// the subject, and to whoever the subject referred. A member called in for tasks sees the steps of their function and
// the register those steps work on (finance: the payments), nothing more. The rows of the inventory and of payments
// are changed through internal/inventory and internal/payment inside this package's transactions.
package incident

import (
	"slices"
	"time"

	"gatehouse/internal/catalogue"
)

// ID identifies a case.
type ID string

// Status says whether a case is being worked on.
type Status string

// The statuses.
const (
	StatusOpen   Status = "open"
	StatusClosed Status = "closed"
)

// Outcome is the finding of a case.
type Outcome string

// The outcomes. NotConfirmed means unresolved: the doubt could be neither proved nor removed.
const (
	Confirmed     Outcome = "confirmed"
	NotConfirmed  Outcome = "not-confirmed"
	FalsePositive Outcome = "false-positive"
)

// Outcomes lists the outcomes in the order in which forms offer them.
func Outcomes() []Outcome { return []Outcome{Confirmed, NotConfirmed, FalsePositive} }

// Title is the outcome for people.
func (o Outcome) Title() string {
	switch o {
	case Confirmed:
		return "Misrepresentation confirmed"
	case NotConfirmed:
		return "Not confirmed"
	case FalsePositive:
		return "False positive: cleared"
	}
	return ""
}

// Meaning says what the outcome does to the playbook.
func (o Outcome) Meaning() string {
	switch o {
	case Confirmed:
		return "The engagement ends; exit and reporting steps apply, clearing does not."
	case NotConfirmed:
		return "Unresolved. Neither exit nor clearing applies; keep reduced access and say which check is missing."
	case FalsePositive:
		return "The person is cleared: flags are sealed as explained, access and pay are restored, exit and reports do not apply."
	}
	return ""
}

// Function is what a member does in a case.
type Function string

// The functions.
const (
	Lead        Function = "lead"
	Deputy      Function = "deputy"
	Security    Function = "security"
	Engineering Function = "engineering"
	Finance     Function = "finance"
	Legal       Function = "legal"
	HR          Function = "hr"
	Observer    Function = "observer"
)

// Functions lists the functions in the order in which pages show them.
func Functions() []Function {
	return []Function{Lead, Deputy, Security, Engineering, Finance, Legal, HR, Observer}
}

// Title is the function's name for people.
func (f Function) Title() string {
	switch f {
	case Lead:
		return "Lead"
	case Deputy:
		return "Deputy"
	case Security:
		return "Security"
	case Engineering:
		return "Engineering"
	case Finance:
		return "Finance"
	case Legal:
		return "Legal"
	case HR:
		return "HR"
	case Observer:
		return "Observer"
	}
	return string(f)
}

// Leads reports whether the function may override locks, add members, and close the case.
func (f Function) Leads() bool { return f == Lead || f == Deputy }

// Fits reports whether a member of this function may own a step of that owner. Lead and deputy may own any.
func (f Function) Fits(owner catalogue.OwnerRole) bool {
	return f.Leads() || string(f) == string(owner)
}

// Sees says how much of a case a member sees.
type Sees string

// Whole is everything; Tasks is the steps of the member's function and the register they work on.
const (
	Whole Sees = "whole"
	Tasks Sees = "tasks"
)

// Case is one incident.
type Case struct {
	ID            ID
	Number        int64
	CodeName      string
	PersonID      string
	PersonName    string
	EngagementID  *string
	ApplicationID *string
	Edition       string
	Status        Status
	Phase         catalogue.Phase
	Reason        string
	FlagIDs       []string
	OpenedAt      time.Time
	OpenedBy      *string
	Opener        string `db:"-"`
	Outcome       *Outcome
	OutcomeReason string
	DecidedAt     *time.Time
	DecidedBy     *string
	Decider       string `db:"-"`
	AgreedAt      *time.Time
	AgreedBy      *string
	Agreer        string `db:"-"`
	ClosedAt      *time.Time
	ClosedBy      *string
	Closer        string `db:"-"`
	Lessons       string
	Version       int
	SealedAt      *time.Time
	SealedBy      *string

	// What the asking actor is in the case.
	Function Function
	Sees     Sees
	// Shut says that the case is sealed, and that the actor has not said of late why they open it.
	Shut bool
}

// Agreed is the outcome once a second person agreed to it, else empty.
func (c Case) Agreed() Outcome {
	if c.Outcome == nil || c.AgreedAt == nil {
		return ""
	}
	return *c.Outcome
}

// Proposed is the outcome that waits for a second person, else empty.
func (c Case) Proposed() Outcome {
	if c.Outcome == nil || c.AgreedAt != nil {
		return ""
	}
	return *c.Outcome
}

// Closed reports whether the case is read-only.
func (c Case) Closed() bool { return c.Status == StatusClosed }

// Register is a part of a case that some steps work on.
type Register string

// The registers.
const (
	RegisterAccess  Register = "access"
	RegisterMoney   Register = "money"
	RegisterDossier Register = "dossier"
)

// registersOf names the function whose tasks need the register: nobody can stop payments they cannot see.
var registersOf = map[Function][]Register{
	Finance:     {RegisterMoney},
	Engineering: {RegisterAccess},
	Security:    {RegisterAccess},
	HR:          {RegisterDossier},
}

// SeesRegister reports whether the actor sees the register.
func (c Case) SeesRegister(r Register) bool {
	return c.Sees == Whole || slices.Contains(registersOf[c.Function], r)
}

// SeesStep reports whether the actor sees steps of that owner.
func (c Case) SeesStep(owner catalogue.OwnerRole) bool {
	return c.Sees == Whole || string(c.Function) == string(owner)
}

// Works reports whether the actor may change what they see.
func (c Case) Works() bool { return c.Function != Observer && !c.Closed() }

// Member is somebody who sees a case, or used to.
type Member struct {
	UserID    string
	Name      string
	Email     string
	Function  Function
	Sees      Sees
	AddedAt   time.Time
	AddedBy   *string
	RemovedAt *time.Time
}

// Note is a remark in a case, on a step or on the whole.
type Note struct {
	ID        string
	StepID    string
	Body      string
	WrittenAt time.Time
	WrittenBy *string
	Writer    string `db:"-"`
}
