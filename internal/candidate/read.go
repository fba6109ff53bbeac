package candidate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
	"gatehouse/internal/platform/recall"
)

// Service reads candidates' pages.
type Service struct {
	db       *db.DB
	lib      *catalogue.Library
	users    *account.Service
	claims   *claim.Service
	assess   *assessment.Service
	evidence *evidence.Service
	jobs     *recall.Memory[[]JobOption]
}

// NewService returns a Service over the database and the catalogue; users names who did what, claims opens what is encrypted, assess says how somebody
// stands of whom nothing was reported yet, ev what was collected.
func NewService(d *db.DB, lib *catalogue.Library, users *account.Service, claims *claim.Service, assess *assessment.Service,
	ev *evidence.Service) *Service {
	return &Service{db: d, lib: lib, users: users, claims: claims, assess: assess, evidence: ev, jobs: recall.For[[]JobOption](jobsFresh)}
}

// Ask says which part of the page is wanted.
type Ask struct {
	Tab Tab
	// Before is the cursor of the history; only for TabHistory.
	Before string
}

// HistorySize is how many entries a page of the history shows.
const HistorySize = 40

// CheckSheets compares kept sheets, at most so many, with the rows they are made of, and returns an error that names those
// which differ.
func (s *Service) CheckSheets(ctx context.Context, most int) error {
	return sheets.Check(ctx, s.db, most)
}

// View reads a candidate's page, or NotFound if the actor does not see the person.
func (s *Service) View(ctx context.Context, actor authz.Actor, personID person.ID, ask Ask) (View, error) {
	v := View{Tab: ask.Tab}
	var head headRow
	var batch pgx.Batch
	headText, headArgs := headSQL(actor, personID, ask.Tab)
	batch.Queue(headText, headArgs...).Query(func(rows pgx.Rows) (err error) {
		head, err = db.One[headRow](rows, "candidate")
		return err
	})
	switch ask.Tab {
	case TabInterviews:
		into(&batch, &v.Interviews, interviewsSQL, personID, nullable(actor))
	case TabEvidence:
		s.evidence.QueueForPerson(&batch, actor, personID, &v.Items)
	case TabHistory:
		into(&batch, &v.History, historySQL, personID, cursorID(ask.Before), HistorySize+1)
	}
	if err := s.db.Pool().SendBatch(ctx, &batch).Close(); err != nil {
		return View{}, err
	}
	doc, err := sheets.Or(ctx, s.db, string(personID), head.Sheet)
	if err != nil {
		return View{}, err
	}
	links, err := s.linksFor(ctx, actor, doc.Links)
	if err != nil {
		return View{}, err
	}
	v.Head, v.Flags, v.Standing = head.Head, doc.Flags, incident.Standing{Cases: head.Cases, Proposed: head.Proposed}
	v.Head.apply(doc)
	if err := s.name(ctx, &v, doc.Seen); err != nil {
		return View{}, err
	}
	v.Claims = len(doc.Claims)
	var said []claim.Claim
	if ask.Tab == TabClaims {
		if said, err = s.claims.Open(personID, head.Wrapped, doc.Claims); err != nil {
			return View{}, err
		}
	}
	v.fill(s, actor, doc.Stored, doc.Seen, said, links)
	return v, nil
}

// headRow is what headSQL reads.
type headRow struct {
	Head
	Cases    []incident.Known
	Proposed bool
	Sheet    *sheetDoc
	Wrapped  []byte
}

// apply fills in what the sheet says of the application that the person stands in.
func (h *Head) apply(doc *sheetDoc) {
	h.InterviewCount = doc.Interviews
	if h.ApplicationID == nil {
		return
	}
	a := doc.Applications[*h.ApplicationID]
	h.LevelID, h.Edition, h.ApplicationStatus, h.ApplicationVersion = a.LevelID, a.Edition, a.Status, a.Version
	h.EndedReason, h.EndedAt, h.Overrides = a.EndedReason, a.EndedAt, a.Overrides
}

// linksFor leaves out what lies in cases that the actor is no member of. Few people have a case, so most ask nothing.
func (s *Service) linksFor(ctx context.Context, actor authz.Actor, links []Link) ([]Link, error) {
	var cases []string
	for _, l := range links {
		if l.CaseID != nil && !slices.Contains(cases, *l.CaseID) {
			cases = append(cases, *l.CaseID)
		}
	}
	if len(cases) == 0 {
		return links, nil
	}
	rows, _ := s.db.Pool().Query(ctx, membershipsSQL, nullable(actor), cases)
	own, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return slices.DeleteFunc(links, func(l Link) bool { return l.CaseID != nil && !slices.Contains(own, *l.CaseID) }), err
}

// name fills in who did what.
func (s *Service) name(ctx context.Context, v *View, seen []Seen) error {
	var by naming
	by.add(v.Head.ManagerID, &v.Head.ManagerName)
	for i := range v.Head.Overrides {
		by.add(v.Head.Overrides[i].ByID, &v.Head.Overrides[i].By)
	}
	for i := range v.Flags {
		by.flag(&v.Flags[i])
	}
	for i := range seen {
		by.add(seen[i].NotedByID, &seen[i].NotedBy)
	}
	return by.fill(ctx, s.users)
}

// fill works out what the rows say together.
func (v *View) fill(s *Service, actor authz.Actor, stored *assessment.Stored, seen []Seen, said []claim.Claim, links []Link) {
	if v.Assessed = stored != nil; v.Assessed {
		v.Assessment = *stored
	} else {
		v.Assessment = s.assess.Blank(v.Head.LevelID, v.Head.StageID)
	}
	v.Missing = unanswered(v.Head.Awaited, seen)
	v.Blocking = blocking(v.Flags, v.Head.Overrides)
	v.Evidence = countItems(links)
	join(seen, v.Flags, links)
	seen = v.withhold(actor, seen)
	if v.Tab == TabClaims {
		v.Lines, v.Other = lines(s.Edition(v.Head), v.Assessment.Claims, said, seen)
	}
	if len(v.History) > HistorySize {
		v.History = v.History[:HistorySize]
		v.Older = page.Cursor[time.Time]{Key: v.History[HistorySize-1].At, ID: v.History[HistorySize-1].ID}.String()
	}
	if v.Withheld {
		v.History = slices.DeleteFunc(v.History, func(e Event) bool {
			return strings.HasPrefix(e.Action, "flag.") || strings.HasPrefix(e.Action, "assessment.")
		})
	}
}

// Edition is the edition that the candidate's application began with, or the current one.
func (s *Service) Edition(h Head) *catalogue.Edition {
	if h.Edition == "" {
		return s.lib.Current()
	}
	return s.lib.At(h.Edition)
}

func countItems(links []Link) int {
	items := map[evidence.ID]bool{}
	for _, l := range links {
		items[l.EvidenceID] = true
	}
	return len(items)
}

// cursorID is the id in a cursor of the history; anything else means its beginning.
func cursorID(cursor string) *string {
	c, err := page.Parse[time.Time](cursor)
	if err != nil {
		return nil
	}
	return &c.ID
}

// into queues a query whose rows are collected by column name.
func into[T any](b *pgx.Batch, list *[]T, sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = db.Many[T](rows)
		return err
	})
}
