package claim

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/seal"
)

// Service keeps claims. Its writes are part of something larger and run in the caller's transaction; the caller has
// locked the person and records the audit entry.
type Service struct {
	db       *db.DB
	lib      *catalogue.Library
	people   *person.Service
	accounts Accounts
}

// NewService returns the service on d; people has the keys of what is encrypted.
func NewService(d *db.DB, lib *catalogue.Library, people *person.Service) *Service {
	return &Service{db: d, lib: lib, people: people, accounts: NewAccounts(people)}
}

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
	rows, err := s.seal(ctx, tx, personID, added)
	if err != nil {
		return nil, err
	}
	return added, insertClaims(ctx, tx, rows)
}

// seal makes the rows of claims, and notes in the claims what of them lies encrypted.
func (s *Service) seal(ctx context.Context, q db.Querier, personID person.ID, claims []Claim) ([]row, error) {
	rows := make([]row, len(claims))
	var key *seal.DataKey
	for i, c := range claims {
		rows[i].Claim, rows[i].key = c, New{Kind: c.Kind, Value: c.Value, Detail: c.Detail}.MatchKey()
		if c.Kind != Payment {
			continue
		}
		if key == nil {
			k, err := s.people.DataKey(ctx, q, personID)
			if err != nil {
				return nil, err
			}
			key = &k
		}
		var err error
		if rows[i].Sealed, rows[i].key, err = s.sealValue(*key, c.ID, c.Value); err != nil {
			return nil, err
		}
		claims[i].sealed, rows[i].Value = rows[i].Sealed, ""
	}
	return rows, nil
}

// sealValue encrypts the value of a payment and makes its match key.
func (s *Service) sealValue(key seal.DataKey, claimID ID, value string) (sealed []byte, match string, err error) {
	sealed, err = key.SealValue(value, claimID.Owner())
	return sealed, s.accounts.Key(value), err
}

// SealOpen encrypts payments that were said before such claims were, and erases what the audit log kept of them.
func (s *Service) SealOpen(ctx context.Context) error {
	put := func(tx *db.Tx, v person.OpenValue, key *seal.DataKey) (err error) {
		var sealed []byte
		var match string
		if key != nil {
			if sealed, match, err = s.sealValue(*key, ID(v.ID), v.Value); err != nil {
				return err
			}
		}
		return setSealed(ctx, tx, v, sealed, match)
	}
	next := func(q db.Querier, most int) ([]person.OpenValue, error) { return openPayments(ctx, q, most) }
	if err := s.people.SealOpen(ctx, "claims", next, put); err != nil {
		return err
	}
	return s.db.EraseValues(ctx, authz.System("keys"), "claims", `v.field LIKE 'claim payment %' AND coalesce(v.old, v.new) NOT LIKE 'encrypted:%'`)
}

// Open returns claims with their values, given the person's wrapped data key as it was read along with them.
func (s *Service) Open(personID person.ID, wrapped []byte, stored []Stored) ([]Claim, error) {
	opener := s.people.Opener(personID, wrapped)
	claims := make([]Claim, len(stored))
	for i, c := range stored {
		claims[i] = c.Claim
		if c.Sealed == nil {
			continue
		}
		var err error
		if claims[i].Value, err = opener.Open(c.Sealed, c.ID.Owner()); err != nil {
			return nil, fmt.Errorf("claim %s: %w", c.ID, err)
		}
		claims[i].sealed = c.Sealed
	}
	return claims, nil
}

// Retire ends a claim: the person does not say so any more. It stays readable.
func (s *Service) Retire(ctx context.Context, tx *db.Tx, personID person.ID, claimID ID) error {
	return retireClaims(ctx, tx, personID, []ID{claimID})
}

// Replace makes the list what the person says now: it retires claims that are not in it and adds those that are
// new. Unchanged ones stay as they are, with their evidence.
func (s *Service) Replace(ctx context.Context, tx *db.Tx, personID person.ID, claims []New) (added, retired []Claim, err error) {
	current, err := s.ForPerson(ctx, tx, personID)
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
	stored, wrapped, err := claimsOf(ctx, q, personID)
	if err != nil {
		return nil, err
	}
	return s.Open(personID, wrapped, stored)
}

// Match is somebody else who gave the same contact, profile, bank account or wallet.
type Match struct {
	PersonID person.ID
	Number   person.Number
	Name     string
	Kind     Kind
	// Value is as the other one wrote it; empty where that lies encrypted.
	Value string
}

// Matches are the others who gave a contact, profile or account of the person. Two people may share one honestly: it is a
// hint to look, no more. Unseen counts people out of the actor's sight.
type Matches struct {
	Seen   []Match
	Unseen int
}

// Matching finds others who gave the same contacts, profiles or accounts as the person.
func (s *Service) Matching(ctx context.Context, actor authz.Actor, personID person.ID) (Matches, error) {
	return matching(ctx, s.db.Pool(), actor, personID)
}
