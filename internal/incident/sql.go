package incident

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// seen is the one predicate of who sees a case: its current members, but never the subject, nor anybody whom the
// subject referred. The system's own work sees all. Its arguments come from asker, in the places given.
//
// The tables are cases c and case_members m, left-joined for the actor.
const (
	membership = `LEFT JOIN case_members m ON m.case_id = c.id AND m.user_id = $1 AND m.removed_at IS NULL`
	seen       = `
		($2 OR m.user_id IS NOT NULL)
		AND ($3::uuid IS NULL OR c.person_id <> $3 AND NOT EXISTS (
		     SELECT 1 FROM people referred WHERE referred.id = $3 AND referred.referrer_id = c.person_id))`
)

// asker gives the first three arguments of a query with membership and seen. A token is nobody's member.
func asker(actor authz.Actor, more ...any) []any {
	var user, person *string
	if actor.Kind == authz.KindUser && actor.ID != "" {
		user = &actor.ID
	}
	if actor.PersonID != "" {
		person = &actor.PersonID
	}
	return append([]any{user, actor.Kind == authz.KindSystem, person}, more...)
}

const caseColumns = `
	c.id, c.number, c.code_name, c.person_id, p.name AS person_name, c.engagement_id, c.application_id, c.edition,
	c.status, c.phase, c.reason, c.flag_ids, c.opened_at, c.opened_by, c.outcome, c.outcome_reason, c.decided_at,
	c.decided_by, c.agreed_at, c.agreed_by, c.closed_at, c.closed_by, c.lessons, c.version,
	c.sealed_at, c.sealed_by, c.sealed_at IS NOT NULL AND $1::uuid IS NOT NULL AND NOT EXISTS (
		SELECT FROM case_openings o WHERE o.case_id = c.id AND o.user_id = $1 AND o.until > now()) AS shut,
	coalesce(m.function, 'lead') AS function, coalesce(m.sees, 'whole') AS sees`

const caseSQL = `
	SELECT ` + caseColumns + `
	FROM   cases c
	JOIN   people p ON p.id = c.person_id
	` + membership + `
	WHERE  c.id = $4 AND ` + seen

func caseByID(ctx context.Context, q db.Querier, actor authz.Actor, id ID) (Case, error) {
	rows, _ := q.Query(ctx, caseSQL, asker(actor, id)...)
	return db.One[Case](rows, "case")
}

// lockCase holds the root row, so that acts on one case follow one another. A sealed case that the actor has not opened is a
// evidence.SealedError.
func lockCase(ctx context.Context, tx *db.Tx, id ID) (Case, error) {
	rows, _ := tx.Query(ctx, caseSQL+` FOR UPDATE OF c`, asker(tx.Actor, id)...)
	c, err := db.One[Case](rows, "case")
	if err == nil {
		err = c.ajar()
	}
	return c, err
}

func insertCase(ctx context.Context, tx *db.Tx, c Case) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO cases (id, code_name, person_id, engagement_id, application_id, edition, phase, reason, flag_ids,
		                   opened_at, opened_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		c.ID, c.CodeName, c.PersonID, c.EngagementID, c.ApplicationID, c.Edition, c.Phase, c.Reason, c.FlagIDs,
		tx.Now, tx.ActorID())
	return forPeople(err)
}

// freeName returns the first of the names that no case has.
func freeName(ctx context.Context, q db.Querier, names []string) (string, error) {
	var name string
	err := q.QueryRow(ctx, `
		SELECT t.name
		FROM   unnest($1::text[]) WITH ORDINALITY AS t (name, place)
		WHERE  NOT EXISTS (SELECT 1 FROM cases c WHERE lower(c.code_name) = lower(t.name))
		ORDER  BY t.place
		LIMIT  1`, names).Scan(&name)
	return name, err
}

// openCasesOf finds the person's open cases. It looks past membership: whoever asks must not pass the answer on.
func openCasesOf(ctx context.Context, q db.Querier, personID string) ([]ID, error) {
	rows, _ := q.Query(ctx, `SELECT id FROM cases WHERE person_id = $1 AND status = 'open' ORDER BY opened_at, id`, personID)
	return pgx.CollectRows(rows, pgx.RowTo[ID])
}

func setPhase(ctx context.Context, tx *db.Tx, id ID, phase catalogue.Phase) error {
	_, err := tx.Exec(ctx, `UPDATE cases SET phase = $2 WHERE id = $1`, id, phase)
	return err
}

func setProposed(ctx context.Context, tx *db.Tx, id ID, outcome Outcome, reason string) error {
	_, err := tx.Exec(ctx, `
		UPDATE cases SET outcome = $2, outcome_reason = $3, decided_at = $4, decided_by = $5,
		                 agreed_at = NULL, agreed_by = NULL, version = version + 1
		WHERE  id = $1`, id, outcome, reason, tx.Now, tx.ActorID())
	return err
}

// clearOutcome takes the outcome back, with the steps that it took off and the step of deciding.
func clearOutcome(ctx context.Context, tx *db.Tx, id ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE cases SET outcome = NULL, outcome_reason = '', decided_at = NULL, decided_by = NULL,
		                 agreed_at = NULL, agreed_by = NULL, version = version + 1
		WHERE  id = $1`, id)
	if err == nil {
		_, err = tx.Exec(ctx, `
			UPDATE case_steps SET state = 'open', done_at = NULL, done_by = NULL, version = version + 1
			WHERE  case_id = $1 AND (state = 'not-applicable' OR step_id = $2 AND state <> 'open')`, id, stepDecide)
	}
	return forPeople(err)
}

func setAgreed(ctx context.Context, tx *db.Tx, id ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE cases SET agreed_at = $2, agreed_by = $3, version = version + 1 WHERE id = $1`, id, tx.Now, tx.ActorID())
	return forPeople(err)
}

func setClosed(ctx context.Context, tx *db.Tx, id ID, lessons string) error {
	_, err := tx.Exec(ctx, `
		UPDATE cases SET status = 'closed', closed_at = $2, closed_by = $3, lessons = $4, version = version + 1
		WHERE  id = $1`, id, tx.Now, tx.ActorID(), lessons)
	return forPeople(err)
}

// insertEvent adds a line to the timeline.
func insertEvent(ctx context.Context, tx *db.Tx, eventID string, caseID ID, e event) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO case_timeline (id, case_id, at, actor_id, kind, text, step_id, evidence_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		eventID, caseID, tx.Now, tx.ActorID(), e.Kind, e.Text, e.StepID, e.EvidenceID)
	return err
}

func insertNote(ctx context.Context, tx *db.Tx, noteID string, caseID ID, stepID, body string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO case_notes (id, case_id, step_id, body, written_at, written_by)
		VALUES ($1, $2, $3, $4, $5, $6)`, noteID, caseID, stepID, body, tx.Now, tx.ActorID())
	return err
}

const notesSQL = `
	SELECT id, step_id, body, written_at, written_by
	FROM   case_notes
	WHERE  case_id = $1 AND ($2 = '' OR step_id = $2)
	ORDER  BY written_at DESC, id DESC
	LIMIT  500`

func notesOf(ctx context.Context, q db.Querier, id ID, stepID string) ([]Note, error) {
	rows, _ := q.Query(ctx, notesSQL, id, stepID)
	return db.ManyLax[Note](rows)
}

// forPeople gives a violated constraint its words.
func forPeople(err error) error {
	switch db.Violates(err) {
	case "cases_code_name":
		return apperr.With(err, apperr.Stale, "Two cases were opened at the same moment. Try again.")
	case "cases_second_person":
		return apperr.With(err, apperr.Denied, "You proposed this outcome. A second person has to agree to it.")
	case "cases_closed_with_outcome":
		return apperr.With(err, apperr.Stale, "A case is closed with an outcome that a second person agreed to.")
	}
	return err
}
