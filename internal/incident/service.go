package incident

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/limit"
)

// Service opens cases, works them, and closes them.
type Service struct {
	db       *db.DB
	lib      *catalogue.Library
	people   *person.Service
	evidence *evidence.Service
	flags    *flag.Service
	assess   *assessment.Service
	grants   *inventory.Service
	payments *payment.Service
	hiring   *hiring.Service
	accounts claim.Accounts
	visits   *limit.Once
}

// NewService returns the service on d and the features it builds on.
func NewService(d *db.DB, lib *catalogue.Library, people *person.Service, evidence *evidence.Service, flags *flag.Service,
	assess *assessment.Service, hired *hiring.Service, grants *inventory.Service, payments *payment.Service) *Service {
	return &Service{db: d, lib: lib, people: people, evidence: evidence, flags: flags, assess: assess,
		hiring: hired, grants: grants, payments: payments, accounts: claim.NewAccounts(people),
		visits: limit.NewOnce(visitPeriod, visitors, d.Now)}
}

// event is one line of a case's timeline and, under the same name, of the audit log.
type event struct {
	// Kind is the audit action; Text says it in a sentence, for the members.
	Kind, Text string
	StepID     string
	EvidenceID *string
	// SubjectKind and SubjectID default to the case.
	SubjectKind, SubjectID string
	Detail                 map[string]any
	Changes                []db.Change
	Reason                 string
}

// tell writes the event into the case's timeline and into the audit log.
func tell(ctx context.Context, tx *db.Tx, c Case, e event) error {
	record(tx, c, e)
	return insertEvent(ctx, tx, id.New(), c.ID, e)
}

// record writes the event into the audit log alone, for acts too small for the timeline.
func record(tx *db.Tx, c Case, e event) {
	if e.SubjectKind == "" {
		e.SubjectKind, e.SubjectID = "case", string(c.ID)
	}
	tx.Record(db.Entry{Action: e.Kind, SubjectKind: e.SubjectKind, SubjectID: e.SubjectID, PersonID: c.PersonID,
		CaseID: string(c.ID), Detail: e.Detail, Changes: e.Changes, Reason: e.Reason})
}

// work runs fn on the locked case: open, seen by the actor, who does more than look on.
func (s *Service) work(ctx context.Context, actor authz.Actor, caseID ID, fn func(tx *db.Tx, c Case) error) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		c, err := lockCase(ctx, tx, caseID)
		if err != nil {
			return err
		}
		if c.Closed() {
			return apperr.Conflict("%s is closed and can only be read.", c.CodeName)
		}
		if c.Function == Observer {
			return apperr.Forbidden("Observers read along. Ask the lead for a function if you are to do something.")
		}
		return fn(tx, c)
	})
}

// workWhole is work for members who see the whole case; for others the act is not there.
func (s *Service) workWhole(ctx context.Context, actor authz.Actor, caseID ID, fn func(tx *db.Tx, c Case) error) error {
	return s.work(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		if c.Sees != Whole {
			return apperr.Missing("page")
		}
		return fn(tx, c)
	})
}

// workOn is work for members who see the register.
func (s *Service) workOn(ctx context.Context, actor authz.Actor, caseID ID, r Register, fn func(tx *db.Tx, c Case) error) error {
	return s.work(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		if !c.SeesRegister(r) {
			return apperr.Missing("page")
		}
		return fn(tx, c)
	})
}

// lead is work for the lead and the deputy.
func (s *Service) lead(ctx context.Context, actor authz.Actor, caseID ID, fn func(tx *db.Tx, c Case) error) error {
	return s.workWhole(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		if !c.Function.Leads() {
			return apperr.Forbidden("This is for the lead or the deputy of the case.")
		}
		return fn(tx, c)
	})
}

// at refuses a version of the case that somebody else has left behind.
func (c Case) at(version int) error {
	if c.Version != version {
		return apperr.Conflict("The case has changed since the page was shown. Look again before you decide.")
	}
	return nil
}

// steps reads the case's steps with their locks, as things stand inside q.
func (s *Service) steps(ctx context.Context, q db.Querier, c Case) ([]Step, error) {
	steps, _, err := s.standing(ctx, q, c)
	return steps, err
}

// standing reads the case's steps as steps does, with the facts that they are locked by.
func (s *Service) standing(ctx context.Context, q db.Querier, c Case) ([]Step, Facts, error) {
	steps, err := stepsOf(ctx, q, c.ID)
	if err != nil {
		return nil, Facts{}, err
	}
	facts, err := s.facts(ctx, q, c)
	if err != nil {
		return nil, Facts{}, err
	}
	return Arrange(s.lib.At(c.Edition), steps, facts), facts, nil
}

func (s *Service) facts(ctx context.Context, q db.Querier, c Case) (Facts, error) {
	facts := Facts{Proposed: c.Proposed(), Agreed: c.Agreed()}
	var err error
	if facts.OpenGrants, err = s.grants.OpenGrants(ctx, q, string(c.ID)); err != nil {
		return facts, err
	}
	if facts.Unstopped, err = s.payments.Unstopped(ctx, q, string(c.ID)); err != nil {
		return facts, err
	}
	if err = q.QueryRow(ctx, heldSQL, c.ID).Scan(&facts.Preserved, &facts.Accesses, &facts.Withheld, &facts.Payments, &facts.Held); err != nil {
		return facts, err
	}
	found, err := collectedOf(ctx, q, c.ID)
	facts.Dossier = completeness(s.lib.At(c.Edition), found.Filled, found.Explained)
	return facts, err
}

// step finds a step that the actor sees.
func (s *Service) step(ctx context.Context, q db.Querier, c Case, stepID string) (Step, error) {
	steps, err := s.steps(ctx, q, c)
	if err != nil {
		return Step{}, err
	}
	for _, st := range steps {
		if st.StepID == stepID && c.SeesStep(st.OwnerRole) {
			return st, nil
		}
	}
	return Step{}, apperr.Missing("step")
}

// movePhase writes the phase that the steps stand in now.
func (s *Service) movePhase(ctx context.Context, tx *db.Tx, c Case) error {
	steps, err := stepsOf(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	phase := PhaseOf(s.lib.At(c.Edition), steps)
	if phase == c.Phase {
		return nil
	}
	return setPhase(ctx, tx, c.ID, phase)
}

// required trims a text that must be there, and bounds it.
func required(p *apperr.Problems, field, text, missing string) string {
	text = strings.TrimSpace(text)
	p.Check(text != "", field, "%s", missing)
	p.Check(len(text) <= 10_000, field, "Use at most 10,000 characters.")
	return text
}

// within names a step or a dossier field of a case, as evidence and audit know it.
func within(c Case, part string) string { return fmt.Sprintf("%s/%s", c.ID, part) }
