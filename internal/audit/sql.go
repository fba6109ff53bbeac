package audit

import (
	"context"
	"time"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

const entryColumns = `
	SELECT e.id, e.at, e.actor_kind, e.actor_id, e.actor_label, coalesce(u.name, '') AS actor_name, e.action,
	       e.subject_kind, e.subject_id, e.person_id, coalesce(p.name, '') AS person_name, e.case_id, e.detail, e.commitments
	FROM   audit_entries e
	LEFT   JOIN users u ON u.id = e.actor_id AND e.actor_kind = 'user'
	LEFT   JOIN people p ON p.id = e.person_id
	`

func entries(ctx context.Context, q db.Querier, actor authz.Actor, f Filter, limit int) ([]Entry, error) {
	var w db.Where
	visible(actor, &w)
	f.narrow(&w)
	if c, err := page.Parse[time.Time](f.Cursor); err == nil {
		w.Add("(e.at, e.id) < (?, ?)", c.Key, c.ID)
	}
	rows, _ := q.Query(ctx, entryColumns+w.SQL()+` ORDER BY e.at DESC, e.id DESC `+w.Number("LIMIT ?", limit), w.Args...)
	return db.Many[Entry](rows)
}

func entryByID(ctx context.Context, q db.Querier, actor authz.Actor, id ID) (Entry, error) {
	var w db.Where
	visible(actor, &w)
	w.Add("e.id = ?", id)
	rows, _ := q.Query(ctx, entryColumns+w.SQL(), w.Args...)
	return db.One[Entry](rows, "entry")
}

// addValues puts the values that are left beside their entries.
func addValues(ctx context.Context, q db.Querier, list []Entry) error {
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = string(e.ID)
	}
	rows, _ := q.Query(ctx, `SELECT entry_id, field, salt, old, new FROM audit_values WHERE entry_id = ANY ($1)`, ids)
	type row struct {
		EntryID  string
		Field    string
		Salt     []byte
		Old, New *string
	}
	found, err := db.Many[row](rows)
	if err != nil {
		return err
	}
	stored := map[string][]Value{}
	for _, r := range found {
		stored[r.EntryID] = append(stored[r.EntryID], Value{Field: r.Field, Salt: r.Salt, Old: r.Old, New: r.New})
	}
	for i := range list {
		list[i].Values = values(list[i].Commitments, stored[string(list[i].ID)])
	}
	return nil
}
