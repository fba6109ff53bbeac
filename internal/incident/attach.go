package incident

import (
	"context"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

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
			Text:        "Evidence was attached to “" + step.Item.Title + "”.",
			SubjectKind: "step", SubjectID: within(c, stepID), Detail: map[string]any{"step": stepID, "evidence": ids}})
	})
}

// attach ties evidence that is there already to a step.
func (s *Service) attach(ctx context.Context, tx *db.Tx, c Case, stepID string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	items := make([]evidence.ID, len(ids))
	for i, item := range ids {
		ok, err := evidenceOf(ctx, tx, c, item)
		if err != nil {
			return err
		}
		if !ok {
			return apperr.Invalid("evidence", "Choose among the evidence of this case.")
		}
		items[i] = evidence.ID(item)
	}
	return s.evidence.Attach(ctx, tx, items, evidence.Subject{Kind: "step", ID: within(c, stepID)})
}
