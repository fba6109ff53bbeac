package payment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/claim"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/seal"
)

// Service records payments and what becomes of them, inside its callers' transactions. The caller has checked who
// may do so and records the audit entry. Where money goes lies encrypted under the person's data key.
type Service struct {
	people   *person.Service
	accounts claim.Accounts
}

// NewService returns the service; people has the keys that destinations are encrypted under.
func NewService(people *person.Service) *Service {
	return &Service{people: people, accounts: claim.NewAccounts(people)}
}

// Add records a payment.
func (s *Service) Add(ctx context.Context, tx *db.Tx, caseID, personID string, n New) (Payment, error) {
	if err := n.tidy(); err != nil {
		return Payment{}, err
	}
	paymentID := ID(id.New())
	var to destination
	if n.Destination != "" {
		key, err := s.people.DataKey(ctx, tx, person.ID(personID))
		if err != nil {
			return Payment{}, err
		}
		if to, err = s.seal(key, paymentID, n.Destination); err != nil {
			return Payment{}, err
		}
	}
	if err := insert(ctx, tx, paymentID, caseID, personID, n, to); err != nil {
		return Payment{}, err
	}
	return byID(ctx, tx, caseID, paymentID)
}

// destination is where money goes, as it is stored.
type destination struct {
	sealed []byte
	key    string
}

// Owner names the row of a payment to the encryption of its destination.
func (id ID) Owner() string { return "payments/" + string(id) }

func (s *Service) seal(key seal.DataKey, paymentID ID, to string) (destination, error) {
	sealed, err := key.SealValue(to, paymentID.Owner())
	return destination{sealed, s.accounts.Key(to)}, err
}

// SealOpen encrypts the destinations of payments that were recorded before they were.
func (s *Service) SealOpen(ctx context.Context) error {
	put := func(tx *db.Tx, v person.OpenValue, key *seal.DataKey) (err error) {
		var to destination
		if key != nil {
			if to, err = s.seal(*key, ID(v.ID), v.Value); err != nil {
				return err
			}
		}
		return setDestination(ctx, tx, v, to)
	}
	next := func(q db.Querier, most int) ([]person.OpenValue, error) { return openDestinations(ctx, q, most) }
	return s.people.SealOpen(ctx, "payments", next, put)
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
	rows, err := ofCase(ctx, q, caseID)
	if err != nil {
		return nil, err
	}
	payments := make([]Payment, len(rows))
	var opener *person.Opener // all are of the case's subject
	for i, r := range rows {
		payments[i] = r.Payment
		if opener == nil && r.Sealed != nil {
			opener = s.people.Opener(person.ID(r.PersonID), r.Wrapped)
		}
		if r.Sealed == nil {
			continue
		}
		if payments[i].Destination, err = opener.Open(r.Sealed, r.ID.Owner()); err != nil {
			return nil, fmt.Errorf("payment %s: %w", r.ID, err)
		}
	}
	return payments, nil
}

// Unstopped returns the payments that are planned, neither stopped nor explained.
func (s *Service) Unstopped(ctx context.Context, q db.Querier, caseID string) ([]Payment, error) {
	return unstoppedOf(ctx, q, caseID)
}

// Totals adds the case's payments up per currency and state.
func (s *Service) Totals(ctx context.Context, q db.Querier, caseID string) ([]Total, error) {
	return totalsOf(ctx, q, caseID)
}
