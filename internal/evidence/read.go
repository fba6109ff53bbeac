package evidence

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// ByID returns an item without its content, or NotFound if the actor does not see it. An item of a case that is sealed to the
// actor is a SealedError.
func (s *Service) ByID(ctx context.Context, actor authz.Actor, itemID ID) (Item, error) {
	return unsealedByID(ctx, s.db.Pool(), actor, itemID)
}

func unsealedByID(ctx context.Context, q db.Querier, actor authz.Actor, itemID ID) (Item, error) {
	item, err := itemByID(ctx, q, actor, itemID)
	if err == nil {
		err = Sealed(ctx, q, actor, item.CaseID)
	}
	return item, err
}

// For lists the items attached to a subject that the actor sees, in the order they were attached.
func (s *Service) For(ctx context.Context, actor authz.Actor, subject Subject) ([]Item, error) {
	bySubject, err := s.ForMany(ctx, actor, subject.Kind, []string{subject.ID})
	return bySubject[subject.ID], err
}

// ForMany is For for several subjects of one kind at once, by their ids.
func (s *Service) ForMany(ctx context.Context, actor authz.Actor, kind string, subjectIDs []string) (map[string][]Item, error) {
	bySubject := map[string][]Item{}
	if len(subjectIDs) == 0 {
		return bySubject, nil
	}
	found, err := itemsOf(ctx, s.db.Pool(), actor, kind, subjectIDs)
	for _, l := range found {
		bySubject[l.SubjectID] = append(bySubject[l.SubjectID], l.Item)
	}
	return bySubject, err
}

// ForPerson lists the items about a person that the actor sees, newest first.
func (s *Service) ForPerson(ctx context.Context, actor authz.Actor, personID person.ID) ([]Item, error) {
	query, args := itemsWhere(actor, "e.person_id = ?", personID)
	rows, _ := s.db.Pool().Query(ctx, query, args...)
	return db.Many[Item](rows)
}

// QueueForPerson is ForPerson within the one round trip of a page: items is filled when the batch is closed.
func (s *Service) QueueForPerson(b *pgx.Batch, actor authz.Actor, personID person.ID, items *[]Item) {
	query, args := itemsWhere(actor, "e.person_id = ?", personID)
	queue(b, items, query, args)
}

// QueueForCase lists, within the round trip of a page, the items collected inside a case or attached to anything of it.
func (s *Service) QueueForCase(b *pgx.Batch, actor authz.Actor, caseID string, items *[]Item) {
	query, args := itemsWhere(actor, `(e.case_id = ? OR EXISTS (
		SELECT FROM evidence_links l WHERE l.evidence_id = e.id AND l.case_id = ?))`, caseID, caseID)
	queue(b, items, query, args)
}

func queue(b *pgx.Batch, items *[]Item, query string, args []any) {
	b.Queue(query, args...).Query(func(rows pgx.Rows) error {
		var err error
		*items, err = db.Many[Item](rows)
		return err
	})
}

// Look is all that is known of an item but what it holds.
type Look struct {
	Item     Item
	Subjects []Subject
	Custody  []Event
	// AsksWhy says that whoever opens the item has to give a reason.
	AsksWhy bool
}

// Look returns an item with what it is attached to and all touches of it; looking is one of them.
func (s *Service) Look(ctx context.Context, actor authz.Actor, itemID ID) (Look, error) {
	var l Look
	if err := s.looked(ctx, actor, itemID); err != nil {
		return l, err
	}
	err := s.db.Read(ctx, func(q db.Querier) error {
		var err error
		if l.Item, err = unsealedByID(ctx, q, actor, itemID); err != nil {
			return err
		}
		if l.Subjects, err = subjectsOf(ctx, q, actor, itemID); err != nil {
			return err
		}
		if l.Custody, err = eventsOf(ctx, q, actor, itemID); err != nil {
			return err
		}
		policy, err := policyOf(ctx, q)
		l.AsksWhy = policy.Asks(l.Item)
		return err
	})
	return l, err
}

// Custody lists all touches of an item, from its collecting on. Those that would give a case away are left out for
// whoever is not a member of it.
func (s *Service) Custody(ctx context.Context, actor authz.Actor, itemID ID) ([]Event, error) {
	if _, err := s.ByID(ctx, actor, itemID); err != nil {
		return nil, err
	}
	return eventsOf(ctx, s.db.Pool(), actor, itemID)
}

// Subjects lists what an item is attached to, as far as the actor may know.
func (s *Service) Subjects(ctx context.Context, actor authz.Actor, itemID ID) ([]Subject, error) {
	if _, err := s.ByID(ctx, actor, itemID); err != nil {
		return nil, err
	}
	return subjectsOf(ctx, s.db.Pool(), actor, itemID)
}
