package incident

import (
	"context"

	"gatehouse/internal/platform/db"
)

// The steps that ask who came through whom.
const (
	stepFindOthers      = "step-find-others"
	stepInformSuppliers = "step-inform-suppliers"
)

// ReferralsShown is how many people a step lists.
const ReferralsShown = 20

// Referrals are who referred the subject of a case, and who else is tied to them by a referral.
type Referrals struct {
	// Name is the referrer as the subject named them, who need not be on file.
	Name string
	// People are the first ReferralsShown, the nearest first; Beyond counts the others.
	People []Related
	Beyond int
}

// OnFile reports whether the referrer is one of the people.
func (r Referrals) OnFile() bool { return len(r.People) > 0 && r.People[0].Relation == ReferredSubject }

// AsksForReferrals reports whether the step is about who came through whom.
func (s Step) AsksForReferrals() bool {
	return s.StepID == stepFindOthers || s.StepID == stepInformSuppliers
}

// Referrals reads what a step that asks for referrals shows of them. For other steps, and for members who see only their
// own tasks, it reads nothing.
func (s *Service) Referrals(ctx context.Context, v StepView) (Referrals, error) {
	var r Referrals
	if !v.Step.AsksForReferrals() || v.Case.Sees != Whole {
		return r, nil
	}
	err := s.db.Pool().QueryRow(ctx, `SELECT referrer_name FROM people WHERE id = $1`, v.Case.PersonID).Scan(&r.Name)
	if err != nil {
		return r, err
	}
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT person_id, number, name, status, relation, count(*) OVER () AS total
		FROM  (`+relatedSQL+`) related
		ORDER  BY rank, number
		LIMIT  $2`, v.Case.PersonID, ReferralsShown)
	found, err := db.Many[struct {
		Related
		Total int
	}](rows)
	for _, f := range found {
		r.People = append(r.People, f.Related)
		r.Beyond = f.Total - len(r.People)
	}
	return r, err
}
