package incident

import (
	"context"
	"io"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// CollectFile adds a file to the evidence of the case, attached to the step, or to the case when stepID is empty.
func (s *Service) CollectFile(ctx context.Context, actor authz.Actor, caseID ID, stepID string, a evidence.Add,
	fileName string, r io.Reader) (evidence.ID, error) {
	a, err := s.collecting(ctx, actor, caseID, stepID, a)
	if err != nil {
		return "", err
	}
	return s.evidence.AddFile(ctx, actor, a, fileName, r)
}

// CollectText adds a text as CollectFile adds a file.
func (s *Service) CollectText(ctx context.Context, actor authz.Actor, caseID ID, stepID string, a evidence.Add, text string) (evidence.ID, error) {
	a, err := s.collecting(ctx, actor, caseID, stepID, a)
	if err != nil {
		return "", err
	}
	return s.evidence.AddText(ctx, actor, a, text)
}

// CollectLink adds the address of a page as CollectFile adds a file.
func (s *Service) CollectLink(ctx context.Context, actor authz.Actor, caseID ID, stepID string, a evidence.Add, address string) (evidence.ID, error) {
	a, err := s.collecting(ctx, actor, caseID, stepID, a)
	if err != nil {
		return "", err
	}
	return s.evidence.AddLink(ctx, actor, a, address)
}

// collecting completes the description, after looking that the actor may add to the step. It asks before the content
// is received; the timeline takes up what was collected by itself.
func (s *Service) collecting(ctx context.Context, actor authz.Actor, caseID ID, stepID string, a evidence.Add) (evidence.Add, error) {
	c, err := caseByID(ctx, s.db.Pool(), actor, caseID)
	if err != nil {
		return a, err
	}
	subject := evidence.Subject{Kind: evidence.OnCase, ID: string(c.ID)}
	switch {
	case c.Closed():
		return a, apperr.Conflict("%s is closed and can only be read.", c.CodeName)
	case c.Function == Observer:
		return a, apperr.Forbidden("Observers read along. Ask the lead for a function if you are to do something.")
	case stepID != "":
		if _, err := s.step(ctx, s.db.Pool(), c, stepID); err != nil {
			return a, err
		}
		subject = evidence.Subject{Kind: evidence.OnStep, ID: within(c, stepID)}
	case c.Sees != Whole:
		return a, apperr.Missing("page")
	}
	a.PersonID, a.CaseID = c.PersonID, string(c.ID)
	a.Subjects = append(a.Subjects, subject)
	return a, nil
}

// AttachEvidence ties evidence that the case or its subject's record already holds to a step.
func (s *Service) AttachEvidence(ctx context.Context, actor authz.Actor, caseID ID, stepID string, ids []string) error {
	if len(ids) == 0 {
		return apperr.Invalid("evidence", "Choose at least one item.")
	}
	return s.work(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		step, err := s.step(ctx, tx, c, stepID)
		if err != nil {
			return err
		}
		if err := s.attach(ctx, tx, c, stepID, ids); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "case.evidence_attached", StepID: stepID, EvidenceID: &ids[0],
			Text:        "Evidence attached to “" + step.Item.Title + "”.",
			SubjectKind: "step", SubjectID: within(c, stepID), Detail: map[string]any{"step": stepID, "evidence": ids}})
	})
}
