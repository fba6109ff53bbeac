// Package persontest makes people for tests. It owns nothing.
package persontest

import (
	"bytes"
	"testing"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
)

// Option changes how New makes a person.
type Option func(*options)

type options struct {
	new   person.New
	place *person.Place
}

// Named gives the person a name.
func Named(name string) Option { return func(o *options) { o.new.Name = name } }

// Entered replaces all that is entered of the person.
func Entered(n person.New) Option { return func(o *options) { o.new = n } }

// At puts the person somewhere in hiring, as hiring would report it.
func At(place person.Place) Option { return func(o *options) { o.place = &place } }

// ManagedBy makes the user the hiring manager of the person's job, at the given stage.
func ManagedBy(userID, stageID string) Option {
	return At(person.Place{Status: person.Candidate, ManagerID: &userID, StageID: stageID, JobTitle: "Engineer"})
}

// Keyring is the installation's key of all tests: what one service has wrapped, another can unwrap.
func Keyring(t testing.TB) *seal.Keyring {
	t.Helper()
	ring, err := seal.NewKeyring(bytes.Repeat([]byte("test key"), 4))
	if err != nil {
		t.Fatalf("make a keyring: %v", err)
	}
	return ring
}

// Service returns the service on d with the tests' keyring.
func Service(t testing.TB, d *db.DB) *person.Service {
	t.Helper()
	return person.NewService(d, Keyring(t))
}

// New stores a person and returns them.
func New(t testing.TB, d *db.DB, with ...Option) person.Person {
	t.Helper()
	o := options{new: person.New{Name: "Robin Vale", Location: "Lisbon", TimeZone: "Europe/Lisbon", ChannelID: "channel-public-application"}}
	for _, option := range with {
		option(&o)
	}
	people := Service(t, d)
	var personID person.ID
	err := d.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		if personID, err = people.Add(t.Context(), tx, o.new); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: string(personID), PersonID: string(personID)})
		if o.place != nil {
			return people.SetPlace(t.Context(), tx, personID, *o.place)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("add a person: %v", err)
	}
	p, err := people.ByID(t.Context(), authz.System("test"), personID)
	if err != nil {
		t.Fatalf("read the person: %v", err)
	}
	return p
}
