package audit

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// mostProved is how many entries one receipt holds.
const mostProved = 5000

// placedSQL finds the entries about a subject that the actor may know of: those of a case are its members'.
const placedSQL = `
	FROM   audit_entries e
	LEFT   JOIN audit_leaves l ON l.entry_id = e.id
	WHERE  e.subject_kind = $1 AND e.subject_id = $2
	AND    ($3 OR e.case_id IS NULL OR EXISTS (
	       SELECT FROM case_members m WHERE m.case_id = e.case_id AND m.user_id = $4::uuid AND m.removed_at IS NULL))`

func placedArgs(actor authz.Actor, kind, subject string) []any {
	var user *string
	if actor.Kind == authz.KindUser {
		user = &actor.ID
	}
	return []any{kind, subject, actor.Kind == authz.KindSystem, user}
}

// Placed is how each entry about a subject is sealed, by its action and time.
type Placed map[string]*int64

// Of is the place of the entry of an action at a time, nil as long as it is not sealed, and whether there is such an entry.
func (p Placed) Of(action string, at int64) (*int64, bool) {
	index, there := p[placeKey(action, at)]
	return index, there
}

func placeKey(action string, at int64) string { return fmt.Sprintf("%s %d", action, at) }

// Placed says where the entries about a subject lie in the log's tree, as far as the actor may know. Times are in microseconds
// since 1970.
func (s *Sealer) Placed(ctx context.Context, actor authz.Actor, kind, subject string) (Placed, error) {
	rows, _ := s.db.Pool().Query(ctx, `SELECT e.action, (extract(epoch FROM e.at) * 1000000)::bigint, l.idx`+placedSQL, placedArgs(actor, kind, subject)...)
	placed := Placed{}
	var action string
	var at int64
	var index *int64
	_, err := pgx.ForEachRow(rows, []any{&action, &at, &index}, func() error {
		placed[placeKey(action, at)] = index
		return nil
	})
	return placed, err
}

// Receipt writes the proof that the entries about a subject are in the log, as far as the actor may know and they are sealed. When
// none is yet, that is a Conflict.
func (s *Sealer) Receipt(ctx context.Context, actor authz.Actor, kind, subject string, w io.Writer) error {
	return s.db.Read(ctx, func(q db.Querier) error {
		signed, size, err := lastNote(ctx, q)
		if err != nil {
			return err
		}
		args := append(placedArgs(actor, kind, subject), size, mostProved)
		rows, _ := q.Query(ctx, `SELECT e.id::text, l.idx`+placedSQL+` AND l.idx < $5 ORDER BY l.idx LIMIT $6`, args...)
		type place struct {
			ID  string
			Idx int64
		}
		places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[place])
		if err != nil {
			return err
		}
		if len(places) == 0 {
			return apperr.Conflict("Nothing about it is sealed yet. It takes some seconds: try again.")
		}
		ids := make([]string, len(places))
		for i, p := range places {
			ids[i] = p.ID
		}
		leaves, err := leavesOf(ctx, q, leafColumns+` WHERE e.id = ANY ($1::uuid[])`, []any{ids})
		if err != nil {
			return err
		}
		byID := make(map[string]proof.Leaf, len(leaves))
		for _, l := range leaves {
			byID[l.ID] = l
		}
		out, err := proof.NewReceipt(w, s.origin, signed)
		if err != nil {
			return err
		}
		tree := &stored{ctx: ctx, q: q, from: tlog.StoredHashCount(size), known: map[int64]tlog.Hash{}}
		for _, p := range places {
			raw, err := byID[p.ID].Bytes()
			if err != nil {
				return err
			}
			way, err := tlog.ProveRecord(size, p.Idx, tree)
			if err != nil {
				return err
			}
			if err := out.Entry(raw, p.Idx, way); err != nil {
				return err
			}
		}
		return out.Close()
	})
}

// Growth writes the proof that the log grew from what somebody kept: signed checkpoints of this log.
func (s *Sealer) Growth(ctx context.Context, kept []string, w io.Writer) error {
	return s.db.Read(ctx, func(q db.Querier) error {
		signed, size, err := lastNote(ctx, q)
		if err != nil {
			return err
		}
		if signed == "" {
			return apperr.Conflict("The log has no entry yet.")
		}
		out, err := proof.NewReceipt(w, s.origin, signed)
		if err != nil {
			return err
		}
		tree := &stored{ctx: ctx, q: q, from: tlog.StoredHashCount(size), known: map[int64]tlog.Hash{}}
		for _, from := range kept {
			c, err := proof.Opened(from, s.key)
			if err != nil {
				return err
			}
			if c.Size > size || c.Size == 0 {
				return fmt.Errorf("a checkpoint of %d entries was kept, and the log has %d", c.Size, size)
			}
			way, err := tlog.ProveTree(size, c.Size, tree)
			if err != nil {
				return err
			}
			if err := out.Grown(from, way); err != nil {
				return err
			}
		}
		return out.Close()
	})
}
