package payment

import (
	"context"
	"slices"
	"strings"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service records payments and what becomes of them, inside its callers' transactions. The caller has checked who
// may do so and records the audit entry.
type Service struct{}

// NewService returns the service.
func NewService() *Service { return &Service{} }

// Add records a payment.
func (s *Service) Add(ctx context.Context, tx *db.Tx, caseID, personID string, n New) (Payment, error) {
	if err := n.tidy(); err != nil {
		return Payment{}, err
	}
	paymentID := ID(id.New())
	if err := insert(ctx, tx, paymentID, caseID, personID, n); err != nil {
		return Payment{}, err
	}
	return byID(ctx, tx, caseID, paymentID)
}

// Move notes what became of a payment and returns it as it was before.
func (s *Service) Move(ctx context.Context, tx *db.Tx, caseID string, paymentID ID, version int, to State) (Payment, error) {
	p, err := lock(ctx, tx, caseID, paymentID, version)
	if err != nil {
		return Payment{}, err
	}
	if !slices.Contains(p.State.Next(), to) {
		return Payment{}, apperr.Conflict("A payment that is %s cannot become %s.", p.State, to)
	}
	return p, setState(ctx, tx, paymentID, to)
}

// Explain says why a planned payment may go ahead.
func (s *Service) Explain(ctx context.Context, tx *db.Tx, caseID string, paymentID ID, version int, why string) (Payment, error) {
	why = strings.TrimSpace(why)
	if why == "" {
		return Payment{}, apperr.Invalid("explanation", "Say why this payment may go ahead.")
	}
	p, err := lock(ctx, tx, caseID, paymentID, version)
	if err != nil {
		return Payment{}, err
	}
	if p.State != Planned {
		return Payment{}, apperr.Conflict("Only a planned payment needs an explanation; this one is %s.", p.State)
	}
	return p, setExplanation(ctx, tx, paymentID, why)
}

// List returns the case's payments, the newest first.
func (s *Service) List(ctx context.Context, q db.Querier, caseID string) ([]Payment, error) {
	return ofCase(ctx, q, caseID)
}

// Unstopped returns the payments that are planned, neither stopped nor explained.
func (s *Service) Unstopped(ctx context.Context, q db.Querier, caseID string) ([]Payment, error) {
	return unstoppedOf(ctx, q, caseID)
}

// Totals adds the case's payments up per currency and state.
func (s *Service) Totals(ctx context.Context, q db.Querier, caseID string) ([]Total, error) {
	return totalsOf(ctx, q, caseID)
}
