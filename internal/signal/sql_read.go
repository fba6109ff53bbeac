package signal

import (
	"context"
	"time"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

const (
	columns = `s.id, s.batch_id, s.source, s.external_id, s.occurred_at, s.signal_id, s.person_id, s.engagement_id,
		COALESCE(s.account, '') AS account, s.detail`
	withPerson = `, COALESCE(p.name, '') AS person_name, COALESCE(p.number, 0) AS person_number`
)

// visible adds the condition under which the actor sees the row of signals known as s: whoever sees all people sees
// all signals but those about themselves; others those of the people they see.
func visible(actor authz.Actor, w *db.Where) {
	if actor.PersonID != "" {
		w.Add("s.person_id IS DISTINCT FROM ?", actor.PersonID)
	}
	if actor.SeesAllPeople() {
		return
	}
	people := db.Where{Args: w.Args}
	people.Add("v.id = s.person_id")
	person.Visible(actor, &people, "v")
	w.Args = people.Args
	w.Add("EXISTS (SELECT FROM people v " + people.SQL() + ")")
}

// turn adds the condition of the filter's cursor, and returns the way and the direction to read in.
func turn(w *db.Where, f Filter) (page.Way, string) {
	if c, err := page.Parse[time.Time](f.After); err == nil {
		w.Add("(s.occurred_at, s.id) < (?, ?)", c.Key, c.ID)
		return page.Onward, "DESC"
	}
	if c, err := page.Parse[time.Time](f.Before); err == nil {
		w.Add("(s.occurred_at, s.id) > (?, ?)", c.Key, c.ID)
		return page.Back, "ASC"
	}
	return page.Start, "DESC"
}

func listSignals(ctx context.Context, q db.Querier, actor authz.Actor, f Filter, kinds []string) (page.Slice[Signal], error) {
	var w db.Where
	visible(actor, &w)
	way, direction := turn(&w, f)
	if f.PersonID != "" {
		w.Add("s.person_id = ?", f.PersonID)
	}
	if f.Unresolved {
		w.Add("s.person_id IS NULL")
	}
	if !f.From.IsZero() {
		w.Add("s.occurred_at >= ?", f.From)
	}
	if !f.Until.IsZero() {
		w.Add("s.occurred_at < ?", f.Until)
	}
	if f.Source != "" {
		// Bounded by when the source was heard of: one that is silent for a year is not looked for in that year.
		w.Add(`s.source = ? AND s.occurred_at BETWEEN (SELECT first_at FROM signal_sources WHERE source = ?)
		                                      AND (SELECT last_at FROM signal_sources WHERE source = ?)`, f.Source, f.Source, f.Source)
	}
	order := ` ORDER BY s.occurred_at ` + direction + `, s.id ` + direction + w.Number(` LIMIT ?`, f.Size+1)
	from := `(SELECT ` + columns + ` FROM signals s ` + w.SQL() + order + `) s`
	if len(kinds) > 0 && f.PersonID == "" {
		// Each kind has its own order in the index: the first of each, and of those the first.
		asked := w.Number(`unnest(?::text[]) AS want (kind)`, kinds)
		w.Add("s.signal_id = want.kind")
		from = asked + ` CROSS JOIN LATERAL (SELECT ` + columns + ` FROM signals s ` + w.SQL() + order + `) s`
	} else if len(kinds) > 0 {
		w.Add("s.signal_id = ANY (?)", kinds)
		from = `(SELECT ` + columns + ` FROM signals s ` + w.SQL() + order + `) s`
	}
	rows, _ := q.Query(ctx, `
		SELECT `+columns+withPerson+` FROM (SELECT `+columns+` FROM `+from+order+`) s
		LEFT   JOIN people p ON p.id = s.person_id
		ORDER  BY s.occurred_at `+direction+`, s.id `+direction, w.Args...)
	found, err := db.Many[Signal](rows)
	return page.Turn(found, f.Size, way, at), err
}

func signalAt(ctx context.Context, q db.Querier, actor authz.Actor, c page.Cursor[time.Time]) (Signal, error) {
	var w db.Where
	w.Add("s.occurred_at = ?", c.Key)
	w.Add("s.id = ?", c.ID)
	visible(actor, &w)
	rows, _ := q.Query(ctx, `
		SELECT `+columns+withPerson+`
		FROM   signals s
		LEFT   JOIN people p ON p.id = s.person_id `+w.SQL(), w.Args...)
	return db.One[Signal](rows, "signal")
}

func allSources(ctx context.Context, q db.Querier) ([]Source, error) {
	rows, _ := q.Query(ctx, `SELECT source, n, first_at, last_at FROM signal_sources ORDER BY source`)
	return db.Many[Source](rows)
}
