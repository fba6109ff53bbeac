package privacy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// lists is how many rows the short lists of the privacy page show.
const lists = 100

// empty erases what the register says is personal of a person: rows that go, columns that are emptied. It returns how many
// rows that were. Tables that lead to the person by way of others come before those that they go by: what is deleted is never
// a step of the way.
func empty(ctx context.Context, tx *db.Tx, register Register, personID person.ID) (rows int64, err error) {
	batch := &pgx.Batch{}
	for _, t := range register.About() {
		where, err := register.Where(t)
		if err != nil {
			return 0, err
		}
		gone := t.having(Personal, Copy)
		switch {
		case t.Fate == Deleted:
			batch.Queue(fmt.Sprintf("DELETE FROM %s WHERE %s", ident(t.Name), where), personID)
		case len(gone) > 0:
			batch.Queue(fmt.Sprintf("UPDATE %s SET %s WHERE %s", ident(t.Name), changes(gone), where), personID)
		}
		for _, c := range gone {
			if c.Also != "" {
				batch.Queue(fmt.Sprintf("UPDATE %s SET %s WHERE %s = $1", ident(t.Name), changes([]Column{c}), ident(c.Also)), personID)
			}
		}
	}
	results := tx.SendBatch(ctx, batch)
	for range batch.QueuedQueries {
		tag, err := results.Exec()
		if err != nil {
			return 0, errors.Join(fmt.Errorf("erase: %w", err), results.Close())
		}
		rows += tag.RowsAffected()
	}
	return rows, results.Close()
}

// forgetUsers takes the values out of the log that tell who a user was.
func forgetUsers(ctx context.Context, tx *db.Tx, users []account.ID) error {
	if len(users) == 0 {
		return nil
	}
	texts := make([]string, len(users))
	for i, u := range users {
		texts[i] = string(u)
	}
	_, err := tx.Exec(ctx, `
		DELETE FROM audit_values v
		USING  audit_entries e
		WHERE  e.id = v.entry_id AND e.subject_kind = 'user' AND e.subject_id = ANY ($1)`, texts)
	return err
}

// partsOf counts what each table holds about a person.
func partsOf(ctx context.Context, q db.Querier, register Register, personID person.ID, cases []string) ([]Part, error) {
	batch := &pgx.Batch{}
	var parts []Part
	for _, t := range register.About() {
		personal := t.Personal()
		if len(personal) == 0 || t.Fate == Withheld {
			continue
		}
		where, err := register.whereOpen(t)
		if err != nil {
			return nil, err
		}
		part := Part{What: t.What, Fate: t.Fate, Columns: personal}
		parts = append(parts, part)
		at := len(parts) - 1
		// Not every condition names $2, whose type PostgreSQL must be told.
		batch.Queue(fmt.Sprintf("SELECT count(*) FROM %s WHERE ($2::uuid[] IS NOT NULL) AND %s", ident(t.Name), where), personID, cases).
			QueryRow(func(row pgx.Row) error { return row.Scan(&parts[at].Rows) })
	}
	if err := q.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	held := parts[:0]
	for _, p := range parts {
		if p.Rows > 0 {
			held = append(held, p)
		}
	}
	return held, nil
}

// contentOf counts the evidence of a person that still holds something, and its bytes.
func contentOf(ctx context.Context, q db.Querier, personID person.ID, cases []string) (items, bytes int64, err error) {
	err = q.QueryRow(ctx, `
		SELECT count(*), coalesce(sum(size), 0)
		FROM   evidence_items
		WHERE  person_id = $1 AND erased_at IS NULL AND (case_id IS NULL OR case_id = ANY ($2::uuid[]))`, personID, cases).Scan(&items, &bytes)
	return items, bytes, err
}

// casesOf lists the closed cases about a person that the actor sees whole.
func casesOf(ctx context.Context, q db.Querier, actor authz.Actor, personID person.ID) ([]string, error) {
	rows, _ := q.Query(ctx, `
		SELECT c.id::text
		FROM   cases c
		JOIN   case_members m ON m.case_id = c.id AND m.user_id = $2 AND m.removed_at IS NULL AND m.sees = 'whole'
		WHERE  c.person_id = $1 AND c.status = 'closed'`, personID, actorID(actor))
	cases, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if cases == nil {
		cases = []string{}
	}
	return cases, err
}

// actorID is the actor's id for an uuid: nil for whoever has none.
func actorID(actor authz.Actor) *string {
	if actor.Kind != authz.KindUser {
		return nil
	}
	return &actor.ID
}

func standingOf(ctx context.Context, q db.Querier, actor authz.Actor, personID person.ID) (Standing, error) {
	var w db.Where
	w.Add("p.id = ?", personID)
	person.Visible(actor, &w, "p")
	rows, _ := q.Query(ctx, `
		SELECT p.erased_at,
		       EXISTS (SELECT FROM legal_holds h WHERE h.person_id = p.id AND h.lifted_at IS NULL) OR
		       EXISTS (SELECT FROM cases c WHERE c.person_id = p.id AND c.status = 'open') AS on_hold,
		       EXISTS (SELECT FROM applications a WHERE a.person_id = p.id AND a.status = 'active') AS in_hiring,
		       EXISTS (SELECT FROM engagements e WHERE e.person_id = p.id AND e.ended_on IS NULL) AS engaged,
		       coalesce((SELECT min(u.email) FROM users u WHERE u.person_id = p.id AND u.disabled_at IS NULL), '') AS account
		FROM   people p `+w.SQL(), w.Args...)
	found, err := db.One[struct {
		ErasedAt                  *time.Time
		OnHold, InHiring, Engaged bool
		Account                   string
	}](rows, "person")
	if err != nil {
		return Standing{}, err
	}
	holds, err := holdsWhere(ctx, q, actor, "h.lifted_at IS NULL AND h.person_id = ?", personID)
	return Standing{ErasedAt: found.ErasedAt, Holds: holds, OnHold: found.OnHold, InHiring: found.InHiring, Engaged: found.Engaged,
		Account: found.Account}, err
}

const holdColumns = `h.id, h.person_id, p.number, h.case_id, coalesce(k.code_name, '') AS code_name, h.reason, h.placed_at, coalesce(u.name, '') AS placed_by,
	h.lifted_at, coalesce(l.name, '') AS lifted_by, h.lift_reason`

const holdTables = `
	FROM   legal_holds h
	JOIN   people p ON p.id = h.person_id
	LEFT   JOIN cases k ON k.id = h.case_id
	LEFT   JOIN users u ON u.id = h.placed_by
	LEFT   JOIN users l ON l.id = h.lifted_by `

// seesHold adds the condition under which the actor sees a hold: who holds a person, by whoever sees the person; the hold of a
// case, by those who see the whole of it.
func seesHold(actor authz.Actor, w *db.Where) {
	if actor.Kind == authz.KindSystem {
		return
	}
	w.Add(`(h.case_id IS NULL OR EXISTS (SELECT FROM case_members m
		WHERE m.case_id = h.case_id AND m.user_id = ? AND m.removed_at IS NULL AND m.sees = 'whole'))`, actorID(actor))
	if actor.PersonID != "" {
		w.Add("h.person_id <> ?", actor.PersonID)
	}
}

func holdsWhere(ctx context.Context, q db.Querier, actor authz.Actor, condition string, args ...any) ([]Hold, error) {
	var w db.Where
	w.Add(condition, args...)
	seesHold(actor, &w)
	asker := fmt.Sprintf("$%d", len(w.Args)+1)
	rows, _ := q.Query(ctx, `
		SELECT `+holdColumns+`, `+asker+`::uuid IS NOT NULL AND k.sealed_at IS NOT NULL AND NOT EXISTS (
		       SELECT FROM case_openings o WHERE o.case_id = k.id AND o.user_id = `+asker+` AND o.until > now()) AS sealed `+
		holdTables+w.SQL()+` ORDER BY h.placed_at DESC, h.id DESC LIMIT `+fmt.Sprint(lists), append(w.Args, actorID(actor))...)
	holds, err := db.Many[Hold](rows)
	for i := range holds {
		if holds[i].Sealed {
			holds[i].Reason = ""
		}
	}
	return holds, err
}

func holdsInForce(ctx context.Context, q db.Querier, actor authz.Actor) ([]Hold, error) {
	return holdsWhere(ctx, q, actor, "h.lifted_at IS NULL")
}

func holdByID(ctx context.Context, q db.Querier, actor authz.Actor, holdID, lock string) (Hold, error) {
	var w db.Where
	w.Add("h.id = ?", holdID)
	seesHold(actor, &w)
	rows, _ := q.Query(ctx, `SELECT `+holdColumns+`, false AS sealed `+holdTables+w.SQL()+` `+lock, w.Args...)
	return db.One[Hold](rows, "hold")
}

func insertHold(ctx context.Context, tx *db.Tx, h Hold) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO legal_holds (id, person_id, case_id, reason, placed_at, placed_by)
		VALUES ($1, $2, $3, $4, $5, $6)`, h.ID, h.PersonID, h.CaseID, h.Reason, tx.Now, tx.ActorID())
	switch db.Violates(err) {
	case "legal_holds_one_a_person", "legal_holds_one_a_case":
		return apperr.Conflict("There is a hold in force already.")
	}
	return err
}

func liftHold(ctx context.Context, tx *db.Tx, holdID, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE legal_holds SET lifted_at = $2, lifted_by = $3, lift_reason = $4 WHERE id = $1`,
		holdID, tx.Now, tx.ActorID(), reason)
	return err
}

// wholeCase adds the condition under which the actor sees all of a case known as c.
func wholeCase(actor authz.Actor, w *db.Where) {
	if actor.Kind == authz.KindSystem {
		return
	}
	w.Add(`EXISTS (SELECT FROM case_members m
		WHERE m.case_id = c.id AND m.user_id = ? AND m.removed_at IS NULL AND m.sees = 'whole')`, actorID(actor))
	if actor.PersonID != "" {
		w.Add("c.person_id <> ?", actor.PersonID)
	}
}

func caseStanding(ctx context.Context, q db.Querier, actor authz.Actor, caseID string) (c CaseStanding, err error) {
	var w db.Where
	w.Add("c.id = ?", caseID)
	wholeCase(actor, &w)
	err = q.QueryRow(ctx, `
		SELECT c.id, c.code_name, c.status = 'open', p.erased_at IS NOT NULL
		FROM   cases c JOIN people p ON p.id = c.person_id `+w.SQL(), w.Args...).Scan(&c.ID, &c.CodeName, &c.Open, &c.Erased)
	if errors.Is(err, pgx.ErrNoRows) {
		err = apperr.Missing("case")
	}
	return c, err
}

// subjectOf locks the subject of a case that the actor sees whole, and says whether they were erased.
func subjectOf(ctx context.Context, tx *db.Tx, actor authz.Actor, caseID string) (personID person.ID, erased bool, err error) {
	var w db.Where
	w.Add("c.id = ?", caseID)
	wholeCase(actor, &w)
	err = tx.QueryRow(ctx, `
		SELECT p.id, p.erased_at IS NOT NULL FROM cases c JOIN people p ON p.id = c.person_id `+w.SQL()+` FOR UPDATE OF p`, w.Args...).
		Scan(&personID, &erased)
	if errors.Is(err, pgx.ErrNoRows) {
		err = apperr.Missing("case")
	}
	return personID, erased, err
}

func insertErasure(ctx context.Context, tx *db.Tx, e Erasure, runID *string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO erasures (id, person_id, scope, basis, run_id, erased_at, erased_by, rows, items)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.ID, e.PersonID, e.Scope, e.Basis, runID, tx.Now, tx.ActorID(), e.Rows, e.Items)
	return err
}

const erasureQuery = `
	SELECT e.id, e.person_id, p.number, e.scope, e.basis, e.erased_at, coalesce(u.name, '') AS erased_by, e.rows, e.items
	FROM   erasures e
	JOIN   people p ON p.id = e.person_id
	LEFT   JOIN users u ON u.id = e.erased_by `

func lastErasures(ctx context.Context, q db.Querier) ([]Erasure, error) {
	rows, _ := q.Query(ctx, erasureQuery+`ORDER BY e.erased_at DESC, e.id DESC LIMIT $1`, lists)
	return db.Many[Erasure](rows)
}

func erasuresOf(ctx context.Context, q db.Querier, personID person.ID) ([]Erasure, error) {
	rows, _ := q.Query(ctx, erasureQuery+`WHERE e.person_id = $1 ORDER BY e.erased_at DESC, e.id DESC LIMIT $2`, personID, lists)
	return db.Many[Erasure](rows)
}
