package claim

import (
	"context"
	"slices"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Service keeps claims. Its writes are part of something larger and run in the caller's transaction; the caller has
// locked the person and records the audit entry.
type Service struct {
	db  *db.DB
	lib *catalogue.Library
}

// NewService returns the service on d.
func NewService(d *db.DB, lib *catalogue.Library) *Service { return &Service{db: d, lib: lib} }

// Add stores claims of a person.
func (s *Service) Add(ctx context.Context, tx *db.Tx, personID person.ID, claims []New) ([]Claim, error) {
	var p apperr.Problems
	Check(s.lib.Current(), &p, claims)
	if err := p.Err(); err != nil {
		return nil, err
	}
	added := make([]Claim, len(claims))
	for i, n := range claims {
		n = n.tidied()
		added[i] = Claim{ID: ID(id.New()), PersonID: personID, Kind: n.Kind, ClaimID: n.ClaimID, Value: n.Value,
			Detail: n.Detail, Source: n.Source, MadeAt: tx.Now, CreatedBy: tx.ActorID()}
	}
	return added, insertClaims(ctx, tx, added)
}

// Retire ends a claim: the person does not say so any more. It stays readable.
func (s *Service) Retire(ctx context.Context, tx *db.Tx, personID person.ID, claimID ID) error {
	return retireClaims(ctx, tx, personID, []ID{claimID})
}

// Replace makes the list what the person says now: it retires claims that are not in it and adds those that are
// new. Unchanged ones stay as they are, with their evidence.
func (s *Service) Replace(ctx context.Context, tx *db.Tx, personID person.ID, claims []New) (added, retired []Claim, err error) {
	current, err := claimsOf(ctx, tx, personID)
	if err != nil {
		return nil, nil, err
	}
	var fresh []New
	kept := map[ID]bool{}
	for _, n := range claims {
		n = n.tidied()
		at := slices.IndexFunc(current, func(c Claim) bool { return !kept[c.ID] && c.same(n) })
		if at < 0 {
			fresh = append(fresh, n)
			continue
		}
		kept[current[at].ID] = true
	}
	// The whole list is checked, so that messages stand at the rows of the form.
	var p apperr.Problems
	Check(s.lib.Current(), &p, claims)
	if err := p.Err(); err != nil {
		return nil, nil, err
	}
	var gone []ID
	for _, c := range current {
		if !kept[c.ID] {
			gone = append(gone, c.ID)
			retired = append(retired, c)
		}
	}
	if err := retireClaims(ctx, tx, personID, gone); err != nil {
		return nil, nil, err
	}
	added, err = s.Add(ctx, tx, personID, fresh)
	return added, retired, err
}

// ForPerson lists what the person says now, by kind and then in the order in which it was said. The caller has made
// sure that the actor sees the person.
func (s *Service) ForPerson(ctx context.Context, q db.Querier, personID person.ID) ([]Claim, error) {
	return claimsOf(ctx, q, personID)
}

// Match is somebody else who gave the same contact or profile.
type Match struct {
	PersonID person.ID
	Number   person.Number
	Name     string
	Kind     Kind
	Value    string
}

// Matches are the others who gave a contact or profile of the person. Two people may share one honestly: it is a
// hint to look, no more. Unseen counts people out of the actor's sight.
type Matches struct {
	Seen   []Match
	Unseen int
}

// Matching finds others who gave the same contacts or profiles as the person.
func (s *Service) Matching(ctx context.Context, actor authz.Actor, personID person.ID) (Matches, error) {
	return matching(ctx, s.db.Pool(), actor, personID)
}
