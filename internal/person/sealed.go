package person

import (
	"context"
	"fmt"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// Blind returns the keyed hashes of one kind of value, by which equal ones are found without being readable.
func (s *Service) Blind(kind string) seal.Blind { return s.keys.Blind(kind) }

// Unreadable stands for a value whose key was destroyed with the person's data.
const Unreadable = "(erased)"

// Opener opens sealed values of one person, whose wrapped data key was read along with them. The key is unwrapped once, for the
// first value.
type Opener struct {
	people   *Service
	personID ID
	wrapped  []byte
	key      *seal.DataKey
}

// Opener returns the Opener of a person; a nil key is that of somebody who was erased.
func (s *Service) Opener(personID ID, wrapped []byte) *Opener {
	return &Opener{people: s, personID: personID, wrapped: wrapped}
}

// Open returns the value that was sealed for owner: Unreadable where the key is gone, and nothing for nil.
func (o *Opener) Open(sealed []byte, owner string) (string, error) {
	switch {
	case sealed == nil:
		return "", nil
	case o.wrapped == nil:
		return Unreadable, nil
	}
	if o.key == nil {
		key, err := o.people.Unwrap(o.wrapped, o.personID)
		if err != nil {
			return "", err
		}
		o.key = &key
	}
	return o.key.OpenValue(sealed, owner)
}

// OpenValue is a value that a row of a feature's table holds openly, from before such values were encrypted.
type OpenValue struct {
	// ID is the row's, PersonID says whose value it is.
	ID       string
	PersonID ID
	Value    string
	// Kind is what the table's owner has to know beside.
	Kind string
}

// openBatch is how many values are encrypted in one transaction.
const openBatch = 500

// SealOpen encrypts what a table still holds openly: next reads at most so many of the rows, put writes one of them under the
// person's key, which is nil for somebody who was erased. It ends when next finds none.
func (s *Service) SealOpen(ctx context.Context, table string, next func(q db.Querier, most int) ([]OpenValue, error),
	put func(tx *db.Tx, v OpenValue, key *seal.DataKey) error) error {
	for {
		found, err := next(s.db.Pool(), openBatch)
		if err != nil || len(found) == 0 {
			return err
		}
		err = s.db.Write(ctx, authz.System("keys"), func(tx *db.Tx) error {
			tx.Record(db.Entry{Action: "values.encrypted", SubjectKind: "installation", SubjectID: table, Detail: map[string]any{"rows": len(found)}})
			for _, v := range found {
				key, err := s.keyOrErased(ctx, tx, v.PersonID)
				if err == nil {
					err = put(tx, v, key)
				}
				if err != nil {
					return fmt.Errorf("encrypt %s %s: %w", table, v.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

func (s *Service) keyOrErased(ctx context.Context, q db.Querier, personID ID) (*seal.DataKey, error) {
	wrapped, err := wrappedKey(ctx, q, personID)
	if err != nil || wrapped == nil {
		return nil, err
	}
	key, err := s.Unwrap(wrapped, personID)
	return &key, err
}
