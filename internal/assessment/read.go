package assessment

import (
	"context"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Stored is a person's assessment as it was last worked out.
type Stored struct {
	Edition    string
	Score      int
	Band       catalogue.Band
	Coverage   int // percent
	Claims     []ClaimCoverage
	Reasons    []Reason
	Next       []NextCheck
	AssessedAt time.Time
}

// Percent is the coverage in whole percent, rounded down: 100 means that everything in scope is known.
func (c Coverage) Percent() int { return int(c.Fraction*100 + 1e-9) }

// StoredRows selects from the assessments s the fields of Stored, by the names that JSON has for them; for pages that
// read everything they need at once.
const StoredRows = `
		        SELECT s.edition, s.score, s.band, s.coverage, s.claims, s.reasons, s.next, s.assessed_at AS assessedat
		        FROM   assessments s`

const storedSQL = `
		SELECT edition, score, band, coverage, claims, reasons, next, assessed_at
		FROM   assessments
		WHERE  person_id = $1`

// Of returns a person's assessment. Somebody of whom nothing was reported yet is assessed on the spot: low, nothing known.
func (s *Service) Of(ctx context.Context, actor authz.Actor, personID person.ID) (Stored, error) {
	if _, err := s.people.ByID(ctx, actor, personID); err != nil {
		return Stored{}, err
	}
	rows, _ := s.db.Pool().Query(ctx, storedSQL, personID)
	found, err := db.Many[Stored](rows)
	if err != nil {
		return Stored{}, err
	}
	if len(found) == 0 {
		return s.Blank("", ""), nil
	}
	return found[0], nil
}

// Blank is the assessment of somebody of whom nothing was reported yet.
func (s *Service) Blank(level, stage string) Stored {
	ed := s.lib.Current()
	a := Assess(ed, Input{Level: level, Stage: stage})
	return Stored{Edition: ed.Version(), Score: a.Score, Band: a.Band, Coverage: a.Coverage.Percent(),
		Claims: a.Claims, Reasons: a.Reasons, Next: a.Next}
}

// Answers returns, of the given checks, those that were answered, each with the answer that counts now: the worst
// that is not explained. A check of which every finding is explained is clear. Gates ask it.
func (s *Service) Answers(ctx context.Context, q db.Querier, personID person.ID, checkIDs []string) (map[string]catalogue.Answer, error) {
	ledger, err := s.ledger(ctx, q, personID)
	if err != nil {
		return nil, err
	}
	worst := ledger.worst()
	answers := make(map[string]catalogue.Answer, len(checkIDs))
	for _, id := range checkIDs {
		if a, ok := worst[id]; ok {
			answers[id] = a
		}
	}
	return answers, nil
}
