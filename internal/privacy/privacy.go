// Package privacy keeps no longer what need not be kept, and gives people what is kept about them: the tables legal_holds,
// erasures, retention_rules, retention_policy and retention_runs.
//
// What personal data lies where is said by the comments of the schema (Register). Erasing and subject access go by them, so
// that a column which somebody adds is never forgotten: a test wants every column that can hold text to say what it holds.
// This is the one package that writes what other features own, and only to empty it.
//
// An erased person keeps their number and the record of what was done, when and by whom: applications and their stages,
// cases with steps and outcome, evidence with its hash and custody, entries of the audit log. Everything that says who they
// were goes, and the key of their files with it, so that copies of the files elsewhere are noise.
//
// A legal hold on a person or a case, an open case, an application under way and an engagement stop erasing. A case is its
// members' business: whoever is none learns only that the data is on hold.
package privacy

import (
	"strconv"
	"time"

	"gatehouse/internal/person"
)

// Basis is why somebody's data is erased.
type Basis string

// The bases.
const (
	Request   Basis = "request"
	Consent   Basis = "consent"
	Unlawful  Basis = "unlawful"
	Retention Basis = "retention"
)

// Bases lists what a person may choose; Retention is for runs of the rules.
func Bases() []Basis { return []Basis{Request, Consent, Unlawful} }

// Title is the basis as shown to people.
func (b Basis) Title() string {
	switch b {
	case Request:
		return "They asked for it"
	case Consent:
		return "They withdrew their consent"
	case Unlawful:
		return "It should not have been kept"
	case Retention:
		return "Kept long enough"
	}
	return string(b)
}

// Scope is how much of a person is erased.
type Scope string

// The scopes.
const (
	Record   Scope = "record"   // everything that says who they were
	Evidence Scope = "evidence" // what their evidence holds; the rest stays
)

// Title is the scope as shown to people.
func (s Scope) Title() string {
	if s == Evidence {
		return "Content of evidence"
	}
	return "Everything"
}

// Outcome is how a person's story with the company ended; retention goes by it.
type Outcome string

// The outcomes, from the one that outweighs the others.
const (
	Confirmed Outcome = "confirmed"
	Cleared   Outcome = "cleared"
	Hired     Outcome = "hired"
	Rejected  Outcome = "rejected"
	Withdrawn Outcome = "withdrawn"
)

// Outcomes lists the outcomes in the order in which pages show them.
func Outcomes() []Outcome { return []Outcome{Rejected, Withdrawn, Hired, Cleared, Confirmed} }

// Title is the outcome as shown to people.
func (o Outcome) Title() string {
	switch o {
	case Confirmed:
		return "Case confirmed"
	case Cleared:
		return "Case not confirmed"
	case Hired:
		return "Hired, and left"
	case Rejected:
		return "Not hired"
	case Withdrawn:
		return "Withdrew"
	}
	return string(o)
}

// Hold stops erasing until it is lifted.
type Hold struct {
	ID       string
	PersonID person.ID
	Number   person.Number
	// CaseID is set for the hold of a case.
	CaseID     *string
	CodeName   string
	Reason     string
	PlacedAt   time.Time
	PlacedBy   string
	LiftedAt   *time.Time
	LiftedBy   string
	LiftReason string
	// Sealed says that the hold's case is sealed to the reader, so that Reason stays empty.
	Sealed bool
}

// Erasure is the record of one erasure.
type Erasure struct {
	ID       string
	PersonID person.ID
	Number   person.Number
	Scope    Scope
	Basis    Basis
	ErasedAt time.Time
	ErasedBy string
	// Rows counts what was emptied or deleted, Items the pieces of evidence among it.
	Rows, Items int64
}

// Standing says whether a person's data may be erased, as far as its reader may know.
type Standing struct {
	ErasedAt *time.Time
	// Holds are the holds in force that the reader may see.
	Holds []Hold
	// OnHold says that there is a hold, or something else that stops erasing and that the reader may not know of.
	OnHold bool
	// InHiring says that an application is under way, Engaged that they work here.
	InHiring, Engaged bool
	// Account is the address of an account of theirs here that is still enabled.
	Account string
}

// Stops says in words what stops erasing; empty when nothing does.
func (s Standing) Stops() string {
	switch {
	case s.ErasedAt != nil:
		return "Their data was erased already."
	case len(s.Holds) > 0:
		return "A legal hold is in force: lift it first."
	case s.OnHold:
		return "Their data is on hold. Why is not shown here: ask the security lead whether it may go."
	case s.InHiring:
		return "They are in hiring: close their application first."
	case s.Engaged:
		return "They are engaged: end the engagement first."
	case s.Account != "":
		return "They have an account here, " + s.Account + ": an administrator has to disable it first."
	}
	return ""
}

// Part is one line of a preview: what a table holds about a person.
type Part struct {
	What string
	Rows int64
	Fate Fate
	// Columns name what is personal in it.
	Columns []Column
}

// Preview is what erasing a person would do, as far as its reader may know.
type Preview struct {
	Standing Standing
	Parts    []Part
	// Items counts the pieces of evidence, Bytes what they hold.
	Items, Bytes int64
}

// Rule is how long data is kept after a story ended so; nil keeps it until somebody erases it.
type Rule struct {
	Outcome          Outcome
	Record, Evidence *int // days
}

// Policy is all rules, and how they are applied.
type Policy struct {
	Rules []Rule
	// Automatic runs them every night.
	Automatic bool
	Version   int
}

// days writes a number of days as a form shows it.
func days(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// RecordDays are the days of everything, as a form shows them; empty for ever.
func (r Rule) RecordDays() string { return days(r.Record) }

// EvidenceDays are the same of what evidence holds.
func (r Rule) EvidenceDays() string { return days(r.Evidence) }

// Due is a person whose data the rules let go. Outcome and Ended say nothing of cases.
type Due struct {
	ID      person.ID
	Number  person.Number
	Name    string
	Outcome Outcome
	Ended   time.Time
	Scope   Scope
	// Held says that a hold keeps it all the same.
	Held bool
}

// Run is one run of the rules.
type Run struct {
	ID      string
	AskedAt time.Time
	// AskedBy is a user's name; empty for the nightly run.
	AskedBy                string
	EndedAt                *time.Time
	LookedAt, Erased, Held int64
}
