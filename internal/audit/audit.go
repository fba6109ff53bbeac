// Package audit reads the audit log: the tables audit_entries and audit_values, which internal/platform/db writes. It
// owns what proves it: audit_leaves, audit_hash_runs and audit_checkpoints (Sealer; the proof itself is in audit/proof).
//
// Who reads what (docs/audit.md says why):
//
//   - an auditor and a security lead read everything but what concerns cases they are no member of, and their own
//     record;
//   - an administrator reads what concerns users, tokens, sessions and the installation, and nothing about people;
//   - nobody else reads the log, except that a person's history is part of the person's page.
//
// An entry of a case is not there for anybody who does not see the whole case: not in a list, not by its address, not
// in a count.
package audit

import (
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/db"
)

// ID identifies an entry.
type ID string

// Entry is one line of the log with what may be shown of its values.
type Entry struct {
	ID          ID
	At          time.Time
	ActorKind   string
	ActorID     *string
	ActorLabel  string
	ActorName   string // of a user, as they are called now
	Action      string
	SubjectKind string
	SubjectID   string
	PersonID    *string
	PersonName  string
	CaseID      *string
	Detail      map[string]any
	Commitments map[string]string
	Values      []Value `db:"-"`
}

// Actor names who acted: the user's present name, or the label of a token or of the system.
func (e Entry) Actor() string {
	switch {
	case e.ActorName != "":
		return e.ActorName
	case e.ActorLabel != "":
		return strings.TrimPrefix(strings.TrimPrefix(e.ActorLabel, "system:"), "token:")
	case e.ActorKind == "system":
		return "Gatehouse"
	}
	return "A user who is no longer listed"
}

// Verb is the action in words: "scorecard submitted".
func (e Entry) Verb() string { return strings.NewReplacer(".", " ", "_", " ").Replace(e.Action) }

// Value is a field's old and new value beside an entry. The entry itself holds only the commitment to it.
type Value struct {
	Field      string
	Old, New   *string
	Salt       []byte
	Commitment string
	// Erased says that the value was erased and only its commitment is left.
	Erased bool
	// Sound says that salt and value lead to the commitment again.
	Sound bool
}

// values joins the stored values with the entry's commitments, by field: a commitment without a value was erased, a
// value that does not lead to its commitment was changed after it was written.
func values(commitments map[string]string, stored []Value) []Value {
	all := map[string]Value{}
	for field, commitment := range commitments {
		all[field] = Value{Field: field, Commitment: commitment, Erased: true}
	}
	for _, v := range stored {
		commitment, known := commitments[v.Field]
		v.Commitment = commitment
		v.Sound = known && Proves(commitment, v.Salt, db.Change{Field: v.Field, Old: v.Old, New: v.New})
		all[v.Field] = v
	}
	var list []Value
	for _, v := range all {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b Value) int {
		if (a.Field == "reason") != (b.Field == "reason") { // what was said about it comes last
			if a.Field == "reason" {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Field, b.Field)
	})
	return list
}

// Proves reports whether salt and values lead to the commitment, which is written in hexadecimal.
func Proves(commitment string, salt []byte, c db.Change) bool {
	want, err := hex.DecodeString(commitment)
	return err == nil && subtle.ConstantTimeCompare(want, db.Commitment(salt, c)) == 1
}

// Claim is what somebody says a commitment stands for: they hold a copy of the value, perhaps of an erased one.
type Claim struct {
	Field    string
	Salt     string // hexadecimal
	Old, New string
	// OldNone and NewNone say that there was or is no value, which differs from an empty one.
	OldNone, NewNone bool
}

// Check works the commitment of a claim out again and compares it with the entry's.
func (e Entry) Check(c Claim) (bool, error) {
	commitment, known := e.Commitments[c.Field]
	if !known {
		return false, apperr.Invalid("field", "This entry has no commitment to that field.")
	}
	salt, err := hex.DecodeString(strings.TrimSpace(c.Salt))
	if err != nil || len(salt) == 0 || len(salt) > 64 {
		return false, apperr.Invalid("salt", "Enter the salt as hexadecimal digits.")
	}
	change := db.Change{Field: c.Field}
	if !c.OldNone {
		change.Old = &c.Old
	}
	if !c.NewNone {
		change.New = &c.New
	}
	return Proves(commitment, salt, change), nil
}
