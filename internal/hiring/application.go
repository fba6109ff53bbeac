package hiring

import (
	"context"
	"slices"
	"strings"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Move asks for an application to go to another stage. Reason is needed when it goes back. OverrideReason lets it
// pass a blocked gate, for whoever may override gates.
type Move struct {
	ApplicationID  ApplicationID
	Version        int
	To             string
	Reason         string
	OverrideReason string
}

// Move moves an application to another stage. A gate in its way makes it a Blocked error.
func (s *Service) Move(ctx context.Context, actor authz.Actor, m Move) error {
	m.Reason, m.OverrideReason = strings.TrimSpace(m.Reason), strings.TrimSpace(m.OverrideReason)
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		a, err := s.lock(ctx, tx, m.ApplicationID, m.Version)
		if err != nil {
			return err
		}
		to, err := s.target(a, m.To)
		if err != nil {
			return err
		}
		gate, err := s.gate(ctx, tx, tx.Actor, a, to)
		if err != nil {
			return err
		}
		if gate.Backward() {
			var p apperr.Problems
			checkReason(&p, "reason", m.Reason)
			if err := p.Err(); err != nil {
				return err
			}
		}
		if err := s.pass(ctx, tx, gate, m.OverrideReason); err != nil {
			return err
		}
		return s.step(ctx, tx, a, to.ID, Active, m.Reason)
	})
}

// target checks that the application can be moved to the stage.
func (s *Service) target(a Application, stageID string) (*catalogue.Stage, error) {
	if a.Status != Active {
		return nil, apperr.Conflict("This application has ended (%s). Reopen it before you move it.", strings.ToLower(a.Status.Title()))
	}
	ed := s.lib.At(a.Edition)
	at := slices.IndexFunc(stages(ed), func(s *catalogue.Stage) bool { return s.ID == stageID })
	if at < 0 {
		return nil, apperr.Invalid("to", "Choose a stage.")
	}
	if stageID == a.StageID {
		return nil, apperr.Conflict("The application is at %s already.", ed.Stages[at].Title)
	}
	return stages(ed)[at], nil
}

// pass lets a move through its gate: because nothing blocks, or because somebody who may overrides what does.
func (s *Service) pass(ctx context.Context, tx *db.Tx, gate Gate, reason string) error {
	if gate.Open() {
		return nil
	}
	if reason == "" {
		return &Blocked{gate}
	}
	return s.override(ctx, tx, gate, gate.Items(), "override_reason", reason)
}

// override lets items of a gate pass, with a reason.
func (s *Service) override(ctx context.Context, tx *db.Tx, gate Gate, items []string, field, reason string) error {
	if tx.Actor.Kind != authz.KindUser || !tx.Actor.May(authz.GateOverride) {
		return apperr.Forbidden("Only somebody with the right to override gates can let this pass. Ask a security lead.")
	}
	var p apperr.Problems
	checkReason(&p, field, reason)
	if err := p.Err(); err != nil {
		return err
	}
	a := gate.Application
	tx.Record(db.Entry{Action: "gate.overridden", SubjectKind: "application", SubjectID: string(a.ID), PersonID: string(a.PersonID),
		Detail: map[string]any{"stage": gate.To.ID, "items": items}, Reason: reason})
	return upsertOverrides(ctx, tx, a.ID, gate.To.ID, items, reason)
}

// Override asks for items of a blocked gate to be let pass.
type Override struct {
	ApplicationID ApplicationID
	Version       int
	To            string
	Items         []string
	Reason        string
}

// Override lets required checks or flags of a gate pass without moving the application: who moves candidates on
// and who may override are different people as a rule. It stays visible on application and engagement.
func (s *Service) Override(ctx context.Context, actor authz.Actor, o Override) error {
	o.Reason = strings.TrimSpace(o.Reason)
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		a, err := s.lock(ctx, tx, o.ApplicationID, o.Version)
		if err != nil {
			return err
		}
		to, err := s.gateStage(a, o.To)
		if err != nil {
			return err
		}
		gate, err := s.gate(ctx, tx, tx.Actor, a, to)
		if err != nil {
			return err
		}
		blocking := gate.Items()
		var p apperr.Problems
		p.Check(len(o.Items) > 0, "items", "Choose what to let pass.")
		for _, item := range o.Items {
			p.Check(slices.Contains(blocking, item), "items", "Something you chose does not block any more. Choose again.")
		}
		checkReason(&p, "reason", o.Reason)
		if err := p.Err(); err != nil {
			return err
		}
		if err := s.override(ctx, tx, gate, o.Items, "reason", o.Reason); err != nil {
			return err
		}
		if err := touchApplication(ctx, tx, a.ID); err != nil {
			return err
		}
		return s.settle(ctx, tx, a.PersonID)
	})
}

// gateStage is the stage that a gate is asked for: any that the application can move to, or the hire.
func (s *Service) gateStage(a Application, stageID string) (*catalogue.Stage, error) {
	if stageID != StageEmployed {
		return s.target(a, stageID)
	}
	if a.Status != Active {
		return nil, apperr.Conflict("This application has ended.")
	}
	stage, ok := s.lib.At(a.Edition).Stage(StageEmployed)
	if !ok {
		return nil, apperr.Invalid("to", "Choose a stage.")
	}
	return stage, nil
}

// step writes a move: the application's stage and state, and the line of its history.
func (s *Service) step(ctx context.Context, tx *db.Tx, a Application, to string, status Status, reason string) error {
	if err := moveApplication(ctx, tx, a, to, status); err != nil {
		return err
	}
	if err := insertTransition(ctx, tx, a.ID, a.StageID, to, reason); err != nil {
		return err
	}
	tx.Record(db.Entry{Action: "application.moved", SubjectKind: "application", SubjectID: string(a.ID), PersonID: string(a.PersonID),
		Detail: map[string]any{"from": a.StageID, "to": to}, Reason: reason})
	return s.settle(ctx, tx, a.PersonID)
}

// Closing ends an application without a hire: by our decision, or because the candidate withdrew.
type Closing struct {
	ApplicationID ApplicationID
	Version       int
	Withdrawn     bool
	Reason        string
}

// CloseApplication ends an application. A reason is needed either way.
func (s *Service) CloseApplication(ctx context.Context, actor authz.Actor, c Closing) error {
	to, action := Closed, "application.closed"
	if c.Withdrawn {
		to, action = Withdrawn, "application.withdrawn"
	}
	return s.turn(ctx, actor, c.ApplicationID, c.Version, c.Reason, action, func(tx *db.Tx, a Application, reason string) error {
		if a.Status != Active {
			return apperr.Conflict("This application has ended already (%s).", strings.ToLower(a.Status.Title()))
		}
		return endApplication(ctx, tx, a.ID, to, reason)
	})
}

// Reopen takes up a closed or withdrawn application where it ended.
func (s *Service) Reopen(ctx context.Context, actor authz.Actor, appID ApplicationID, version int, reason string) error {
	return s.turn(ctx, actor, appID, version, reason, "application.reopened", func(tx *db.Tx, a Application, _ string) error {
		if a.Status != Closed && a.Status != Withdrawn {
			return apperr.Conflict("Only an application that was closed or withdrawn can be reopened.")
		}
		if a.JobStatus != JobOpen {
			return apperr.Conflict("%s is closed. Reopen the job first.", a.JobTitle)
		}
		return reopenApplication(ctx, tx, a.ID)
	})
}

// turn ends or reopens an application with a reason.
func (s *Service) turn(ctx context.Context, actor authz.Actor, appID ApplicationID, version int, reason, action string,
	change func(tx *db.Tx, a Application, reason string) error) error {
	reason = strings.TrimSpace(reason)
	var p apperr.Problems
	checkReason(&p, "reason", reason)
	if err := p.Err(); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		a, err := s.lock(ctx, tx, appID, version)
		if err != nil {
			return err
		}
		if err := change(tx, a, reason); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: action, SubjectKind: "application", SubjectID: string(a.ID), PersonID: string(a.PersonID),
			Detail: map[string]any{"stage": a.StageID, "was": a.Status}, Reason: reason})
		return s.settle(ctx, tx, a.PersonID)
	})
}

// lock reads an application of one of the actor's jobs for change: the person first, then the application.
func (s *Service) lock(ctx context.Context, tx *db.Tx, appID ApplicationID, version int) (Application, error) {
	a, err := applicationByID(ctx, tx, tx.Actor, appID, "")
	if err != nil {
		return Application{}, err
	}
	if _, err := s.people.Lock(ctx, tx, a.PersonID); err != nil {
		return Application{}, err
	}
	a, err = applicationByID(ctx, tx, tx.Actor, appID, "FOR UPDATE OF a")
	if err == nil && a.Version != version {
		err = apperr.Conflict("Somebody moved or changed this application meanwhile: it is now %s, at %s. Look at it and try again.",
			strings.ToLower(a.Status.Title()), title(s.lib.At(a.Edition), a.StageID))
	}
	return a, err
}
