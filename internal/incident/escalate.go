package incident

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Escalation is what opens a case.
type Escalation struct {
	PersonID person.ID
	Reason   string
	// FlagIDs are the flags of the person that led here.
	FlagIDs []string
}

// Escalate opens a case on a person whom the actor sees, with the actor as lead and the current edition's playbook,
// whose clocks start now.
//
// Somebody who is a member of an open case on the person is told so. To anybody else that case does not exist: they get
// a case like everybody who escalates, with nothing in the answer, the lists or the playbook that would tell the two
// apart. The members of the case that was there learn of it at once, with the reason, and can call the newcomer in.
func (s *Service) Escalate(ctx context.Context, actor authz.Actor, e Escalation) (ID, error) {
	var p apperr.Problems
	e.Reason = required(&p, "reason", e.Reason, "Say which findings lead here, in a sentence or two.")
	if err := p.Err(); err != nil {
		return "", err
	}
	var opened ID
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		subject, err := s.people.Lock(ctx, tx, e.PersonID)
		if err != nil {
			return err
		}
		others, err := openCasesOf(ctx, tx, string(e.PersonID))
		if err != nil {
			return err
		}
		if err := refuseMember(ctx, tx, others); err != nil {
			return err
		}
		if err := s.checkFlags(ctx, tx, e); err != nil {
			return err
		}
		if opened, err = s.open(ctx, tx, subject, e); err != nil {
			return err
		}
		for _, other := range others {
			if err := passOn(ctx, tx, other, e); err != nil {
				return err
			}
		}
		return nil
	})
	return opened, err
}

// refuseMember leads a member of an open case back to it.
func refuseMember(ctx context.Context, tx *db.Tx, open []ID) error {
	for _, caseID := range open {
		c, err := caseByID(ctx, tx, tx.Actor, caseID)
		if err == nil {
			return apperr.Conflict("%s is open on this person already. Add what is new to it.", c.CodeName)
		}
		if apperr.KindOf(err) != apperr.NotFound {
			return err
		}
	}
	return nil
}

// passOn tells the members of a case that somebody who does not know of it works on the same person.
func passOn(ctx context.Context, tx *db.Tx, other ID, e Escalation) error {
	if err := insertNote(ctx, tx, id.New(), other, "", e.Reason); err != nil {
		return err
	}
	return tell(ctx, tx, Case{ID: other, PersonID: string(e.PersonID)}, event{Kind: "case.escalated_again",
		Text: "The same person was escalated from outside this case, into a case of its own. Whoever did so does not know of this one: " +
			"their reason is in the notes, and adding them as a member brings both together."})
}

// checkFlags refuses flags of anybody else.
func (s *Service) checkFlags(ctx context.Context, q db.Querier, e Escalation) error {
	if len(e.FlagIDs) == 0 {
		return nil
	}
	flags, err := s.flags.ForPerson(ctx, q, e.PersonID)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, f := range flags {
		own[string(f.ID)] = true
	}
	for _, flagID := range e.FlagIDs {
		if !own[flagID] {
			return apperr.Invalid("flags", "Choose among the flags of this person.")
		}
	}
	return nil
}

func (s *Service) open(ctx context.Context, tx *db.Tx, subject person.Person, e Escalation) (ID, error) {
	ed := s.lib.Current()
	name, err := freeName(ctx, tx, codeNames(8))
	if err != nil {
		return "", fmt.Errorf("draw a code name: %w", err)
	}
	engagementID, err := latestEngagement(ctx, tx, e.PersonID)
	if err != nil {
		return "", err
	}
	c := Case{ID: ID(id.New()), CodeName: name, PersonID: string(e.PersonID), EngagementID: engagementID,
		ApplicationID: subject.ApplicationID, Edition: ed.Version(), Phase: catalogue.Triage, Reason: e.Reason,
		FlagIDs: append([]string{}, e.FlagIDs...)}
	if err := insertCase(ctx, tx, c); err != nil {
		return "", err
	}
	if tx.ActorID() != nil {
		if err := putMember(ctx, tx, c.ID, tx.Actor.ID, Lead, Whole); err != nil {
			return "", err
		}
	}
	if err := insertSteps(ctx, tx, c.ID, ed); err != nil {
		return "", err
	}
	return c.ID, tell(ctx, tx, c, event{Kind: "case.opened",
		Text:   "The case was opened. " + e.Reason,
		Detail: map[string]any{"flags": e.FlagIDs, "edition": c.Edition, "code_name": c.CodeName},
		Reason: e.Reason})
}

// latestEngagement is the engagement that runs, else the last one, else nil.
func latestEngagement(ctx context.Context, q db.Querier, personID person.ID) (*string, error) {
	var engagementID *string
	err := q.QueryRow(ctx, `
		SELECT id
		FROM   engagements
		WHERE  person_id = $1
		ORDER  BY ended_on IS NULL DESC, started_on DESC
		LIMIT  1`, personID).Scan(&engagementID)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil // a candidate who was never hired has none, and a case all the same
	}
	return engagementID, err
}

// proposing is the condition under which a person's confirmed flags propose a case: a strong or decisive finding,
// confirmed (by two, if decisive), on somebody engaged. Cases that the actor is not a member of must not show through
// a proposal that is missing, so only the actor's own cases end it. $1 is the actor, on people p.
const proposing = `
	p.status = 'engaged'
	AND EXISTS (
	    SELECT 1 FROM flags f
	    WHERE  f.person_id = p.id AND f.state = 'confirmed' AND f.withdrawn_at IS NULL
	    AND   (f.strength = 'strong' OR f.strength = 'decisive' AND (f.seconded_at IS NOT NULL OR f.answer = 'concern'))
	    AND    NOT EXISTS (
	           SELECT 1 FROM cases c JOIN case_members m ON m.case_id = c.id AND m.user_id = $1
	           WHERE  c.person_id = p.id AND (c.status = 'open' OR c.closed_at > f.disposed_at)))`

// Proposed reports whether a confirmed flag on this engaged person proposes to open a case. It is false for who may
// not escalate or does not see the person.
func (s *Service) Proposed(ctx context.Context, actor authz.Actor, personID person.ID) (bool, error) {
	if !actor.May(authz.CaseEscalate) {
		return false, nil
	}
	proposals, err := s.proposals(ctx, actor, &personID, 1)
	return len(proposals) > 0, err
}

// Proposal is an engaged person on whom a confirmed flag proposes a case.
type Proposal struct {
	PersonID person.ID
	Name     string
	Band     catalogue.Band
	Coverage int
}

// Proposals lists the people on whom a case is proposed, the gravest first.
func (s *Service) Proposals(ctx context.Context, actor authz.Actor, limit int) ([]Proposal, error) {
	if !actor.May(authz.CaseEscalate) {
		return nil, nil
	}
	return s.proposals(ctx, actor, nil, limit)
}

func (s *Service) proposals(ctx context.Context, actor authz.Actor, only *person.ID, limit int) ([]Proposal, error) {
	var w db.Where
	var user *string
	if actor.Kind == authz.KindUser {
		user = &actor.ID
	}
	w.Args = append(w.Args, user)
	w.Add(proposing)
	person.Visible(actor, &w, "p")
	if only != nil {
		w.Add("p.id = ?", *only)
	}
	end := w.Number("LIMIT ?", limit)
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT p.id AS person_id, p.name, p.band, p.coverage
		FROM   people p
		`+w.SQL()+`
		ORDER  BY p.score DESC, p.id DESC
		`+end, w.Args...)
	return db.Many[Proposal](rows)
}
