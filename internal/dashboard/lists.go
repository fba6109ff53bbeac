package dashboard

import (
	"context"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// ListSize is how many rows a page of a list behind a number shows.
const ListSize = 50

// FlagFilter narrows the list of flags behind a number.
type FlagFilter struct {
	// ItemID lists the flags of one check or signal that are neither explained nor withdrawn.
	ItemID string
	// Waiting lists those that wait for a disposition, raised from From and before Before (days; zero is open).
	Waiting      bool
	From, Before time.Time
	Cursor       string
}

// OpenFlag is one flag of such a list.
type OpenFlag struct {
	WaitingFlag
	State string
}

// Flags lists the flags behind a number, the oldest first.
func (s *Service) Flags(ctx context.Context, actor authz.Actor, f FlagFilter) (page.Slice[OpenFlag], error) {
	var w db.Where
	if f.Waiting {
		w.Add(flagWaits)
	} else {
		w.Add("f.state <> 'explained' AND f.withdrawn_at IS NULL")
	}
	if f.ItemID != "" {
		w.Add("f.item_id = ?", f.ItemID)
	}
	if !f.From.IsZero() {
		w.Add("f.raised_at >= ?", f.From)
	}
	if !f.Before.IsZero() {
		w.Add("f.raised_at < ?", f.Before)
	}
	person.Visible(actor, &w, "p")
	if c, err := page.Parse[time.Time](f.Cursor); err == nil {
		w.Add("(f.raised_at, f.id) > (?, ?)", c.Key, c.ID)
	}
	rows, _ := s.db.Heavy(ctx).Query(ctx, findingColumns+w.SQL()+` ORDER BY f.raised_at, f.id `+w.Number("LIMIT ?", ListSize+1), w.Args...)
	found, err := db.Many[findingRow](rows)
	if err != nil {
		return page.Slice[OpenFlag]{}, err
	}
	list := make([]OpenFlag, len(found))
	for i, r := range found {
		list[i] = OpenFlag{WaitingFlag: r.waiting(s.lib.Current()), State: string(r.State)}
	}
	return page.Cut(list, ListSize, func(f OpenFlag) page.Cursor[time.Time] {
		return page.Cursor[time.Time]{Key: f.RaisedAt, ID: f.ID}
	}), nil
}

// Direction is the way in which a band changed.
type Direction string

// The directions; the zero value is both.
const (
	BothWays Direction = ""
	Upwards  Direction = "up"
	Down     Direction = "down"
)

// Move is a change of somebody's band.
type Move struct {
	ID                   string
	PersonID, PersonName string
	At                   time.Time
	FromBand, ToBand     catalogue.Band
	Coverage             int
	Cause                string
}

// Movement lists the changes of band from a day on, the newest first.
func (s *Service) Movement(ctx context.Context, actor authz.Actor, from time.Time, way Direction, cursor string) (page.Slice[Move], error) {
	var w db.Where
	w.Add("m.from_band <> m.to_band")
	if !from.IsZero() {
		w.Add("m.at >= ?", from)
	}
	const rank = "array_position(ARRAY['low', 'elevated', 'high', 'critical'], "
	switch way {
	case Upwards:
		w.Add(rank + "m.to_band) > " + rank + "m.from_band)")
	case Down:
		w.Add(rank + "m.to_band) < " + rank + "m.from_band)")
	}
	person.Visible(actor, &w, "p")
	if c, err := page.Parse[time.Time](cursor); err == nil {
		w.Add("(m.at, m.id) < (?, ?)", c.Key, c.ID)
	}
	rows, _ := s.db.Heavy(ctx).Query(ctx, `
		SELECT m.id, m.person_id, p.name AS person_name, m.at, m.from_band, m.to_band, m.coverage, m.cause
		FROM   assessment_moves m
		JOIN   people p ON p.id = m.person_id
		`+w.SQL()+`
		ORDER  BY m.at DESC, m.id DESC
		`+w.Number("LIMIT ?", ListSize+1), w.Args...)
	found, err := db.Many[Move](rows)
	if err != nil {
		return page.Slice[Move]{}, err
	}
	return page.Cut(found, ListSize, func(m Move) page.Cursor[time.Time] {
		return page.Cursor[time.Time]{Key: m.At, ID: m.ID}
	}), nil
}

// Override is a gate that somebody was let through without a required check.
type Override struct {
	ApplicationID        string
	PersonID, PersonName string
	JobTitle             string
	StageID              string
	Reason               string
	By                   string
	OverriddenAt         time.Time
}

// Overrides lists the gates passed without a check, the newest first.
func (s *Service) Overrides(ctx context.Context, actor authz.Actor, checkID, cursor string) (page.Slice[Override], error) {
	var w db.Where
	w.Add("g.check_id = ?", checkID)
	person.Visible(actor, &w, "p")
	if c, err := page.Parse[time.Time](cursor); err == nil {
		w.Add("(g.overridden_at, g.application_id) < (?, ?)", c.Key, c.ID)
	}
	rows, _ := s.db.Heavy(ctx).Query(ctx, `
		SELECT g.application_id, p.id AS person_id, p.name AS person_name, j.title AS job_title, g.stage_id, g.reason,
		       coalesce(u.name, '') AS by, g.overridden_at
		FROM   gate_overrides g
		JOIN   applications a ON a.id = g.application_id
		JOIN   people p ON p.id = a.person_id
		JOIN   jobs j ON j.id = a.job_id
		LEFT   JOIN users u ON u.id = g.overridden_by
		`+w.SQL()+`
		ORDER  BY g.overridden_at DESC, g.application_id DESC
		`+w.Number("LIMIT ?", ListSize+1), w.Args...)
	found, err := db.Many[Override](rows)
	if err != nil {
		return page.Slice[Override]{}, err
	}
	return page.Cut(found, ListSize, func(o Override) page.Cursor[time.Time] {
		return page.Cursor[time.Time]{Key: o.OverriddenAt, ID: o.ApplicationID}
	}), nil
}

// JobChecks says for each required check of a job whether all who went past its stage were asked.
type JobChecks struct {
	JobID, Title, LevelID string
	ComparedAt            *time.Time
	Checks                []JobCheck
}

// JobCheck is one required check of a job: Due candidates went past its stage, Done of them were asked. Without are
// those who were not, up to ListSize.
type JobCheck struct {
	CheckID, Title string
	Due, Done      int
	Without        []Unasked
}

// Uneven reports whether some were asked and others not.
func (c JobCheck) Uneven() bool { return c.Done > 0 && c.Done < c.Due }

// Unasked is a candidate of a job who was not asked a check.
type Unasked struct {
	CheckID              string
	PersonID, PersonName string
	StageID              string
}

// JobChecks compares the candidates of one job, as of the last comparison.
func (s *Service) JobChecks(ctx context.Context, actor authz.Actor, jobID string) (JobChecks, error) {
	var jc JobChecks
	var edition string
	err := s.db.Read(ctx, func(q db.Querier) error {
		rows, _ := q.Query(ctx, `
			SELECT j.id AS job_id, j.title, j.level_id, j.edition, c.compared_at
			FROM   jobs j LEFT JOIN job_comparisons c ON c.job_id = j.id
			WHERE  j.id = $1`, jobID)
		head, err := db.One[struct {
			JobID, Title, LevelID, Edition string
			ComparedAt                     *time.Time
		}](rows, "job")
		if err != nil {
			return err
		}
		jc = JobChecks{JobID: head.JobID, Title: head.Title, LevelID: head.LevelID, ComparedAt: head.ComparedAt}
		edition = head.Edition
		return s.readJobChecks(ctx, q, actor, &jc, edition)
	})
	return jc, err
}

func (s *Service) readJobChecks(ctx context.Context, q db.Querier, actor authz.Actor, jc *JobChecks, edition string) error {
	ed := s.lib.At(edition)
	rows, _ := q.Query(ctx, `SELECT check_id, due, done FROM job_checks WHERE job_id = $1 AND due > 0`, jc.JobID)
	counted, err := db.Many[struct {
		CheckID   string
		Due, Done int
	}](rows)
	if err != nil {
		return err
	}
	for _, check := range ed.Required(jc.LevelID) {
		for _, c := range counted {
			if c.CheckID != check.ID {
				continue
			}
			line := JobCheck{CheckID: check.ID, Title: check.Title, Due: c.Due, Done: c.Done}
			if line.Done < line.Due {
				if line.Without, err = s.unasked(ctx, q, actor, jc.JobID, check, ed); err != nil {
					return err
				}
			}
			jc.Checks = append(jc.Checks, line)
		}
	}
	return nil
}

func (s *Service) unasked(ctx context.Context, q db.Querier, actor authz.Actor, jobID string, check *catalogue.Check, ed *catalogue.Edition) ([]Unasked, error) {
	home, known := ed.Stage(check.Stage)
	if !known {
		return nil, apperr.Missing("check")
	}
	var past []string
	for _, stage := range ed.Stages {
		if stage.Order > home.Order {
			past = append(past, stage.ID)
		}
	}
	var w db.Where
	id := w.Number("?::text", check.ID)
	w.Add("a.job_id = ? AND (a.stage_id = ANY (?) OR a.status = 'hired')", jobID, past)
	w.Add(`NOT EXISTS (SELECT FROM outcomes o
		WHERE o.person_id = a.person_id AND o.item_id = ` + id + ` AND o.answer <> 'not-done')`)
	person.Visible(actor, &w, "p")
	rows, _ := q.Query(ctx, `
		SELECT `+id+` AS check_id, p.id AS person_id, p.name AS person_name, a.stage_id
		FROM   applications a
		JOIN   people p ON p.id = a.person_id
		`+w.SQL()+`
		ORDER  BY a.applied_at DESC, a.id DESC
		`+w.Number("LIMIT ?", ListSize), w.Args...)
	return db.Many[Unasked](rows)
}
