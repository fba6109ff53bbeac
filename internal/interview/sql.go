package interview

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// me is the actor's id for a comparison with a user column: null, equal to nobody, for the system.
func me(actor authz.Actor) *string {
	if actor.Kind != authz.KindUser || actor.ID == "" {
		return nil
	}
	return &actor.ID
}

// visible narrows a query over interviews i and jobs j to the rows that the actor sees: all for those who see all
// people, else the interviews of own jobs and one's own. Nobody sees an interview about themselves.
func visible(actor authz.Actor, w *db.Where) {
	if actor.PersonID != "" {
		w.Add("i.person_id <> ?", actor.PersonID)
	}
	if actor.SeesAllPeople() {
		return
	}
	own := "EXISTS (SELECT FROM interviewers v WHERE v.interview_id = i.id AND v.user_id = ?)"
	if actor.Has(authz.HiringManager) {
		w.Add("(j.manager_id = ? OR "+own+")", me(actor), me(actor))
		return
	}
	w.Add(own, me(actor))
}

// unveiled narrows scorecards c to those the actor may read: their own, and the others' unless they still owe one
// in the same interview. Every read of scorecards uses it.
const unveiled = `(c.user_id = @me OR NOT EXISTS (
	SELECT FROM interviewers o WHERE o.interview_id = c.interview_id AND o.user_id = @me AND o.submitted_at IS NULL))`

const interviewColumns = `i.id, i.application_id, i.person_id, i.job_id, i.stage_id, i.edition, i.kit, i.starts_at, i.minutes,
	i.place, i.status, i.created_at, i.created_by, i.cancelled_at, i.cancel_reason, i.version,
	p.name AS person_name, p.location AS person_location, p.time_zone AS person_time_zone,
	j.title AS job_title, j.level_id, j.manager_id`

const interviewTables = ` FROM interviews i JOIN people p ON p.id = i.person_id JOIN jobs j ON j.id = i.job_id `

// interviewQuery selects one interview if the actor sees it; lock is a locking clause or empty.
func interviewQuery(actor authz.Actor, id ID, lock string) (string, []any) {
	var w db.Where
	w.Add("i.id = ?", id)
	visible(actor, &w)
	return `SELECT ` + interviewColumns + interviewTables + w.SQL() + lock, w.Args
}

func lockVisible(ctx context.Context, tx *db.Tx, id ID, lock string) (Interview, error) {
	sql, args := interviewQuery(tx.Actor, id, lock)
	rows, _ := tx.Query(ctx, sql, args...)
	return db.One[Interview](rows, "interview")
}

const interviewersSQL = `
	SELECT v.user_id, u.name, v.submitted_at
	FROM   interviewers v JOIN users u ON u.id = v.user_id
	WHERE  v.interview_id = $1
	ORDER  BY lower(u.name), v.user_id`

func interviewersOf(ctx context.Context, q db.Querier, id ID) ([]Interviewer, error) {
	rows, _ := q.Query(ctx, interviewersSQL, id)
	return db.Many[Interviewer](rows)
}

// lockOwn locks the actor's place among the interviewers, so that two open pages of one person take turns.
func lockOwn(ctx context.Context, tx *db.Tx, id ID) (Interviewer, error) {
	rows, _ := tx.Query(ctx, `
		SELECT v.user_id, u.name, v.submitted_at
		FROM   interviewers v JOIN users u ON u.id = v.user_id
		WHERE  v.interview_id = $1 AND v.user_id = $2
		FOR UPDATE OF v`, id, me(tx.Actor))
	own, err := db.One[Interviewer](rows, "interview")
	if apperr.KindOf(err) == apperr.NotFound {
		return own, apperr.Forbidden("Only the interviewers of this interview answer its checks.")
	}
	return own, err
}

const draftSQL = `
	SELECT check_id, verdict, note, revision, answered_at
	FROM   answers
	WHERE  interview_id = $1 AND user_id = $2`

// answerRow is a row of answers.
type answerRow struct {
	CheckID    string
	Verdict    catalogue.Answer
	Note       string
	Revision   int
	AnsweredAt time.Time
}

func (r answerRow) answer() Answer {
	return Answer{CheckID: r.CheckID, Verdict: r.Verdict, Note: r.Note, Revision: r.Revision, AnsweredAt: r.AnsweredAt}
}

func collectDraft(rows pgx.Rows) (Draft, error) {
	list, err := db.Many[answerRow](rows)
	draft := make(Draft, len(list))
	for _, r := range list {
		draft[r.CheckID] = r.answer()
	}
	return draft, err
}

func draftOf(ctx context.Context, q db.Querier, id ID, user account.ID) (Draft, error) {
	rows, _ := q.Query(ctx, draftSQL, id, user)
	return collectDraft(rows)
}

func upsertAnswer(ctx context.Context, tx *db.Tx, id ID, user account.ID, a Answer) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO answers (interview_id, user_id, check_id, verdict, note, revision, answered_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (interview_id, user_id, check_id) DO UPDATE
		SET    verdict = excluded.verdict, note = excluded.note, revision = excluded.revision, answered_at = excluded.answered_at`,
		id, user, a.CheckID, a.Verdict, a.Note, a.Revision, a.AnsweredAt)
	return err
}

func deleteDraft(ctx context.Context, tx *db.Tx, id ID, user account.ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM answers WHERE interview_id = $1 AND user_id = $2`, id, user)
	return err
}

// planned is an application as planning sees it.
type planned struct {
	ID             hiring.ApplicationID
	PersonID       person.ID
	JobID          hiring.JobID
	StageID        string
	Edition        string
	Status         string
	PersonName     string
	PersonTimeZone string
	JobTitle       string
	LevelID        string
	ManagerID      account.ID
}

// plannedFor finds an application that the actor may plan for: those of own jobs, or all for those who see all.
func plannedFor(ctx context.Context, q db.Querier, actor authz.Actor, app hiring.ApplicationID, lock string) (planned, error) {
	var w db.Where
	w.Add("a.id = ?", app)
	if !actor.SeesAllPeople() {
		w.Add("j.manager_id = ?", me(actor))
	}
	if actor.PersonID != "" {
		w.Add("a.person_id <> ?", actor.PersonID)
	}
	rows, _ := q.Query(ctx, `
		SELECT a.id, a.person_id, a.job_id, a.stage_id, a.edition, a.status, p.name AS person_name,
		       p.time_zone AS person_time_zone, j.title AS job_title, j.level_id, j.manager_id
		FROM   applications a JOIN people p ON p.id = a.person_id JOIN jobs j ON j.id = a.job_id `+w.SQL()+lock, w.Args...)
	return db.One[planned](rows, "application")
}

// holdersFor lists who may interview the person: enabled users with a fitting role, never the person themselves.
func holdersFor(ctx context.Context, q db.Querier, about person.ID) ([]Holder, error) {
	rows, _ := q.Query(ctx, `
		SELECT id, name, roles
		FROM   users
		WHERE  disabled_at IS NULL AND roles && $1::text[] AND person_id IS DISTINCT FROM $2
		ORDER  BY lower(name), id`, Holders, about)
	return db.Many[Holder](rows)
}

// plannedAt finds the application's interview of that moment with exactly those interviewers, empty if there is none.
// Interviewers of a plan are sorted.
func plannedAt(ctx context.Context, tx *db.Tx, a planned, p Plan) (ID, error) {
	var found ID
	err := tx.QueryRow(ctx, `
		SELECT coalesce((SELECT i.id::text FROM interviews i
		                 WHERE  i.application_id = $1 AND i.starts_at = $2 AND i.stage_id = $4 AND i.status = 'scheduled'
		                 AND    ARRAY(SELECT v.user_id::text FROM interviewers v WHERE v.interview_id = i.id ORDER BY v.user_id) = $3::text[]
		                 LIMIT 1), '')`, a.ID, p.StartsAt, p.Interviewers, a.StageID).Scan(&found)
	return found, err
}

func insertInterview(ctx context.Context, tx *db.Tx, id ID, app planned, p Plan) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO interviews (id, application_id, person_id, job_id, stage_id, edition, kit, starts_at, minutes, place,
		                        created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		id, app.ID, app.PersonID, app.JobID, app.StageID, app.Edition, p.Kit, p.StartsAt, p.Minutes, p.Place,
		tx.Now, tx.ActorID())
	return err
}

func insertInterviewers(ctx context.Context, tx *db.Tx, id ID, users []account.ID) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO interviewers (interview_id, user_id)
		SELECT $1, u FROM unnest($2::uuid[]) AS u
		ON CONFLICT DO NOTHING`, id, users)
	return err
}

// deleteInterviewers takes everybody outside keep off the interview.
func deleteInterviewers(ctx context.Context, tx *db.Tx, id ID, keep []account.ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM interviewers WHERE interview_id = $1 AND user_id <> ALL ($2::uuid[])`, id, keep)
	return err
}

// begun lists the interviewers outside keep who have answered or submitted something: they stay.
func begun(ctx context.Context, tx *db.Tx, id ID, keep []account.ID) ([]string, error) {
	rows, _ := tx.Query(ctx, `
		SELECT u.name
		FROM   interviewers v JOIN users u ON u.id = v.user_id
		WHERE  v.interview_id = $1 AND v.user_id <> ALL ($2::uuid[])
		AND    (v.submitted_at IS NOT NULL
		        OR EXISTS (SELECT FROM answers a WHERE a.interview_id = v.interview_id AND a.user_id = v.user_id))
		ORDER  BY lower(u.name)`, id, keep)
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func updatePlan(ctx context.Context, tx *db.Tx, id ID, p Plan) error {
	_, err := tx.Exec(ctx, `
		UPDATE interviews SET starts_at = $2, minutes = $3, place = $4, version = version + 1 WHERE id = $1`,
		id, p.StartsAt, p.Minutes, p.Place)
	return err
}

func cancelInterview(ctx context.Context, tx *db.Tx, id ID, reason string) error {
	_, err := tx.Exec(ctx, `
		UPDATE interviews
		SET    status = 'cancelled', cancelled_at = $2, cancelled_by = $3, cancel_reason = $4, version = version + 1
		WHERE  id = $1`, id, tx.Now, tx.ActorID(), reason)
	return err
}

func markSubmitted(ctx context.Context, tx *db.Tx, id ID, user account.ID) error {
	_, err := tx.Exec(ctx, `UPDATE interviewers SET submitted_at = $3 WHERE interview_id = $1 AND user_id = $2`, id, user, tx.Now)
	return err
}

func markDone(ctx context.Context, tx *db.Tx, id ID) error {
	_, err := tx.Exec(ctx, `UPDATE interviews SET status = 'done', version = version + 1 WHERE id = $1`, id)
	return err
}

// attachedTo lists the evidence attached to one interviewer's answers, by check.
func attachedTo(ctx context.Context, q db.Querier, id ID, user account.ID, kit []string) (map[string][]evidence.ID, error) {
	subjects, byID := make([]string, len(kit)), make(map[string]string, len(kit))
	for i, checkID := range kit {
		subjects[i] = AnswerSubject(id, checkID, user).ID
		byID[subjects[i]] = checkID
	}
	rows, _ := q.Query(ctx, `
		SELECT subject_id, evidence_id
		FROM   evidence_links
		WHERE  subject_kind = 'answer' AND subject_id = ANY ($1)
		ORDER  BY linked_at, evidence_id`, subjects)
	attached := map[string][]evidence.ID{}
	var subject string
	var item evidence.ID
	_, err := pgx.ForEachRow(rows, []any{&subject, &item}, func() error {
		attached[byID[subject]] = append(attached[byID[subject]], item)
		return nil
	})
	return attached, err
}

// known lists what is known of a person besides this interview, as far as coverage depends on it.
func known(ctx context.Context, q db.Querier, iv Interview) (map[string]catalogue.Answer, error) {
	rows, _ := q.Query(ctx, `
		SELECT item_id, answer
		FROM   outcomes
		WHERE  person_id = $1 AND answer <> 'not-done' AND NOT (origin_kind = 'answer' AND starts_with(origin_id, $2))`,
		iv.PersonID, string(iv.ID)+"/")
	answers := map[string]catalogue.Answer{}
	var item string
	var answer catalogue.Answer
	_, err := pgx.ForEachRow(rows, []any{&item, &answer}, func() error {
		answers[item] = answer
		return nil
	})
	return answers, err
}
