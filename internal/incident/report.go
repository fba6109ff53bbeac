package incident

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// Report is everything of a case, from the first signal to the last line.
type Report struct {
	View
	// Timeline runs forwards.
	Timeline []Event
	Findings []Finding
	Grants   []inventory.Grant
	Ledger   []payment.Payment
	Totals   []payment.Total
	Dossier  []FieldView
	Remarks  []Note
	// Register lists the evidence, the oldest first; Places numbers its items from 1.
	Register []Exhibit
	Places   map[string]int
	// OfSteps are the evidence ids attached to each step.
	OfSteps map[string][]string
	Related []Related
	// FirstSeen is when the person was entered.
	FirstSeen time.Time
	Printed   time.Time
}

// Finding is a flag of the subject with the evidence for it.
type Finding struct {
	flag.Flag
	Title string
	// LedHere marks the flags on which the case was opened.
	LedHere  bool
	Evidence []string
}

// Exhibit is an item of the evidence register.
type Exhibit struct {
	evidence.Item
	Number int
	Hash   string
	// Touches counts the custody events.
	Touches int
}

// Relation says why somebody is listed for a look beside the subject.
type Relation string

// The relations.
const (
	ReferredSubject  Relation = "referred the subject"
	ReferredBySame   Relation = "referred by the same person"
	ReferredByThem   Relation = "referred by the subject"
	ReferrerNameSame Relation = "names the same referrer"
	NamesSubject     Relation = "names the subject as referrer"
)

// Related is somebody to look at because of who referred whom. It is no finding about them.
type Related struct {
	PersonID person.ID
	Number   person.Number
	Name     string
	Status   person.Status
	Relation Relation
}

// reportEvents bounds the timeline of a report.
const reportEvents = 5000

// Report reads a whole case for printing. Reading it is recorded: a report is how a case leaves the room.
func (s *Service) Report(ctx context.Context, actor authz.Actor, caseID ID) (Report, error) {
	v, err := s.whole(ctx, actor, caseID)
	if err != nil {
		return Report{}, err
	}
	err = s.db.Write(ctx, actor, func(tx *db.Tx) error {
		record(tx, v.Case, event{Kind: "case.report_read"})
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	r := Report{View: v, Printed: s.db.Now()}
	items, err := s.itemsOf(ctx, actor, v.Case)
	if err != nil {
		return Report{}, err
	}
	err = s.db.Read(ctx, func(q db.Querier) error { return s.fill(ctx, q, &r, items) })
	return r, err
}

// fill reads the parts on one snapshot.
func (s *Service) fill(ctx context.Context, q db.Querier, r *Report, items []evidence.Item) error {
	c := r.Case
	var err error
	if err = q.QueryRow(ctx, `SELECT created_at FROM people WHERE id = $1`, c.PersonID).Scan(&r.FirstSeen); err != nil {
		return err
	}
	if r.Register, err = exhibits(ctx, q, items); err != nil {
		return err
	}
	r.Places = make(map[string]int, len(r.Register))
	for _, x := range r.Register {
		r.Places[string(x.ID)] = x.Number
	}
	if r.Timeline, err = s.wholeTimeline(ctx, q, c); err != nil {
		return err
	}
	if r.Grants, err = s.grants.List(ctx, q, string(c.ID)); err != nil {
		return err
	}
	if r.Ledger, err = s.payments.List(ctx, q, string(c.ID)); err != nil {
		return err
	}
	if r.Totals, err = s.payments.Totals(ctx, q, string(c.ID)); err != nil {
		return err
	}
	if r.Dossier, err = s.fields(ctx, q, r.View); err != nil {
		return err
	}
	if r.Remarks, err = notesOf(ctx, q, c.ID, ""); err != nil {
		return err
	}
	for i := range r.Remarks {
		r.Remarks[i].Writer = nameOf(r.Names, r.Remarks[i].WrittenBy)
	}
	if r.OfSteps, err = stepEvidence(ctx, q, c); err != nil {
		return err
	}
	if r.Findings, err = s.findings(ctx, q, c); err != nil {
		return err
	}
	r.Related, err = relatedOf(ctx, q, c)
	return err
}

func (s *Service) wholeTimeline(ctx context.Context, q db.Querier, c Case) ([]Event, error) {
	start := page.Cursor[time.Time]{Key: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: lastID}
	rows, err := historyOf(ctx, q, c, start, reportEvents)
	events := s.events(c, rows)
	slices.Reverse(events)
	causesFirst(events, false)
	return events, err
}

// findings are the subject's flags, the ones the case was opened on first.
func (s *Service) findings(ctx context.Context, q db.Querier, c Case) ([]Finding, error) {
	flags, err := s.flags.ForPerson(ctx, q, person.ID(c.PersonID))
	if err != nil {
		return nil, err
	}
	shown, err := flagEvidence(ctx, q, c.PersonID)
	if err != nil {
		return nil, err
	}
	led := map[string]bool{}
	for _, flagID := range c.FlagIDs {
		led[flagID] = true
	}
	ed := s.lib.At(c.Edition)
	var first, rest []Finding
	for _, f := range flags {
		finding := Finding{Flag: f, Title: f.ItemID, LedHere: led[string(f.ID)], Evidence: shown[string(f.ID)]}
		if item, known := ed.Item(f.ItemID); known {
			finding.Title = item.Title
		}
		if finding.LedHere {
			first = append(first, finding)
			continue
		}
		rest = append(rest, finding)
	}
	return append(first, rest...), nil
}

// Prepare reads what the form for an escalation shows: the person, and their flags that still count.
func (s *Service) Prepare(ctx context.Context, actor authz.Actor, personID person.ID) (person.Person, []Finding, error) {
	p, err := s.people.ByID(ctx, actor, personID)
	if err != nil {
		return p, nil, err
	}
	all, err := s.findings(ctx, s.db.Pool(), Case{PersonID: string(personID), Edition: s.lib.Current().Version()})
	counting := slices.DeleteFunc(all, func(f Finding) bool { return f.WithdrawnAt != nil || f.State == flag.Explained })
	return p, counting, err
}

func exhibits(ctx context.Context, q db.Querier, items []evidence.Item) ([]Exhibit, error) {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = string(item.ID)
	}
	touches, err := touchesOf(ctx, q, ids)
	register := make([]Exhibit, len(items))
	for i, item := range items {
		place := len(items) - 1 - i // they come newest first
		register[place] = Exhibit{Item: item, Number: place + 1, Hash: hex.EncodeToString(item.SHA256), Touches: touches[string(item.ID)]}
	}
	return register, err
}
