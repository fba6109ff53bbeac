package audit

import (
	"context"
	"strings"
	"time"

	"gatehouse/internal/dashboard"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// Service reads the log.
type Service struct{ db *db.DB }

// NewService returns the service.
func NewService(d *db.DB) *Service { return &Service{db: d} }

// PageSize is how many entries a page shows.
const PageSize = 50

// MaxExport is how many entries a file holds at most; longer spans are exported in parts.
const MaxExport = 50_000

// Filter narrows the log. Zero fields do not narrow.
type Filter struct {
	ActorID     string
	Action      string // the whole action, or its noun ("scorecard")
	SubjectKind string
	SubjectID   string
	PersonID    string
	// From and Before bound the time: from the first, before the second.
	From, Before time.Time
	Cursor       string
}

// ofTheSystem is the condition under which an administrator reads the entry e; the index audit_entries_system has it word
// for word.
const ofTheSystem = `e.subject_kind IN ('user', 'token', 'session', 'system', 'installation') AND e.person_id IS NULL AND e.case_id IS NULL`

// visible adds the condition under which the actor reads the entry e.
func visible(actor authz.Actor, w *db.Where) {
	switch {
	case actor.Kind == authz.KindSystem:
		return
	case actor.HasAny(authz.Auditor, authz.SecurityLead):
	case actor.Has(authz.Administrator):
		w.Add(ofTheSystem)
		return
	default:
		w.Add("false")
		return
	}
	if actor.PersonID != "" {
		w.Add("e.person_id IS DISTINCT FROM ?::uuid", actor.PersonID)
	}
	var member db.Where
	member.Args = w.Args
	dashboard.MemberOf(actor, &member, "e.case_id", dashboard.Whole)
	w.Args = member.Args
	w.Add("(e.case_id IS NULL OR " + strings.TrimPrefix(member.SQL(), "WHERE ") + ")")
	// What is part of a case names the case. An entry that fails to is kept from everybody rather than shown to all.
	w.Add("(e.case_id IS NOT NULL OR e.subject_kind <> ALL (?))", caseSubjects)
}

// caseSubjects are kinds of subject that exist inside a case only.
var caseSubjects = []string{"case", "step", "grant", "payment", "dossier"}

func (f Filter) narrow(w *db.Where) {
	for column, value := range map[string]string{"e.actor_id": f.ActorID, "e.person_id": f.PersonID,
		"e.subject_kind": f.SubjectKind, "e.subject_id": f.SubjectID} {
		if value != "" {
			w.Add(column+" = ?", value)
		}
	}
	if f.Action != "" {
		w.Add("(e.action = ? OR starts_with(e.action, ?))", f.Action, f.Action+".")
	}
	if !f.From.IsZero() {
		w.Add("e.at >= ?", f.From)
	}
	if !f.Before.IsZero() {
		w.Add("e.at < ?", f.Before)
	}
}

// List returns a page of the entries that the actor may read, the newest first, each with its values.
func (s *Service) List(ctx context.Context, actor authz.Actor, f Filter) (page.Slice[Entry], error) {
	return s.list(ctx, actor, f, PageSize)
}

func (s *Service) list(ctx context.Context, actor authz.Actor, f Filter, size int) (page.Slice[Entry], error) {
	var slice page.Slice[Entry]
	err := s.db.Read(ctx, func(q db.Querier) error {
		found, err := entries(ctx, q, actor, f, size+1)
		if err != nil {
			return err
		}
		slice = page.Cut(found, size, func(e Entry) page.Cursor[time.Time] {
			return page.Cursor[time.Time]{Key: e.At, ID: string(e.ID)}
		})
		return addValues(ctx, q, slice.Items)
	})
	return slice, err
}

// ForPerson lists what concerns one person, first to last or newest first as List does; see Filter.PersonID.
func (s *Service) ForPerson(ctx context.Context, actor authz.Actor, personID, cursor string) (page.Slice[Entry], error) {
	return s.List(ctx, actor, Filter{PersonID: personID, Cursor: cursor})
}

// ByID returns one entry with its values, or NotFound if the actor may not read it.
func (s *Service) ByID(ctx context.Context, actor authz.Actor, id ID) (Entry, error) {
	var e Entry
	err := s.db.Read(ctx, func(q db.Querier) error {
		var err error
		if e, err = entryByID(ctx, q, actor, id); err != nil {
			return err
		}
		one := []Entry{e}
		err = addValues(ctx, q, one)
		e = one[0]
		return err
	})
	return e, err
}

// Export calls each for the entries of the filter, the newest first, up to MaxExport of them. It reads page by page,
// so that a long export holds neither memory nor a snapshot.
func (s *Service) Export(ctx context.Context, actor authz.Actor, f Filter, each func(Entry) error) error {
	const size = 500
	for n := 0; n < MaxExport; n += size {
		slice, err := s.list(ctx, actor, f, size)
		if err != nil {
			return err
		}
		for _, e := range slice.Items {
			if err := each(e); err != nil {
				return err
			}
		}
		if slice.Next == "" {
			return nil
		}
		f.Cursor = slice.Next
	}
	return nil
}
