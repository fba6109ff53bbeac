package hiring

import (
	"context"
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// JobFilter narrows the list of jobs; zero fields do not narrow.
type JobFilter struct {
	Status    JobStatus
	ManagerID string
	LevelID   string
	Text      string
	// After and Before are cursors of a page.Slice; at most one is set.
	After, Before string
	Size          int
}

// pageSize is how many rows a list shows unless its filter says otherwise.
const pageSize = 50

// Jobs lists the jobs that the actor sees, the newest first.
func (s *Service) Jobs(ctx context.Context, actor authz.Actor, f JobFilter) (page.Slice[Job], error) {
	return listJobs(ctx, s.db.Pool(), actor, f)
}

// OpenJobs lists the open jobs that the actor may put candidates into, by title, for a form's choice.
func (s *Service) OpenJobs(ctx context.Context, actor authz.Actor) ([]Job, error) {
	return openJobs(ctx, s.db.Pool(), actor)
}

// Job returns a job, or NotFound if the actor does not see it.
func (s *Service) Job(ctx context.Context, actor authz.Actor, jobID JobID) (Job, error) {
	return jobByID(ctx, s.db.Pool(), actor, jobID, "")
}

// Applicant is an application with what a job's page shows of the person.
type Applicant struct {
	Application
	Person person.Person `db:"-"`
}

// Applicants are the applications of one stage of a job: how many, and the newest of them.
type Applicants struct {
	Stage *catalogue.Stage
	Count int
	Items []Applicant
}

// Applicants returns a job's applications under way by stage, empty stages left out. NotFound if the actor does not
// see the job.
func (s *Service) Applicants(ctx context.Context, actor authz.Actor, jobID JobID) ([]Applicants, error) {
	job, err := s.Job(ctx, actor, jobID)
	if err != nil {
		return nil, err
	}
	return applicantsOf(ctx, s.db.Pool(), s.lib.At(job.Edition), actor, jobID)
}

// Application returns an application of one of the jobs that the actor may act on, or NotFound.
func (s *Service) Application(ctx context.Context, actor authz.Actor, appID ApplicationID) (Application, error) {
	return applicationByID(ctx, s.db.Pool(), actor, appID, "")
}

// Applications lists a person's applications, the newest first. NotFound if the actor does not see the person.
func (s *Service) Applications(ctx context.Context, actor authz.Actor, personID person.ID) ([]Application, error) {
	if _, err := s.people.ByID(ctx, actor, personID); err != nil {
		return nil, err
	}
	return applicationsOf(ctx, s.db.Pool(), personID)
}

// ActsOn reports whether the actor may act on the application as far as rows go: it is of a job that they see.
func ActsOn(actor authz.Actor, a Application) bool {
	return actor.SeesAllPeople() || actor.Kind == authz.KindUser && actor.Has(authz.HiringManager) && a.ManagerID == actor.ID
}

// Moves lists the moves of applications, the oldest first. The caller has made sure that the actor sees the person.
func (s *Service) Moves(ctx context.Context, q db.Querier, apps []ApplicationID) ([]Transition, error) {
	return transitionsOf(ctx, q, apps)
}

// Overrides lists what was let pass on applications. The caller has made sure that the actor sees the person.
func (s *Service) Overrides(ctx context.Context, q db.Querier, apps []ApplicationID) ([]Overridden, error) {
	return overridesOf(ctx, q, apps)
}

// Gate returns what stands between an application and a stage. An empty stage means the next one.
func (s *Service) Gate(ctx context.Context, actor authz.Actor, appID ApplicationID, toStage string) (Gate, error) {
	var gate Gate
	err := s.db.Read(ctx, func(q db.Querier) error {
		a, err := applicationByID(ctx, q, actor, appID, "")
		if err != nil {
			return err
		}
		if toStage == "" {
			toStage = next(s.lib.At(a.Edition), a.StageID)
		}
		to, err := s.gateStage(a, toStage)
		if err != nil {
			return err
		}
		gate, err = s.gate(ctx, q, actor, a, to)
		return err
	})
	return gate, err
}

// gate reads what a gate is made of, as the actor may read of it.
func (s *Service) gate(ctx context.Context, q db.Querier, actor authz.Actor, a Application, to *catalogue.Stage) (Gate, error) {
	levelEdition := s.levelEdition(a.Edition, a.LevelID)
	answers, err := s.assess.Answers(ctx, q, a.PersonID, checkIDs(levelEdition.Required(a.LevelID)))
	if err != nil {
		return Gate{}, err
	}
	flags, err := flagsOf(ctx, q, a.PersonID)
	if err != nil {
		return Gate{}, err
	}
	overrides, err := overridesOf(ctx, q, []ApplicationID{a.ID})
	if err != nil {
		return Gate{}, err
	}
	gate := build(s.lib.At(a.Edition), a, to, levelEdition, answers, flags, overrides)
	if actor.Kind == authz.KindUser && !actor.May(authz.FlagDispose) {
		var owes bool
		if err := q.QueryRow(ctx, `SELECT `+OwesScorecard("$1::uuid", "$2::uuid"), actor.ID, a.PersonID).Scan(&owes); err != nil {
			return Gate{}, err
		}
		if owes {
			gate.Blind = actor.ID
		}
	}
	return gate, nil
}

func checkIDs(checks []*catalogue.Check) []string {
	ids := make([]string, len(checks))
	for i, c := range checks {
		ids[i] = c.ID
	}
	return ids
}

// EngagementFilter narrows the list of engagements; zero fields do not narrow.
type EngagementFilter struct {
	// Text is looked for in names, and at the beginning of accounts; a number such as C-000123 finds that person's.
	Text    string
	Kind    EngagementKind
	Running bool // only those that have not ended
	Ended   bool // only those that have
	// After and Before are cursors of a page.Slice; at most one is set.
	After, Before string
	Size          int
}

// EngagementRow is an engagement in a list, with how the person stands.
type EngagementRow struct {
	Engagement
	Band      catalogue.Band
	Coverage  int
	OpenFlags int
	Missing   int
}

// Engagements lists the engagements of people whom the actor sees, the latest to begin first.
func (s *Service) Engagements(ctx context.Context, actor authz.Actor, f EngagementFilter) (page.Slice[EngagementRow], error) {
	return listEngagements(ctx, s.db.Pool(), actor, f)
}

// Engagement returns an engagement with its accounts, or NotFound if the actor does not see the person.
func (s *Service) Engagement(ctx context.Context, actor authz.Actor, engagementID EngagementID) (Engagement, error) {
	e, err := engagementByID(ctx, s.db.Pool(), actor, engagementID, "")
	if err != nil {
		return Engagement{}, err
	}
	e.Accounts, err = accountsOf(ctx, s.db.Pool(), engagementID)
	return e, err
}

// EngagementsOf lists a person's engagements, the latest first, without their accounts. The caller has made sure
// that the actor sees the person.
func (s *Service) EngagementsOf(ctx context.Context, q db.Querier, personID person.ID) ([]Engagement, error) {
	return engagementsOf(ctx, q, personID)
}

// Due lists the required checks of the job's level that an engaged person was never asked, with those that were let
// pass. NotFound if the actor does not see the person.
func (s *Service) Due(ctx context.Context, actor authz.Actor, e Engagement) ([]Need, error) {
	if e.ApplicationID == nil {
		return nil, nil
	}
	apps, err := s.Applications(ctx, actor, e.PersonID)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(apps, func(a Application) bool { return a.ID == *e.ApplicationID })
	if at < 0 {
		return nil, nil
	}
	a := apps[at]
	ed := s.levelEdition(a.Edition, a.LevelID)
	answers, err := s.assess.Answers(ctx, s.db.Pool(), e.PersonID, checkIDs(ed.Required(a.LevelID)))
	if err != nil {
		return nil, err
	}
	overrides, err := overridesOf(ctx, s.db.Pool(), []ApplicationID{a.ID})
	if err != nil {
		return nil, err
	}
	var due []Need
	for _, check := range ed.Required(a.LevelID) {
		need := Need{Check: check, Answer: answers[check.ID]}
		if at := slices.IndexFunc(overrides, func(o Overridden) bool { return o.ItemID == check.ID }); at >= 0 {
			need.Override = &overrides[at]
		}
		if need.Answer == "" || need.Answer == catalogue.NotDone || need.Override != nil {
			due = append(due, need)
		}
	}
	return due, nil
}

func atCreated(j Job) page.Cursor[time.Time] {
	return page.Cursor[time.Time]{Key: j.CreatedAt, ID: string(j.ID)}
}

func atStart(e EngagementRow) page.Cursor[time.Time] {
	return page.Cursor[time.Time]{Key: e.StartedOn, ID: string(e.ID)}
}

// EngagementsFor lists a person's engagements, the latest first, without their accounts. NotFound if the actor does
// not see the person.
func (s *Service) EngagementsFor(ctx context.Context, actor authz.Actor, personID person.ID) ([]Engagement, error) {
	if _, err := s.people.ByID(ctx, actor, personID); err != nil {
		return nil, err
	}
	return engagementsOf(ctx, s.db.Pool(), personID)
}

// OverridesFor lists what was let pass in the hiring that led to an engagement which the actor has read.
func (s *Service) OverridesFor(ctx context.Context, actor authz.Actor, e Engagement) ([]Overridden, error) {
	if e.ApplicationID == nil {
		return nil, nil
	}
	if _, err := s.people.ByID(ctx, actor, e.PersonID); err != nil {
		return nil, err
	}
	return overridesOf(ctx, s.db.Pool(), []ApplicationID{*e.ApplicationID})
}
