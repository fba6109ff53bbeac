package evidence

import (
	"context"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// owners find whose a subject is, and its case if it has one, by the root of its id.
var owners = map[string]string{
	OnPerson: `SELECT id AS person_id, NULL::uuid AS case_id FROM people WHERE id = $1`,
	OnClaim:  `SELECT person_id, NULL::uuid AS case_id FROM claims WHERE id = $1`,
	OnAnswer: `SELECT person_id, NULL::uuid AS case_id FROM interviews WHERE id = $1
	           UNION ALL SELECT id, NULL FROM people WHERE id = $1`,
	OnFlag: `SELECT person_id, NULL::uuid AS case_id FROM flags WHERE id = $1`,
	OnCase: `SELECT person_id, id AS case_id FROM cases WHERE id = $1`,
	OnStep: `SELECT person_id, id AS case_id FROM cases WHERE id = $1`,
	OnDossier: `SELECT person_id, id AS case_id FROM cases WHERE id = $1
	            UNION ALL SELECT c.person_id, c.id FROM dossier_entries d JOIN cases c ON c.id = d.case_id WHERE d.id = $1`,
	OnGrant:   `SELECT person_id, case_id FROM access_grants WHERE id = $1`,
	OnPayment: `SELECT person_id, case_id FROM payments WHERE id = $1`,
}

// owner says whom a subject is about. A signal may be about nobody known yet.
type owner struct {
	PersonID *string
	CaseID   *string
}

func ownerOf(ctx context.Context, q db.Querier, s Subject) (owner, error) {
	if s.Kind == OnSignal {
		return ownerOfSignal(ctx, q, s.ID)
	}
	query, known := owners[s.Kind]
	root, ok := s.root()
	if !known || !ok || len(s.ID) > 200 {
		return owner{}, apperr.Missing("subject")
	}
	rows, _ := q.Query(ctx, query, root)
	return db.One[owner](rows, s.Kind)
}

// ownerOfSignal looks a signal up by time and id: its partition is found by the time.
func ownerOfSignal(ctx context.Context, q db.Querier, place string) (owner, error) {
	at, err := page.Parse[time.Time](place)
	if err != nil {
		return owner{}, apperr.Missing("signal")
	}
	rows, _ := q.Query(ctx, `
		SELECT person_id, NULL::uuid AS case_id FROM signals WHERE occurred_at = $1 AND id = $2`, at.Key, at.ID)
	return db.One[owner](rows, "signal")
}

// ownedBy checks that the subjects are about the person, and those of a case about that case.
func ownedBy(ctx context.Context, q db.Querier, a Add) error {
	for _, s := range a.Subjects {
		o, err := ownerOf(ctx, q, s)
		if err != nil {
			return err
		}
		if o.PersonID == nil || *o.PersonID != a.PersonID || o.CaseID != nil && *o.CaseID != a.CaseID {
			return apperr.Missing(s.Kind)
		}
	}
	return nil
}

// functionsOf are the functions in a case whose tasks need what such a subject is part of; see incident's registers.
var functionsOf = map[string][]string{
	OnPayment: {"finance"},
	OnGrant:   {"engineering", "security"},
	OnDossier: {"hr"},
}

// mayAttach checks that the actor sees the subjects that are part of a case: a member who was called in for tasks sees
// the steps of their function and its registers. A step that the case does not have is not there for anybody.
func mayAttach(ctx context.Context, q db.Querier, actor authz.Actor, a Add) error {
	if actor.Kind == authz.KindSystem {
		return nil
	}
	for _, s := range a.Subjects {
		query, args := `SELECT TRUE`, []any{}
		switch s.Kind {
		case OnStep:
			query, args = `
				SELECT EXISTS (SELECT FROM case_steps s JOIN case_members m ON m.case_id = s.case_id
				WHERE  s.case_id = $1 AND s.case_id || '/' || s.step_id = $2 AND m.user_id = $3 AND m.removed_at IS NULL
				AND    (m.sees = 'whole' OR s.owner_role = m.function OR s.owner_id = m.user_id))`, []any{a.CaseID, s.ID, actor.ID}
		case OnPayment, OnGrant, OnDossier:
			query, args = `
				SELECT EXISTS (SELECT FROM case_members m WHERE m.case_id = $1 AND m.user_id = $3 AND m.removed_at IS NULL
				AND    (m.sees = 'whole' OR m.function = ANY ($2)))`, []any{a.CaseID, functionsOf[s.Kind], actor.ID}
		}
		var may bool
		if err := q.QueryRow(ctx, query, args...).Scan(&may); err != nil {
			return err
		}
		if !may {
			return apperr.Missing(s.Kind)
		}
	}
	return nil
}
