package incident

import (
	"context"
	"time"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// openFor is how long a sealed case stays open to whoever said why they open it.
const openFor = visitPeriod

// Seal is what a sealed case shows before it is opened.
type Seal struct {
	CaseID   ID
	CodeName string
	// At is when it was sealed, by whom By tells; nil where it is not sealed, or open to the reader already.
	At *time.Time
	By string
}

// Opening is one time that a sealed case was opened.
type Opening struct {
	UserID   string
	Name     string
	OpenedAt time.Time
	Reason   string
}

// ajar refuses a case that is sealed and not open to the reader.
func (c Case) ajar() error {
	if c.Shut {
		return &evidence.SealedError{CaseID: string(c.ID)}
	}
	return nil
}

// SealCase seals a case, open or closed; the lead and the deputy may. From then on whoever opens it, the sealer too, says why.
func (s *Service) SealCase(ctx context.Context, actor authz.Actor, caseID ID) error {
	return s.setSeal(ctx, actor, caseID, func(c Case) (event, error) {
		if c.SealedAt != nil {
			return event{}, apperr.Conflict("%s is sealed already.", c.CodeName)
		}
		return event{Kind: "case.sealed", Text: "The case was sealed: whoever opens it says why."}, nil
	})
}

// UnsealCase ends that.
func (s *Service) UnsealCase(ctx context.Context, actor authz.Actor, caseID ID) error {
	return s.setSeal(ctx, actor, caseID, func(c Case) (event, error) {
		if c.SealedAt == nil {
			return event{}, apperr.Conflict("%s is not sealed any more.", c.CodeName)
		}
		return event{Kind: "case.unsealed", Text: "The seal was taken off the case."}, nil
	})
}

func (s *Service) setSeal(ctx context.Context, actor authz.Actor, caseID ID, what func(Case) (event, error)) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		c, err := lockCase(ctx, tx, caseID)
		if err != nil {
			return err
		}
		if c.Sees != Whole || !c.Function.Leads() {
			return apperr.Forbidden("This is for the lead or the deputy of the case.")
		}
		e, err := what(c)
		if err != nil {
			return err
		}
		if err := setSealed(ctx, tx, caseID, c.SealedAt == nil); err != nil {
			return err
		}
		if err := endOpenings(ctx, tx, caseID); err != nil {
			return err
		}
		return tell(ctx, tx, c, e)
	})
}

// SealOf reads what a sealed case shows to its member before they open it. A case out of the actor's sight is NotFound.
func (s *Service) SealOf(ctx context.Context, actor authz.Actor, caseID ID) (Seal, error) {
	c, err := caseByID(ctx, s.db.Pool(), actor, caseID)
	if err != nil {
		return Seal{}, err
	}
	seal := Seal{CaseID: c.ID, CodeName: c.CodeName}
	if !c.Shut {
		return seal, nil
	}
	seal.At = c.SealedAt
	err = s.db.Pool().QueryRow(ctx, `SELECT coalesce((SELECT name FROM users WHERE id = $1), '')`, c.SealedBy).Scan(&seal.By)
	return seal, err
}

// OpenSealed opens a sealed case to the actor for half an hour, anew where it is open to them. A case that is not sealed needs
// no reason, and gets no entry.
func (s *Service) OpenSealed(ctx context.Context, actor authz.Actor, caseID ID, reason string) error {
	var p apperr.Problems
	reason = required(&p, "reason", reason, "Say why you open it.")
	if err := p.Err(); err != nil {
		return err
	}
	c, err := caseByID(ctx, s.db.Pool(), actor, caseID)
	if err != nil || c.SealedAt == nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if _, err := caseByID(ctx, tx, tx.Actor, caseID); err != nil {
			return err
		}
		if err := insertOpening(ctx, tx, id.New(), caseID, reason); err != nil {
			return err
		}
		record(tx, c, event{Kind: "case.opened", Detail: map[string]any{"function": c.Function}, Reason: reason})
		return nil
	})
}

// Openings lists who opened the case while it was sealed and why, the latest first, for whoever sees the whole of it.
func (s *Service) Openings(ctx context.Context, actor authz.Actor, caseID ID) ([]Opening, error) {
	if _, err := s.whole(ctx, actor, caseID); err != nil {
		return nil, err
	}
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT o.user_id, u.name, o.opened_at, o.reason
		FROM   case_openings o
		JOIN   users u ON u.id = o.user_id
		WHERE  o.case_id = $1
		ORDER  BY o.opened_at DESC, o.id
		LIMIT  100`, caseID)
	return db.Many[Opening](rows)
}

func setSealed(ctx context.Context, tx *db.Tx, caseID ID, sealed bool) error {
	_, err := tx.Exec(ctx, `
		UPDATE cases SET sealed_at = CASE WHEN $2 THEN $3::timestamptz END, sealed_by = CASE WHEN $2 THEN $4::uuid END WHERE id = $1`,
		caseID, sealed, tx.Now, tx.ActorID())
	return err
}

// endOpenings closes the case to those who opened it under an earlier seal.
func endOpenings(ctx context.Context, tx *db.Tx, caseID ID) error {
	_, err := tx.Exec(ctx, `UPDATE case_openings SET until = least(until, now()) WHERE case_id = $1 AND until > now()`, caseID)
	return err
}

func insertOpening(ctx context.Context, tx *db.Tx, openingID string, caseID ID, reason string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO case_openings (id, case_id, user_id, opened_at, until, reason)
		VALUES ($1, $2, $3, $4, now() + $5, $6)`, openingID, caseID, tx.Actor.ID, tx.Now, openFor, reason)
	return err
}
