package person

import (
	"cmp"
	"context"
	"errors"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/seal"
)

// ErrTaken says that there is a person with the id that a new one was to have.
var ErrTaken = errors.New("there is a person with this id already")

// Service keeps the human records.
type Service struct {
	db   *db.DB
	keys *seal.Keyring
}

// NewService returns the service on d; keys wraps the people's data keys.
func NewService(d *db.DB, keys *seal.Keyring) *Service { return &Service{db: d, keys: keys} }

// Add stores a person and makes their data key. The caller records the audit entry: adding a person is always part
// of something larger. If there is a person with the given id already, it is ErrTaken.
func (s *Service) Add(ctx context.Context, tx *db.Tx, n New) (ID, error) {
	var p apperr.Problems
	n.Problems(&p)
	if err := p.Err(); err != nil {
		return "", err
	}
	personID := cmp.Or(n.ID, ID(id.New()))
	_, wrapped, err := s.keys.NewDataKey(string(personID))
	if err != nil {
		return "", err
	}
	if err := insertPerson(ctx, tx, personID, n); err != nil {
		return "", err
	}
	return personID, insertKey(ctx, tx, personID, wrapped)
}

// Edit replaces what was entered of a person. version is the one that the editor saw: if somebody else has edited
// meanwhile, it is a Conflict. The caller records the audit entry.
func (s *Service) Edit(ctx context.Context, tx *db.Tx, personID ID, version int, n New) error {
	var p apperr.Problems
	n.Problems(&p)
	if err := p.Err(); err != nil {
		return err
	}
	old, err := s.Lock(ctx, tx, personID)
	if err != nil {
		return err
	}
	if old.Version != version {
		return apperr.Conflict("%s was changed meanwhile. Look at the current values and try again.", old.Name)
	}
	return updatePerson(ctx, tx, personID, n)
}

// Lock reads a person for change and keeps others from changing them until the transaction ends. A person out of the
// actor's sight is NotFound; one whose data was erased is a Conflict, since nothing can be added to it. Whatever changes
// anything about a person locks them first.
func (s *Service) Lock(ctx context.Context, tx *db.Tx, personID ID) (Person, error) {
	p, err := personByID(ctx, tx, tx.Actor, personID, "FOR UPDATE OF p")
	if err == nil && p.ErasedAt != nil {
		err = WasErased()
	}
	return p, err
}

// WasErased is the Conflict that refuses whatever would add to a person whose data was erased, and the forms for it.
func WasErased() error {
	return apperr.Conflict("This person's data was erased. Nothing can be added to it.")
}

// SetPlace reports where the person stands in hiring; hiring calls it.
func (s *Service) SetPlace(ctx context.Context, tx *db.Tx, personID ID, place Place) error {
	return setPlace(ctx, tx, personID, place)
}

// SetStanding reports how the assessment came out; assessment calls it whenever an outcome was noted, also when band
// and score stay as they were: the count of missing checks follows from the outcomes too.
func (s *Service) SetStanding(ctx context.Context, tx *db.Tx, personID ID, standing Standing) error {
	return setStanding(ctx, tx, personID, standing)
}

// Erase takes the person out of all lists and destroys the key of their evidence, for good. What else is personal of them is
// emptied by package privacy, which calls this; it has locked the person and records the audit entry.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, personID ID) error {
	if err := markErased(ctx, tx, personID); err != nil {
		return err
	}
	return destroyKey(ctx, tx, personID)
}

// DataKey returns the key that the person's evidence and most sensitive values are encrypted under. Once the person is erased it is gone, which
// is a Conflict.
func (s *Service) DataKey(ctx context.Context, q db.Querier, personID ID) (seal.DataKey, error) {
	wrapped, err := wrappedKey(ctx, q, personID)
	if err != nil {
		return seal.DataKey{}, err
	}
	return s.Unwrap(wrapped, personID)
}

// Unwrap is DataKey for whoever has read the wrapped key along with other things.
func (s *Service) Unwrap(wrapped []byte, personID ID) (seal.DataKey, error) {
	if wrapped == nil {
		return seal.DataKey{}, apperr.Conflict("This person's data was erased. It cannot be read any more.")
	}
	return s.keys.Unwrap(wrapped, string(personID))
}

// Sealed is what lies wrapped in the table of data keys, for moving it under a newer key of the installation.
func (s *Service) Sealed() keystore.Table {
	return keystore.Table{Name: "person_keys", Key: "person_id", Column: "wrapped", Owner: "t.person_id::text", Reseal: s.keys.Rewrap}
}

// Visible adds the condition under which the actor sees the row of people known by alias in the query.
func (s *Service) Visible(actor authz.Actor, w *db.Where, alias string) { Visible(actor, w, alias) }
