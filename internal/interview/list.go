package interview

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// When narrows a list by time.
type When string

// The times to list: any, not yet over (the soonest first), over (the latest first).
const (
	AnyTime  When = ""
	Upcoming When = "upcoming"
	Past     When = "past"
)

// Filter narrows the list of interviews.
type Filter struct {
	Status Status // empty for all
	When   When
	Text   string // part of the candidate's name
	Cursor string
}

// pageSize is how many interviews a list shows at once, mineMost how many one's own lists do at most.
const (
	pageSize = 50
	mineMost = 100
)

// listedQuery selects interviews as lists show them. The subqueries run for the rows of one page only.
func listedQuery(actor authz.Actor, w *db.Where, order string) string {
	cols := w.Number(`SELECT i.id, i.person_id, p.name AS person_name, j.title AS job_title, i.stage_id, i.edition,
		i.starts_at, i.minutes, i.place, i.status, cardinality(i.kit) AS questions,
		ARRAY (SELECT u.name FROM interviewers v JOIN users u ON u.id = v.user_id
		       WHERE v.interview_id = i.id ORDER BY lower(u.name), u.id) AS holders,
		(SELECT count(*) FROM interviewers v WHERE v.interview_id = i.id AND v.submitted_at IS NOT NULL) AS submitted,
		EXISTS (SELECT FROM interviewers v WHERE v.interview_id = i.id AND v.user_id = ?) AS own,
		EXISTS (SELECT FROM interviewers v WHERE v.interview_id = i.id AND v.user_id = ? AND v.submitted_at IS NOT NULL) AS own_in,
		(SELECT count(*) FROM answers a WHERE a.interview_id = i.id AND a.user_id = ? AND a.verdict <> '') AS answered`,
		me(actor), me(actor), me(actor))
	return cols + interviewTables + w.SQL() + order
}

// collectListed reads the rows of listedQuery and names their stages.
func (s *Service) collectListed(rows pgx.Rows) ([]Listed, error) {
	list, err := db.Many[Listed](rows)
	for i, l := range list {
		if stage, ok := s.catalogue.At(l.Edition).Stage(l.StageID); ok {
			list[i].Stage = stage.Title
		}
	}
	return list, err
}

// List returns a page of the interviews that the actor sees. A cursor of another list means the first page.
func (s *Service) List(ctx context.Context, actor authz.Actor, f Filter) (page.Slice[Listed], error) {
	var w db.Where
	visible(actor, &w)
	if f.Status != "" {
		w.Add("i.status = ?", f.Status)
	}
	if text := strings.ToLower(strings.TrimSpace(f.Text)); text != "" {
		w.Add("lower(p.name) LIKE ?", "%"+likeEscape.Replace(text)+"%")
	}
	after, direction := "<", "DESC"
	switch f.When {
	case Upcoming:
		w.Add(ended+" > ?", s.db.Now())
		after, direction = ">", "ASC"
	case Past:
		w.Add(ended+" <= ?", s.db.Now())
	}
	if cursor, err := page.Parse[time.Time](f.Cursor); err == nil {
		w.Add("(i.starts_at, i.id) "+after+" (?, ?)", cursor.Key, cursor.ID)
	}
	order := w.Number(" ORDER BY i.starts_at "+direction+", i.id "+direction+" LIMIT ?", pageSize+1)
	rows, _ := s.db.Pool().Query(ctx, listedQuery(actor, &w, order), w.Args...)
	list, err := s.collectListed(rows)
	if err != nil {
		return page.Slice[Listed]{}, fmt.Errorf("list interviews: %w", err)
	}
	return page.Cut(list, pageSize, func(l Listed) page.Cursor[time.Time] {
		return page.Cursor[time.Time]{Key: l.StartsAt, ID: string(l.ID)}
	}), nil
}

// likeEscape takes the meaning from the wildcards of LIKE.
var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Mine is what waits for one interviewer.
type Mine struct {
	// Upcoming are those not over yet, the soonest first; Owed those over whose scorecard is not in, the oldest first.
	Upcoming, Owed []Listed
}

// Mine lists the actor's own interviews that still want something of them.
func (s *Service) Mine(ctx context.Context, actor authz.Actor) (Mine, error) {
	var m Mine
	var w db.Where
	w.Add("i.status = 'scheduled'")
	w.Add("EXISTS (SELECT FROM interviewers v WHERE v.interview_id = i.id AND v.user_id = ? AND v.submitted_at IS NULL)", me(actor))
	order := w.Number(" ORDER BY i.starts_at, i.id LIMIT ?", mineMost)
	rows, _ := s.db.Pool().Query(ctx, listedQuery(actor, &w, order), w.Args...)
	list, err := s.collectListed(rows)
	if err != nil {
		return m, fmt.Errorf("list own interviews: %w", err)
	}
	for _, l := range list {
		if l.EndsAt().After(s.db.Now()) {
			m.Upcoming = append(m.Upcoming, l)
		} else {
			m.Owed = append(m.Owed, l)
		}
	}
	return m, nil
}

// Held is an interview with the newest scorecards that the viewer may read.
type Held struct {
	Listed
	Cards []Scorecard
}

// ForPerson lists a person's interviews that the actor sees, the latest first.
func (s *Service) ForPerson(ctx context.Context, actor authz.Actor, about person.ID) ([]Held, error) {
	var w db.Where
	w.Add("i.person_id = ?", about)
	visible(actor, &w)
	order := w.Number(" ORDER BY i.starts_at DESC, i.id DESC LIMIT ?", mineMost)
	b := &pgx.Batch{}
	b.Queue(listedQuery(actor, &w, order), w.Args...)
	queueCards(b, actor, "c.interview_id IN (SELECT i.id FROM interviews i WHERE i.person_id = @scope)", about)
	results := s.db.Pool().SendBatch(ctx, b)
	rows, _ := results.Query()
	list, err := s.collectListed(rows)
	var cards []Scorecard
	if err == nil {
		cards, err = collectCards(results)
	}
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("list interviews of a person: %w", err)
	}
	return joinCards(list, cards), nil
}

// joinCards gives each interview its newest cards; cards of interviews out of sight fall away.
func joinCards(list []Listed, cards []Scorecard) []Held {
	byInterview := map[ID][]Scorecard{}
	for _, c := range cards {
		byInterview[c.InterviewID] = append(byInterview[c.InterviewID], c)
	}
	held := make([]Held, len(list))
	for i, l := range list {
		held[i] = Held{Listed: l, Cards: Latest(byInterview[l.ID])}
	}
	return held
}
