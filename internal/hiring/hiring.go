// Package hiring owns jobs, applications with their stages and gates, and engagements: the tables jobs,
// applications, application_moves, gate_overrides, engagements and engagement_accounts.
//
// An application moves through the stages of the catalogue's edition that it began with:
//
//	sourcing ─► … ─► offer ─► onboarding
//	    ▲              │          │        Hire: an engagement begins
//	    └── back, ─────┴──────────┴──────────────► employed
//	     with a reason
//
// and may be closed by a person, or withdrawn by the candidate, at any stage, and reopened. What is required of it
// before it may move on is the gate's business (gate.go). Nothing here decides anything by itself: every move is
// somebody's, and an override is somebody's with a reason.
//
// After each change the person's row is told where they stand (place.go).
package hiring

import (
	"fmt"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
)

// JobID identifies a job.
type JobID string

// ApplicationID identifies an application.
type ApplicationID string

// EngagementID identifies an engagement.
type EngagementID string

// Stages that the flow knows by name; the others come from the catalogue in order.
const (
	StageOffer      = "stage-offer"
	StageOnboarding = "stage-onboarding"
	StageEmployed   = "stage-employed"
)

// JobNumber is a job's number for people.
type JobNumber int64

// String writes the number as pages show it: J-0012.
func (n JobNumber) String() string { return fmt.Sprintf("J-%04d", int64(n)) }

// JobStatus says whether a job takes candidates.
type JobStatus string

// The states of a job.
const (
	JobOpen   JobStatus = "open"
	JobClosed JobStatus = "closed"
)

// Job is an opening with the level of verification that it asks for.
type Job struct {
	ID          JobID
	Number      JobNumber
	Title       string
	LevelID     string
	Edition     string
	ManagerID   string
	ManagerName string
	Team        string
	Notes       string
	Status      JobStatus
	CreatedAt   time.Time
	Version     int
	// Active counts the applications that are under way.
	Active int
}

// Status is how far an application has come.
type Status string

// The states of an application. Closed is our decision, withdrawn the candidate's.
const (
	Active    Status = "active"
	Hired     Status = "hired"
	Closed    Status = "closed"
	Withdrawn Status = "withdrawn"
)

// Title is the state as shown to people.
func (s Status) Title() string {
	switch s {
	case Active:
		return "Under way"
	case Hired:
		return "Hired"
	case Closed:
		return "Closed"
	case Withdrawn:
		return "Withdrawn"
	}
	return string(s)
}

// Application is a candidate for a job, with what pages show of the job.
type Application struct {
	ID          ApplicationID
	PersonID    person.ID
	JobID       JobID
	Edition     string
	StageID     string
	StageSince  time.Time
	Status      Status
	AppliedAt   time.Time
	EndedAt     *time.Time
	EndedBy     *string
	EndedReason string
	// Aside says that the person's row shows another of their applications.
	Aside       bool
	Version     int
	JobNumber   JobNumber
	JobTitle    string
	JobStatus   JobStatus
	LevelID     string
	ManagerID   string
	ManagerName string
}

// Transition is one step of an application from stage to stage; the first comes from nowhere.
type Transition struct {
	ApplicationID ApplicationID
	FromStage     string
	ToStage       string
	At            time.Time
	MovedBy       *string
	MovedByName   string
	Reason        string
}

// Overridden is a required check, or a flag's item, that somebody let pass with a reason.
type Overridden struct {
	ApplicationID    ApplicationID
	ItemID           string `db:"check_id"`
	StageID          string
	Reason           string
	OverriddenBy     string
	OverriddenByName string
	OverriddenAt     time.Time
}

// stages are those that an application can be moved to: all but the last, which Hire leads to.
func stages(ed *catalogue.Edition) []*catalogue.Stage {
	moving := make([]*catalogue.Stage, 0, len(ed.Stages))
	for _, s := range ed.Stages {
		if s.ID != StageEmployed {
			moving = append(moving, s)
		}
	}
	return moving
}

// Stages lists the stages that an application can be moved to, in order.
func (s *Service) Stages() []*catalogue.Stage { return stages(s.lib.Current()) }

// order is the place of a stage in hiring, -1 for one that the edition does not have.
func order(ed *catalogue.Edition, stageID string) int {
	if stage, ok := ed.Stage(stageID); ok {
		return stage.Order
	}
	return -1
}

// next is the stage after the given one, or the same at the end.
func next(ed *catalogue.Edition, stageID string) string {
	at := order(ed, stageID)
	if at < 0 || at+1 >= len(ed.Stages) {
		return stageID
	}
	return ed.Stages[at+1].ID
}
