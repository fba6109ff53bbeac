package flag

import (
	"context"
	"time"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// ByID finds a flag. Whether the actor may see its person is for the caller to ask.
func (s *Service) ByID(ctx context.Context, q db.Querier, id ID) (Flag, error) {
	return byID(ctx, q, id)
}

// ForPersonSQL reads a person's flags, withdrawn ones included, newest first; for pages that read everything they
// need in one batch. Its argument is the person's id; its rows collect into Flag.
const ForPersonSQL = `
		SELECT ` + columns + `
		FROM   flags
		WHERE  person_id = $1
		ORDER  BY raised_at DESC, id DESC`

// ForPerson lists a person's flags, withdrawn ones included, newest first.
func (s *Service) ForPerson(ctx context.Context, q db.Querier, personID person.ID) ([]Flag, error) {
	rows, _ := q.Query(ctx, ForPersonSQL, personID)
	return db.Many[Flag](rows)
}

// Waiter is an open flag with the person it is about.
type Waiter struct {
	Flag
	PersonName   string
	PersonNumber int64
}

// waitingSize is how many waiting flags a page shows.
const waitingSize = 50

// Waiting lists the flags that wait for a disposition and that the actor may see, the longest waiting first.
func (s *Service) Waiting(ctx context.Context, actor authz.Actor, cursor string) (page.Slice[Waiter], error) {
	var w db.Where
	w.Add("f.state = 'open' AND f.answer <> 'concern' AND f.withdrawn_at IS NULL AND NOT f.rests")
	person.Visible(actor, &w, "p")
	if at, err := page.Parse[time.Time](cursor); err == nil { // anything else means the start
		w.Add("(f.raised_at, f.id) > (?, ?)", at.Key, at.ID)
	}
	limit := w.Number("LIMIT ?", waitingSize+1)
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT f.id, f.person_id, f.item_id, f.answer, f.strength, f.group_id, f.origin_kind, f.origin_id, f.summary,
		       f.state, f.raised_at, f.raised_by, f.disposed_at, f.disposed_by, f.reason, f.seconded_at, f.seconded_by,
		       f.withdrawn_at, f.rests, f.version, p.name AS person_name, p.number AS person_number
		FROM   flags f
		JOIN   people p ON p.id = f.person_id
		`+w.SQL()+`
		ORDER  BY f.raised_at, f.id
		`+limit, w.Args...)
	found, err := db.Many[Waiter](rows)
	if err != nil {
		return page.Slice[Waiter]{}, err
	}
	return page.Cut(found, waitingSize, func(f Waiter) page.Cursor[time.Time] {
		return page.Cursor[time.Time]{Key: f.RaisedAt, ID: string(f.ID)}
	}), nil
}
