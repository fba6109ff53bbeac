package incident

import (
	"context"
	"fmt"
	"io"

	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// AddGrant lists one access of the subject.
func (s *Service) AddGrant(ctx context.Context, actor authz.Actor, caseID ID, n inventory.New) error {
	return s.workOn(ctx, actor, caseID, RegisterAccess, func(tx *db.Tx, c Case) error {
		g, err := s.grants.Add(ctx, tx, string(caseID), c.PersonID, n)
		if err != nil {
			return err
		}
		return tell(ctx, tx, c, grantEvent("grant.listed", "Access was listed: %s.", g))
	})
}

// ImportGrants lists every access of a text in CSV, or none: see inventory.ReadLines. It says how many were new and
// how many were listed already.
func (s *Service) ImportGrants(ctx context.Context, actor authz.Actor, caseID ID, lines io.Reader) (added, already int, err error) {
	err = s.workOn(ctx, actor, caseID, RegisterAccess, func(tx *db.Tx, c Case) error {
		if added, already, err = s.grants.Import(ctx, tx, string(caseID), c.PersonID, lines); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "grant.imported", Text: fmt.Sprintf("%d accesses were imported; %d were listed already.", added, already),
			Detail: map[string]any{"added": added, "already": already}})
	})
	return added, already, err
}

// RevokeGrant notes that an access was taken away.
func (s *Service) RevokeGrant(ctx context.Context, actor authz.Actor, caseID ID, grantID inventory.ID, version int) error {
	return s.onGrant(ctx, actor, caseID, grantID, version, s.grants.Revoke, "grant.revoked", "Access was revoked: %s.")
}

// UndoRevokeGrant takes back a revocation noted by mistake, as long as nobody has attested it.
func (s *Service) UndoRevokeGrant(ctx context.Context, actor authz.Actor, caseID ID, grantID inventory.ID, version int) error {
	return s.onGrant(ctx, actor, caseID, grantID, version, s.grants.UndoRevoke, "grant.revocation_undone", "A revocation was taken back: %s.")
}

// AttestGrant confirms, as another person than who revoked, that the access is gone.
func (s *Service) AttestGrant(ctx context.Context, actor authz.Actor, caseID ID, grantID inventory.ID, version int) error {
	return s.onGrant(ctx, actor, caseID, grantID, version, s.grants.Attest, "grant.attested", "Access was attested as gone: %s.")
}

// RestoreGrant gives an access back after the outcome spoke for the person.
func (s *Service) RestoreGrant(ctx context.Context, actor authz.Actor, caseID ID, grantID inventory.ID, version int) error {
	return s.onGrant(ctx, actor, caseID, grantID, version, s.grants.Restore, "grant.restored", "Access was restored: %s.")
}

func (s *Service) onGrant(ctx context.Context, actor authz.Actor, caseID ID, grantID inventory.ID, version int,
	act func(context.Context, *db.Tx, string, inventory.ID, int) (inventory.Grant, error), kind, text string) error {
	return s.workOn(ctx, actor, caseID, RegisterAccess, func(tx *db.Tx, c Case) error {
		if kind == "grant.restored" && (c.Agreed() == "" || c.Agreed() == Confirmed) {
			return apperr.Conflict("Access is restored once the outcome is agreed and misrepresentation is not confirmed.")
		}
		g, err := act(ctx, tx, string(caseID), grantID, version)
		if err != nil {
			return err
		}
		return tell(ctx, tx, c, grantEvent(kind, text, g))
	})
}

func grantEvent(kind, text string, g inventory.Grant) event {
	return event{Kind: kind, Text: fmt.Sprintf(text, g.Title()), SubjectKind: "grant", SubjectID: string(g.ID)}
}

// AddPayment records a payment that was or will be made to the subject.
func (s *Service) AddPayment(ctx context.Context, actor authz.Actor, caseID ID, n payment.New) error {
	return s.workOn(ctx, actor, caseID, RegisterMoney, func(tx *db.Tx, c Case) error {
		p, err := s.payments.Add(ctx, tx, string(caseID), c.PersonID, n)
		if err != nil {
			return err
		}
		return tell(ctx, tx, c, paymentEvent("payment.recorded", p, "A payment was recorded: %s, %s.", p.Title(), p.State))
	})
}

// MovePayment notes what became of a payment.
func (s *Service) MovePayment(ctx context.Context, actor authz.Actor, caseID ID, paymentID payment.ID, version int, to payment.State) error {
	return s.workOn(ctx, actor, caseID, RegisterMoney, func(tx *db.Tx, c Case) error {
		p, err := s.payments.Move(ctx, tx, string(caseID), paymentID, version, to)
		if err != nil {
			return err
		}
		e := paymentEvent("payment."+string(to), p, "The payment of %s is now %s; it was %s before.", p.Title(), to, p.State)
		e.Detail = map[string]any{"from": p.State, "to": to}
		return tell(ctx, tx, c, e)
	})
}

// ExplainPayment says why a planned payment may go ahead.
func (s *Service) ExplainPayment(ctx context.Context, actor authz.Actor, caseID ID, paymentID payment.ID, version int, why string) error {
	return s.workOn(ctx, actor, caseID, RegisterMoney, func(tx *db.Tx, c Case) error {
		p, err := s.payments.Explain(ctx, tx, string(caseID), paymentID, version, why)
		if err != nil {
			return err
		}
		e := paymentEvent("payment.explained", p, "The payment of %s may go ahead. %s", p.Title(), why)
		e.Reason = why
		return tell(ctx, tx, c, e)
	})
}

func paymentEvent(kind string, p payment.Payment, format string, args ...any) event {
	return event{Kind: kind, Text: fmt.Sprintf(format, args...), SubjectKind: "payment", SubjectID: string(p.ID)}
}
