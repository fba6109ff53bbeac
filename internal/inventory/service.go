package inventory

import (
	"context"
	"io"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service lists grants and takes them away, inside its callers' transactions. The caller has checked who may do so
// and records the audit entry.
type Service struct{}

// NewService returns the service.
func NewService() *Service { return &Service{} }

// Add lists one grant. The same system, level and account twice is an InvalidInput error.
func (s *Service) Add(ctx context.Context, tx *db.Tx, caseID, personID string, n New) (Grant, error) {
	if err := n.tidy(); err != nil {
		return Grant{}, err
	}
	known, err := keysOf(ctx, tx, caseID)
	if err != nil {
		return Grant{}, err
	}
	if known[n.key()] {
		return Grant{}, apperr.Invalid("system", "This access is listed already.")
	}
	grantID := ID(id.New())
	if err := insertGrants(ctx, tx, caseID, personID, []ID{grantID}, []New{n}); err != nil {
		return Grant{}, err
	}
	return byID(ctx, tx, caseID, grantID)
}

// Import lists every grant of the text, or none: see ReadLines. Lines listed already, and repeated ones, are left out.
func (s *Service) Import(ctx context.Context, tx *db.Tx, caseID, personID string, r io.Reader) (added, already int, err error) {
	lines, err := ReadLines(r)
	if err != nil {
		return 0, 0, err
	}
	known, err := keysOf(ctx, tx, caseID)
	if err != nil {
		return 0, 0, err
	}
	var fresh []New
	var ids []ID
	for _, n := range lines {
		if known[n.key()] {
			already++
			continue
		}
		known[n.key()] = true
		fresh, ids = append(fresh, n), append(ids, ID(id.New()))
	}
	return len(fresh), already, insertGrants(ctx, tx, caseID, personID, ids, fresh)
}

// Revoke notes that the access was taken away.
func (s *Service) Revoke(ctx context.Context, tx *db.Tx, caseID string, grantID ID, version int) (Grant, error) {
	g, err := lock(ctx, tx, caseID, grantID, version)
	if err != nil {
		return Grant{}, err
	}
	if g.State() != Listed {
		return Grant{}, apperr.Conflict("%s is revoked already.", g.Title())
	}
	return g, setRevoked(ctx, tx, grantID)
}

// UndoRevoke takes back a revocation noted by mistake. Once another person has attested it, it stands.
func (s *Service) UndoRevoke(ctx context.Context, tx *db.Tx, caseID string, grantID ID, version int) (Grant, error) {
	g, err := lock(ctx, tx, caseID, grantID, version)
	if err != nil {
		return Grant{}, err
	}
	if g.State() != Revoked {
		return Grant{}, apperr.Conflict("Only a revocation that nobody has attested can be taken back.")
	}
	return g, clearRevoked(ctx, tx, grantID)
}

// Attest confirms that a revocation took effect. Whoever revoked cannot attest.
func (s *Service) Attest(ctx context.Context, tx *db.Tx, caseID string, grantID ID, version int) (Grant, error) {
	g, err := lock(ctx, tx, caseID, grantID, version)
	if err != nil {
		return Grant{}, err
	}
	switch {
	case g.State() == Listed:
		return Grant{}, apperr.Conflict("%s is not revoked yet.", g.Title())
	case g.State() != Revoked:
		return Grant{}, apperr.Conflict("%s is attested already.", g.Title())
	case g.RevokedBy == nil && tx.ActorID() == nil,
		g.RevokedBy != nil && tx.ActorID() != nil && *g.RevokedBy == *tx.ActorID():
		return Grant{}, apperr.Forbidden("You revoked %s. Somebody else has to attest it.", g.Title())
	}
	return g, setAttested(ctx, tx, grantID)
}

// Restore notes that access was given back to somebody who was cleared.
func (s *Service) Restore(ctx context.Context, tx *db.Tx, caseID string, grantID ID, version int) (Grant, error) {
	g, err := lock(ctx, tx, caseID, grantID, version)
	if err != nil {
		return Grant{}, err
	}
	if st := g.State(); st != Revoked && st != Attested {
		return Grant{}, apperr.Conflict("%s is not taken away.", g.Title())
	}
	return g, setRestored(ctx, tx, grantID)
}

// List returns the case's grants, open ones first.
func (s *Service) List(ctx context.Context, q db.Querier, caseID string) ([]Grant, error) {
	return ofCase(ctx, q, caseID)
}

// OpenGrants returns the grants that are not attested as revoked.
func (s *Service) OpenGrants(ctx context.Context, q db.Querier, caseID string) ([]Grant, error) {
	return openOf(ctx, q, caseID)
}
