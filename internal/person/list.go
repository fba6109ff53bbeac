package person

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

// ListColumns are the columns of a list's row, of people known as p, in the order of ScanInto. Together with the order by update they all lie in the index
// people_recent, which is what keeps the list flat as the table grows: add none here without adding it there.
const ListColumns = `p.id, p.number, p.name, p.status, p.job_title, p.stage_id, p.stage_since, p.missing,
	p.band, p.score, p.coverage, p.open_flags, p.channel_id, p.updated_at`

// order is one way to sort: the key and the direction in which a list runs.
type order struct {
	key        string
	descending bool
}

// clause is ORDER BY for reading onwards or back.
func (o order) clause(way page.Way) string {
	if o.descending == (way != page.Back) {
		return "ORDER BY " + o.key + " DESC, p.id DESC"
	}
	return "ORDER BY " + o.key + ", p.id"
}

// beyond is the condition for rows past a cursor.
func (o order) beyond(way page.Way) string {
	if o.descending == (way != page.Back) {
		return "(" + o.key + ", p.id) < (?, ?)"
	}
	return "(" + o.key + ", p.id) > (?, ?)"
}

func listPeople(ctx context.Context, q db.Querier, actor authz.Actor, f Filter) (page.Slice[Person], error) {
	switch f.Sort {
	case ByScore:
		return listBy(ctx, q, actor, f, order{"p.score", true}, atScore)
	case ByName:
		return listBy(ctx, q, actor, f, order{"lower(p.name)", false}, atName)
	}
	return listBy(ctx, q, actor, f, order{"p.updated_at", true}, atUpdate)
}

func listBy[K page.Key](ctx context.Context, q db.Querier, actor authz.Actor, f Filter, o order, at func(row) page.Cursor[K]) (page.Slice[Person], error) {
	var w db.Where
	Visible(actor, &w, "p")
	f.Narrow(&w)
	way := page.Start
	if c, err := page.Parse[K](f.After); err == nil {
		way = page.Onward
		w.Add(o.beyond(way), c.Key, c.ID)
	} else if c, err := page.Parse[K](f.Before); err == nil {
		way = page.Back
		w.Add(o.beyond(way), c.Key, c.ID)
	}
	size := f.Size
	if size <= 0 {
		size = PageSize
	}
	columns := ListColumns
	if f.Sort == ByName {
		columns += ", lower(p.name)"
	}
	// The limit is written out: as a parameter it makes PostgreSQL expect a tenth of the table, find its general plan
	// too dear, and plan each call afresh, which costs as much as reading the rows.
	rows, _ := q.Query(ctx, `SELECT `+columns+` FROM people p `+w.SQL()+` `+o.clause(way)+` LIMIT `+strconv.Itoa(size+1), w.Args...)
	found, err := scanList(rows, size+1, f.Sort == ByName)
	if err != nil {
		return page.Slice[Person]{}, err
	}
	return withoutKeys(page.Turn(found, size, way, at)), nil
}

// ScanInto appends where a row of ListColumns goes. Named strings and numbers go in as plain ones, for which pgx has short
// ways.
func (p *Person) ScanInto(into []any) []any {
	return append(into, (*string)(&p.ID), (*int64)(&p.Number), &p.Name, (*string)(&p.Status), &p.JobTitle, &p.StageID, &p.StageSince, &p.Missing,
		(*string)(&p.Band), &p.Score, &p.Coverage, &p.OpenFlags, &p.ChannelID, &p.UpdatedAt)
}

// scanList reads by hand: collecting by column name costs a third of the list's time in reflection.
func scanList(rows pgx.Rows, capacity int, named bool) ([]row, error) {
	defer rows.Close()
	found := make([]row, 0, capacity)
	var into []any
	for rows.Next() {
		found = append(found, row{})
		r := &found[len(found)-1]
		into = r.ScanInto(into[:0])
		if named {
			into = append(into, &r.lowerName)
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
	}
	return found, rows.Err()
}

// Narrow adds the filter's conditions on the row of people known as p; sort and cursors are not its business.
func (f Filter) Narrow(w *db.Where) {
	f.narrowText(w)
	if len(f.Statuses) == 0 {
		w.Add("p.status <> 'erased'")
	}
	oneOf(w, "p.status", f.Statuses)
	oneOf(w, "p.band", f.Bands)
	oneOf(w, "p.stage_id", f.Stages)
	equals(w, "p.job_id", f.JobID)
	equals(w, "p.channel_id", f.ChannelID)
	equals(w, "p.manager_id", f.ManagerID)
	if f.OpenFlags {
		w.Add("p.open_flags > 0")
	}
	if f.Missing {
		w.Add("p.missing > 0")
	}
	if f.MinCoverage > 0 {
		w.Add("p.coverage >= ?", f.MinCoverage)
	}
	if f.BelowCoverage > 0 {
		w.Add("p.coverage < ?", f.BelowCoverage)
	}
	if f.MissingCheck != "" {
		w.Add("p.missing > 0 AND p.missing_checks @> ARRAY[?::text]", f.MissingCheck)
	}
	if f.StageFrom != nil {
		w.Add("p.stage_since >= ?", *f.StageFrom)
	}
	if f.StageBefore != nil {
		w.Add("p.stage_since < ?", *f.StageBefore)
	}
}

// narrowText looks for each word of the text in names. One or two letters say too little for a search inside words to
// have an index to go by: they must begin a word of the name.
func (f Filter) narrowText(w *db.Where) {
	text := strings.ToValidUTF8(strings.ReplaceAll(f.Text, "\x00", ""), "")
	if n, ok := ParseNumber(text); ok {
		w.Add("p.number = ?", int64(n))
		return
	}
	for _, word := range Words(text) {
		begins := likeEscaper.Replace(word) + "%"
		if utf8.RuneCountInString(word) > 2 {
			w.Add("lower(p.name) LIKE lower(?)", "%"+begins)
			continue
		}
		w.Add("(lower(p.name) LIKE lower(?) OR lower(p.name) LIKE lower(?))", begins, "% "+begins)
	}
}

// mostWords is by how many words people are looked for: more than a name has. Each is a condition of its own, and an address
// holds thousands.
const mostWords = 10

// Words are the words of what somebody looks for. Those beyond the tenth are passed over.
func Words(text string) []string {
	words := strings.Fields(text)
	return words[:min(len(words), mostWords)]
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// oneOf narrows a column to some values. A single value is compared as such: only then can the rows come out of an
// index in the list's order.
func oneOf[T ~string](w *db.Where, column string, values []T) {
	switch len(values) {
	case 0:
	case 1:
		w.Add(column+" = ?", string(values[0]))
	default:
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = string(v)
		}
		w.Add(column+" = ANY (?)", texts)
	}
}

func equals(w *db.Where, column, value string) {
	if value != "" {
		w.Add(column+" = ?", value)
	}
}
