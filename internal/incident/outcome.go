package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Verdict is an outcome as somebody proposes it.
type Verdict struct {
	CaseID  ID
	Version int
	Outcome Outcome
	Reason  string
	// OverrideReason says why it is decided before the steps are settled that the playbook's decision follows; only the
	// lead and the deputy may.
	OverrideReason string
}

// ProposeOutcome puts a finding before a second person. A proposal that nobody agreed to yet is replaced. It is locked as
// the playbook's step of deciding is: what that step follows comes first, or a reason why not.
func (s *Service) ProposeOutcome(ctx context.Context, actor authz.Actor, f Verdict) error {
	var p apperr.Problems
	p.Check(slices.Contains(Outcomes(), f.Outcome), "outcome", "Choose an outcome.")
	reason := required(&p, "reason", f.Reason, "Give the reasons: the evidence by group, and what speaks against.")
	if err := p.Err(); err != nil {
		return err
	}
	return s.workWhole(ctx, actor, f.CaseID, func(tx *db.Tx, c Case) error {
		if err := c.at(f.Version); err != nil {
			return err
		}
		if c.Agreed() != "" {
			return apperr.Conflict("The outcome is agreed already: %s.", c.Agreed().Title())
		}
		step, err := s.step(ctx, tx, c, stepDecide)
		if err != nil {
			return err
		}
		step.Unmet = nil // what they wait for is this very proposal
		override, err := overrideOf(c, step, strings.TrimSpace(f.OverrideReason))
		if err != nil {
			return err
		}
		if err := setProposed(ctx, tx, f.CaseID, f.Outcome, reason); err != nil {
			return err
		}
		if err := overrideStep(ctx, tx, f.CaseID, stepDecide, override); err != nil { // whoever is to agree reads it there
			return err
		}
		e := event{Kind: "case.outcome_proposed", Text: fmt.Sprintf("The outcome “%s” was proposed. %s", f.Outcome.Title(), reason),
			Detail: map[string]any{"outcome": f.Outcome}, Reason: reason}
		if override != "" {
			e.Text += " It is decided before what it follows: " + override
			e.Detail["override"], e.Detail["locks"] = true, locked(step.Locks)
			e.Changes = []db.Change{db.Changed("override", "", override)}
		}
		return tell(ctx, tx, c, e)
	})
}

// ReopenOutcome takes an agreed outcome back, for a reason, while the case is open: what did not apply because of it is
// open again. A false positive stays: its flags are sealed for good, and something new takes a new case.
func (s *Service) ReopenOutcome(ctx context.Context, actor authz.Actor, caseID ID, version int, reason string) error {
	var p apperr.Problems
	reason = required(&p, "reason", reason, "Say why it is taken back.")
	if err := p.Err(); err != nil {
		return err
	}
	return s.lead(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		if err := c.at(version); err != nil {
			return err
		}
		switch c.Agreed() {
		case "":
			return apperr.Conflict("No outcome is agreed.")
		case FalsePositive:
			return apperr.Conflict("The person was cleared and their flags are sealed for good. If something new is found, open a case on that.")
		}
		if err := clearOutcome(ctx, tx, caseID); err != nil {
			return err
		}
		if err := s.movePhase(ctx, tx, c); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "case.outcome_reopened", Text: fmt.Sprintf("The outcome “%s” was taken back. %s", c.Agreed().Title(), reason),
			Detail: map[string]any{"outcome": c.Agreed()}, Reason: reason})
	})
}

// AgreeOutcome is the second person's word. It settles which steps apply; with a false positive it also seals the
// person's flags as explained and assesses them again, so that nothing of it counts any more.
func (s *Service) AgreeOutcome(ctx context.Context, actor authz.Actor, caseID ID, version int) error {
	return s.workWhole(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		if err := c.at(version); err != nil {
			return err
		}
		outcome := c.Proposed()
		switch {
		case outcome == "":
			return apperr.Conflict("No outcome waits for a second person.")
		case same(c.DecidedBy, tx.ActorID()):
			return apperr.Forbidden("You proposed this outcome. A second person has to agree to it.")
		}
		if err := setAgreed(ctx, tx, caseID); err != nil {
			return err
		}
		if err := s.dropSteps(ctx, tx, c, outcome); err != nil {
			return err
		}
		if outcome == FalsePositive {
			if err := s.clear(ctx, tx, person.ID(c.PersonID)); err != nil {
				return err
			}
		}
		return tell(ctx, tx, c, event{Kind: "case.outcome_agreed", Text: fmt.Sprintf("The outcome “%s” was agreed.", outcome.Title()),
			Detail: map[string]any{"outcome": outcome}})
	})
}

// same reports whether both are the same user, or both the system.
func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func (s *Service) dropSteps(ctx context.Context, tx *db.Tx, c Case, outcome Outcome) error {
	steps, err := stepsOf(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if ids := dropped(s.lib.At(c.Edition), steps, outcome); len(ids) > 0 {
		if err := dropSteps(ctx, tx, c.ID, ids); err != nil {
			return err
		}
	}
	return s.movePhase(ctx, tx, c)
}

// cleared is what stands on the flags of somebody who was cleared. Whoever saw a flag sees it, so it names no case.
const cleared = "Cleared: two people looked into it and found an innocent explanation."

// clear seals the flags that still count and assesses the person again.
func (s *Service) clear(ctx context.Context, tx *db.Tx, personID person.ID) error {
	if err := lockPerson(ctx, tx, personID); err != nil {
		return err
	}
	flags, err := s.flags.ForPerson(ctx, tx, personID)
	if err != nil {
		return err
	}
	for _, f := range flags {
		if f.State == flag.Explained || f.WithdrawnAt != nil {
			continue
		}
		if _, err := s.flags.SetDisposition(ctx, tx, f, flag.Explained, cleared); err != nil {
			return err
		}
	}
	return s.assess.ReassessAfter(ctx, tx, personID, "Cleared by two people")
}

// lockPerson holds the person's row, as everything does that changes what is known of them. The members of a case
// need not see the person elsewhere, so it asks for no visibility.
func lockPerson(ctx context.Context, tx *db.Tx, personID person.ID) error {
	_, err := tx.Exec(ctx, `SELECT 1 FROM people WHERE id = $1 FOR UPDATE`, personID)
	return err
}

// Close ends the case: with an agreed outcome, every step that applies settled, and the lessons written down. It
// settles the playbook's own step of closing. Afterwards the case can only be read.
func (s *Service) Close(ctx context.Context, actor authz.Actor, caseID ID, version int, lessons string) error {
	var p apperr.Problems
	lessons = required(&p, "lessons", lessons, "Write down what you would do differently, and what worked.")
	if err := p.Err(); err != nil {
		return err
	}
	return s.lead(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		if err := c.at(version); err != nil {
			return err
		}
		if c.Agreed() == "" {
			return apperr.Conflict("A case is closed with an outcome that a second person agreed to.")
		}
		steps, facts, err := s.standing(ctx, tx, c)
		if err != nil {
			return err
		}
		if open := Unsettled(steps); len(open) > 0 {
			return apperr.Conflict("%d steps are neither done nor skipped; the first is “%s”.", len(open), open[0].Item.Title)
		}
		if loose := Loose(steps, facts); len(loose) > 0 {
			return apperr.Conflict("The case is not closed yet. %s", say(loose))
		}
		for _, step := range steps {
			if step.ClosesCase() && step.State == Open {
				if err := settle(ctx, tx, caseID, step, Done, "Closed.", ""); err != nil {
					return err
				}
			}
		}
		if err := setClosed(ctx, tx, caseID, lessons); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "case.closed", Text: fmt.Sprintf("The case was closed, with the outcome “%s”.", c.Agreed().Title()),
			Detail: map[string]any{"outcome": c.Agreed()}, Changes: []db.Change{db.Changed("lessons", "", lessons)}})
	})
}
