package incident

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// NewEntry is a value for a dossier field. A field for files takes an evidence item, any other a text.
type NewEntry struct {
	FieldID    string
	Value      string
	EvidenceID string
	// Source says where it is from: a system, a person, a claim.
	Source string
}

// AddEntry fills a field of the dossier, or adds to one that takes several values. A field that takes one value and
// has it must be emptied first.
func (s *Service) AddEntry(ctx context.Context, actor authz.Actor, caseID ID, n NewEntry) error {
	return s.workOn(ctx, actor, caseID, RegisterDossier, func(tx *db.Tx, c Case) error {
		field, known := s.lib.At(c.Edition).Field(n.FieldID)
		if !known {
			return apperr.Missing("field")
		}
		entries, err := s.entries(ctx, tx, c)
		if err != nil {
			return err
		}
		entered, err := s.entry(ctx, tx, c, field, n)
		if err != nil {
			return err
		}
		e, err := s.stored(ctx, tx, c, field, entered)
		if err != nil {
			return err
		}
		entered.MatchKey = e.MatchKey
		if err := room(field, entries, entered); err != nil {
			return err
		}
		if err := insertEntry(ctx, tx, caseID, e); err != nil {
			return err
		}
		if _, err := dropGap(ctx, tx, caseID, field.ID); err != nil {
			return err
		}
		if e.EvidenceID != nil {
			subject := evidence.Subject{Kind: "dossier", ID: within(c, field.ID)}
			if err := s.evidence.Attach(ctx, tx, []evidence.ID{evidence.ID(*e.EvidenceID)}, subject); err != nil {
				return err
			}
		}
		return tell(ctx, tx, c, event{Kind: "dossier.entry_added", Text: fmt.Sprintf("“%s” was added to the dossier.", field.Title),
			EvidenceID: e.EvidenceID, SubjectKind: "dossier", SubjectID: e.ID, Detail: map[string]any{"field": field.ID},
			Changes: []db.Change{db.Changed("value", "", e.logged())}})
	})
}

// entry checks what is to be added and brings it into the form that is kept.
func (s *Service) entry(ctx context.Context, q db.Querier, c Case, field *catalogue.Field, n NewEntry) (Entry, error) {
	e := Entry{ID: id.New(), FieldID: field.ID, Source: n.Source}
	if len(e.Source) > 500 {
		return e, apperr.Invalid("source", "Use at most 500 characters.")
	}
	if n.EvidenceID != "" {
		ok, err := evidenceOf(ctx, q, c, n.EvidenceID)
		if err != nil {
			return e, err
		}
		if !ok {
			return e, apperr.Invalid("evidence", "Choose among the evidence of this case.")
		}
		e.EvidenceID = &n.EvidenceID
	}
	if field.Type == typeFile && field.ID != "field-payments-made" && e.EvidenceID == nil {
		return e, apperr.Invalid("evidence", "Choose the file among the evidence, or add it there first.")
	}
	if e.EvidenceID != nil && n.Value == "" {
		return e, nil
	}
	var err error
	e.Value, err = tidyValue(s.lib.At(c.Edition), field, n.Value)
	return e, err
}

// room refuses a second value where one is asked for, and the same value twice.
func room(field *catalogue.Field, entries []Entry, e Entry) error {
	for _, other := range entries {
		if other.FieldID != field.ID {
			continue
		}
		if !field.Multiple {
			return apperr.Invalid("value", "This field takes one value. Remove the present one first.")
		}
		equal := other.Value == e.Value || e.MatchKey != "" && other.MatchKey == e.MatchKey
		if equal && same(other.EvidenceID, e.EvidenceID) {
			return apperr.Invalid("value", "This value is there already.")
		}
	}
	return nil
}

// RemoveEntry takes an entry out of the dossier; the audit log keeps that it was there.
func (s *Service) RemoveEntry(ctx context.Context, actor authz.Actor, caseID ID, entryID string) error {
	return s.workOn(ctx, actor, caseID, RegisterDossier, func(tx *db.Tx, c Case) error {
		e, err := lockEntry(ctx, tx, c, entryID)
		if err != nil {
			return err
		}
		if err := removeEntry(ctx, tx, entryID); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "dossier.entry_removed",
			Text:        fmt.Sprintf("An entry of “%s” was removed from the dossier.", s.fieldTitle(c, e.FieldID)),
			SubjectKind: "dossier", SubjectID: entryID, Detail: map[string]any{"field": e.FieldID},
			Changes: []db.Change{db.Changed("value", e.logged(), "")}})
	})
}

// ExplainGap says why a field stays empty. The exit no longer waits for it.
func (s *Service) ExplainGap(ctx context.Context, actor authz.Actor, caseID ID, fieldID, reason string) error {
	var p apperr.Problems
	reason = required(&p, "reason", reason, "Say why there is nothing to enter.")
	if err := p.Err(); err != nil {
		return err
	}
	return s.workOn(ctx, actor, caseID, RegisterDossier, func(tx *db.Tx, c Case) error {
		if _, known := s.lib.At(c.Edition).Field(fieldID); !known {
			return apperr.Missing("field")
		}
		entries, err := entriesOf(ctx, tx, c)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(entries, func(e storedEntry) bool { return e.FieldID == fieldID }) {
			return apperr.Conflict("“%s” is filled; there is no gap to explain.", s.fieldTitle(c, fieldID))
		}
		if err := putGap(ctx, tx, caseID, fieldID, reason); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "dossier.gap_explained",
			Text:        fmt.Sprintf("In the dossier, “%s” stays empty. %s", s.fieldTitle(c, fieldID), reason),
			SubjectKind: "dossier", SubjectID: fieldID, Detail: map[string]any{"field": fieldID}, Reason: reason})
	})
}

// ReopenGap takes an explanation back.
func (s *Service) ReopenGap(ctx context.Context, actor authz.Actor, caseID ID, fieldID string) error {
	return s.workOn(ctx, actor, caseID, RegisterDossier, func(tx *db.Tx, c Case) error {
		dropped, err := dropGap(ctx, tx, caseID, fieldID)
		if err != nil {
			return err
		}
		if !dropped {
			return apperr.Missing("gap")
		}
		return tell(ctx, tx, c, event{Kind: "dossier.gap_reopened",
			Text:        fmt.Sprintf("The explanation for “%s” in the dossier was taken back.", s.fieldTitle(c, fieldID)),
			SubjectKind: "dossier", SubjectID: fieldID, Detail: map[string]any{"field": fieldID}})
	})
}

func (s *Service) fieldTitle(c Case, fieldID string) string {
	if field, known := s.lib.At(c.Edition).Field(fieldID); known {
		return field.Title
	}
	return fieldID
}
