package evidence

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// visible adds the condition under which the actor sees the row of evidence_items known as e:
//
//   - an item collected inside a case is for its current members: all of it for whole members, for those called in
//     for their tasks what they brought, and what is attached to steps and payments of their function;
//   - any other item is for whoever sees the person, and for whole members of a case about the person, whose
//     report runs back to the first interview;
//   - nobody sees items about themselves.
func visible(actor authz.Actor, w *db.Where) {
	if actor.Kind == authz.KindSystem {
		return
	}
	if actor.Kind != authz.KindUser {
		w.Add("false")
		return
	}
	if actor.PersonID != "" {
		w.Add("e.person_id <> ?", actor.PersonID)
	}
	people := db.Where{Args: w.Args}
	people.Add("p.id = e.person_id")
	person.Visible(actor, &people, "p")
	who := "EXISTS (SELECT FROM people p " + people.SQL() + ")"
	w.Args = people.Args
	w.Add(`CASE WHEN e.case_id IS NULL THEN `+who+` OR EXISTS (
			SELECT FROM cases c JOIN case_members m ON m.case_id = c.id
			WHERE  c.person_id = e.person_id AND m.user_id = ? AND m.removed_at IS NULL AND m.sees = 'whole')
		ELSE EXISTS (
			SELECT FROM case_members m
			WHERE  m.case_id = e.case_id AND m.user_id = ? AND m.removed_at IS NULL
			AND    (m.sees = 'whole' OR e.collected_by = m.user_id OR EXISTS (
				SELECT FROM evidence_links l
				LEFT JOIN case_steps s ON l.subject_kind = 'step' AND s.case_id = m.case_id
				                       AND l.subject_id = s.case_id || '/' || s.step_id
				WHERE  l.evidence_id = e.id
				AND    (s.owner_role = m.function OR s.owner_id = m.user_id
				        OR l.subject_kind = 'payment' AND m.function = 'finance'))))
		END`, actor.ID, actor.ID)
}

// caseOpen adds the condition under which the actor learns of the row, known by alias, that may belong to a case.
func caseOpen(actor authz.Actor, w *db.Where, alias string) {
	if actor.Kind == authz.KindSystem {
		return
	}
	w.Add("("+alias+`.case_id IS NULL OR EXISTS (
			SELECT FROM case_members m
			WHERE  m.case_id = `+alias+`.case_id AND m.user_id = ? AND m.removed_at IS NULL))`, actor.ID)
}

// Sealed is a SealedError while a case is sealed to the actor, who has to open it first and say why. No case, nil, is sealed to
// nobody. Whether the actor may know of the case is the caller's business.
func Sealed(ctx context.Context, q db.Querier, actor authz.Actor, caseID *string) error {
	if caseID == nil || actor.Kind != authz.KindUser {
		return nil
	}
	var shut bool
	err := q.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM cases c WHERE c.id = $1 AND c.sealed_at IS NOT NULL AND NOT EXISTS (
		       SELECT FROM case_openings o WHERE o.case_id = c.id AND o.user_id = $2 AND o.until > now()))`, *caseID, actor.ID).Scan(&shut)
	if err == nil && shut {
		err = &SealedError{CaseID: *caseID}
	}
	return err
}

const itemColumns = `e.id, e.person_id, e.case_id, e.form, e.kind, e.title, e.source, e.sensitivity, e.sha256, e.size,
	e.media_type, e.file_name, e.facts, e.collected_at, e.collected_by, COALESCE(u.name, '') AS collector, e.erased_at,
	COALESCE(v.state, 'waiting') AS malware, COALESCE(v.name, '') AS malware_name, v.scanned_at AS malware_at`

const itemTables = ` FROM evidence_items e
	LEFT JOIN users u ON u.id = e.collected_by
	LEFT JOIN evidence_malware v ON v.evidence_id = e.id `

func itemByID(ctx context.Context, q db.Querier, actor authz.Actor, itemID ID) (Item, error) {
	var w db.Where
	w.Add("e.id = ?", itemID)
	visible(actor, &w)
	rows, _ := q.Query(ctx, `SELECT `+itemColumns+itemTables+w.SQL(), w.Args...)
	return db.One[Item](rows, "evidence")
}

// itemsWhere returns the query of the visible items that fulfil the condition, newest first.
func itemsWhere(actor authz.Actor, condition string, args ...any) (string, []any) {
	var w db.Where
	w.Add(condition, args...)
	visible(actor, &w)
	return `SELECT ` + itemColumns + itemTables + w.SQL() + ` ORDER BY e.collected_at DESC, e.id DESC`, w.Args
}

// linked is an item together with the subject it was found by.
type linked struct {
	Item
	SubjectID string
}

func itemsOf(ctx context.Context, q db.Querier, actor authz.Actor, kind string, subjectIDs []string) ([]linked, error) {
	var w db.Where
	w.Add("l.subject_kind = ?", kind)
	w.Add("l.subject_id = ANY (?)", subjectIDs)
	visible(actor, &w)
	caseOpen(actor, &w, "l")
	rows, _ := q.Query(ctx, `
		SELECT `+itemColumns+`, l.subject_id`+itemTables+`
		JOIN   evidence_links l ON l.evidence_id = e.id `+w.SQL()+`
		ORDER  BY l.linked_at, e.id`, w.Args...)
	return db.Many[linked](rows)
}

// visibleOf returns those of the ids whose items the actor sees.
func visibleOf(ctx context.Context, q db.Querier, actor authz.Actor, ids []ID) ([]owned, error) {
	var w db.Where
	w.Add("e.id = ANY (?)", ids)
	visible(actor, &w)
	rows, _ := q.Query(ctx, `SELECT e.id, e.person_id, e.case_id FROM evidence_items e `+w.SQL(), w.Args...)
	return db.Many[owned](rows)
}

// owned says whose an item is.
type owned struct {
	ID       ID
	PersonID person.ID
	CaseID   *string
}

// stored is where the content of an item lies: a file in the blob store, anything else in the row.
type stored struct {
	BlobKey *string
	Body    []byte
}

func storedOf(ctx context.Context, q db.Querier, itemID ID) (stored, error) {
	rows, _ := q.Query(ctx, `SELECT blob_key, body FROM evidence_items WHERE id = $1`, itemID)
	return db.One[stored](rows, "evidence")
}

// newItem is a row about to be inserted.
type newItem struct {
	Item
	stored
}

func insertItem(ctx context.Context, tx *db.Tx, i newItem) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO evidence_items (id, person_id, case_id, form, kind, title, source, sensitivity, sha256, size,
		                            media_type, file_name, facts, blob_key, body, collected_at, collected_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		i.ID, i.PersonID, i.CaseID, i.Form, i.Kind, i.Title, i.Source, i.Sensitivity, i.SHA256, i.Size,
		i.MediaType, i.FileName, i.Facts, i.BlobKey, i.Body, tx.Now, tx.ActorID())
	if err != nil || i.Form != File {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO evidence_malware (evidence_id, state, next_at) VALUES ($1, 'waiting', $2)`, i.ID, tx.Now)
	return err
}

// linkOne attaches an item; it reports whether that was news.
func linkOne(ctx context.Context, tx *db.Tx, itemID ID, s Subject, caseID *string) (bool, error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO evidence_links (evidence_id, subject_kind, subject_id, case_id, linked_at, linked_by)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`,
		itemID, s.Kind, s.ID, caseID, tx.Now, tx.ActorID())
	return tag.RowsAffected() == 1, err
}

func supports(ctx context.Context, q db.Querier, s Subject) (found bool, err error) {
	err = q.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM evidence_links l JOIN evidence_items e ON e.id = l.evidence_id
		               WHERE  l.subject_kind = $1 AND l.subject_id = $2 AND e.erased_at IS NULL)`, s.Kind, s.ID).Scan(&found)
	return found, err
}

func insertEvent(ctx context.Context, tx *db.Tx, itemID ID, action Touch, detail Detail, caseID *string) error {
	return insertEventAs(ctx, tx, id.New(), itemID, action, detail, caseID)
}

func insertEventAs(ctx context.Context, tx *db.Tx, eventID string, itemID ID, action Touch, detail Detail, caseID *string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO custody_events (id, evidence_id, at, actor_id, actor_label, action, detail, case_id, address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		eventID, itemID, tx.Now, tx.ActorID(), tx.Actor.Label, action, detail, caseID, tx.Actor.Address)
	return err
}

// insertReasoned adds the event of an opening, with its reason where there is one.
func insertReasoned(ctx context.Context, tx *db.Tx, item Item, action Touch, detail Detail, reason string) error {
	eventID := id.New()
	if err := insertEventAs(ctx, tx, eventID, item.ID, action, detail, nil); err != nil || reason == "" {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO opening_reasons (event_id, person_id, reason) VALUES ($1, $2, $3)`, eventID, item.PersonID, reason)
	return err
}

func policyOf(ctx context.Context, q db.Querier) (Policy, error) {
	var p Policy
	err := q.QueryRow(ctx, `SELECT reason_from, version FROM opening_policy`).Scan(&p.ReasonFrom, &p.Version)
	return p, err
}

func setPolicy(ctx context.Context, tx *db.Tx, p Policy) error {
	tag, err := tx.Exec(ctx, `UPDATE opening_policy SET reason_from = $1, version = version + 1 WHERE version = $2`, p.ReasonFrom, p.Version)
	if err == nil && tag.RowsAffected() == 0 {
		err = apperr.Conflict("This was changed meanwhile. Look at it and try again.")
	}
	return err
}

func eventsOf(ctx context.Context, q db.Querier, actor authz.Actor, itemID ID) ([]Event, error) {
	var w db.Where
	w.Add("c.evidence_id = ?", itemID)
	caseOpen(actor, &w, "c")
	rows, _ := q.Query(ctx, `
		SELECT c.id, c.at, c.action, COALESCE(u.name, c.actor_label) AS actor, c.detail, COALESCE(o.reason, '') AS reason, c.address
		FROM   custody_events c
		LEFT   JOIN opening_reasons o ON o.event_id = c.id
		LEFT   JOIN users u ON u.id = c.actor_id `+w.SQL()+`
		ORDER  BY c.id`, w.Args...)
	return db.Many[Event](rows)
}

func subjectsOf(ctx context.Context, q db.Querier, actor authz.Actor, itemID ID) ([]Subject, error) {
	var w db.Where
	w.Add("l.evidence_id = ?", itemID)
	caseOpen(actor, &w, "l")
	rows, _ := q.Query(ctx, `
		SELECT l.subject_kind AS kind, l.subject_id AS id
		FROM   evidence_links l `+w.SQL()+`
		ORDER  BY l.linked_at, l.subject_kind, l.subject_id`, w.Args...)
	return db.Many[Subject](rows)
}

// mayCollect checks that the actor may add items about the person, inside the case if one is named, and that there
// is somebody to add them to. A closed case takes none; its observers bring none, nor whoever the subject referred.
func mayCollect(ctx context.Context, q db.Querier, actor authz.Actor, personID, caseID string) error {
	var w db.Where
	w.Add("p.id = ?", personID)
	w.Add("p.id <> ALL (?::uuid[])", own(actor))
	what := "person"
	if caseID == "" {
		person.Visible(actor, &w, "p")
	} else {
		what = "case"
		w.Add(`EXISTS (SELECT FROM cases c WHERE c.id = ? AND c.person_id = p.id AND c.status = 'open')`, caseID)
		if actor.Kind != authz.KindSystem {
			w.Add(`? AND EXISTS (SELECT FROM case_members m
				WHERE m.case_id = ? AND m.user_id = ? AND m.removed_at IS NULL AND m.function <> 'observer')`,
				actor.Kind == authz.KindUser, caseID, actor.ID)
			w.Add(`NOT EXISTS (SELECT FROM people o WHERE o.id = ANY (?::uuid[]) AND o.referrer_id = p.id)`, own(actor))
		}
	}
	var erasedAt *time.Time
	err := q.QueryRow(ctx, `SELECT p.erased_at FROM people p `+w.SQL(), w.Args...).Scan(&erasedAt)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return apperr.Missing(what)
	case err == nil && erasedAt != nil:
		return apperr.Conflict("This person's data was erased. Nothing can be added to it.")
	}
	return err
}

// own lists the person whom the actor is, if known: nobody works on their own record.
func own(actor authz.Actor) []string {
	if actor.PersonID == "" {
		return []string{}
	}
	return []string{actor.PersonID}
}
