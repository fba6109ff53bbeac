// Package evidencetest makes evidence for tests. It owns nothing.
package evidencetest

import (
	"testing"

	"gatehouse/internal/evidence"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
)

// MaxBytes is the longest file that the service of tests takes.
const MaxBytes = 1 << 20

// Service returns the service on d, with a store of its own in a folder that the test leaves behind empty.
func Service(t testing.TB, d *db.DB) *evidence.Service {
	t.Helper()
	store, err := blob.OpenDisk(t.TempDir())
	if err != nil {
		t.Fatalf("open a blob store: %v", err)
	}
	t.Cleanup(func() { store.Close() })
	return evidence.NewService(d, store, persontest.Service(t, d), MaxBytes)
}

// Note adds a text about the person, attached to the subjects, and returns its id.
func Note(t testing.TB, s *evidence.Service, actor authz.Actor, personID string, subjects ...evidence.Subject) evidence.ID {
	t.Helper()
	itemID, err := s.AddText(t.Context(), actor, evidence.Add{PersonID: personID, Kind: "note", Title: "What was seen", Subjects: subjects}, "The lamp stood on the left.")
	if err != nil {
		t.Fatalf("add evidence: %v", err)
	}
	return itemID
}
