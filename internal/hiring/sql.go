package hiring

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

const applicationColumns = `a.id, a.person_id, a.job_id, a.edition, a.stage_id, a.stage_since, a.status, a.applied_at,
	a.ended_at, a.ended_by, a.ended_reason, a.aside, a.version,
	j.number AS job_number, j.title AS job_title, j.status AS job_status, j.level_id, j.manager_id, u.name AS manager_name`

const applicationTables = `applications a JOIN jobs j ON j.id = a.job_id JOIN users u ON u.id = j.manager_id`

func insertApplication(ctx context.Context, tx *db.Tx, appID ApplicationID, personID person.ID, jobID JobID, edition, stageID string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, applied_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6)`, appID, personID, jobID, edition, stageID, tx.Now)
	if err != nil {
		return forPeople(err)
	}
	return insertTransition(ctx, tx, appID, "", stageID, "")
}

func insertTransition(ctx context.Context, tx *db.Tx, appID ApplicationID, from, to, reason string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO application_moves (id, application_id, from_stage, to_stage, at, moved_by, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, id.New(), appID, from, to, tx.Now, tx.ActorID(), reason)
	return err
}

// applicationByID reads an application of a job that the actor sees; whether they see the person is for the caller.
func applicationByID(ctx context.Context, q db.Querier, actor authz.Actor, appID ApplicationID, lock string) (Application, error) {
	var w db.Where
	w.Add("a.id = ?", appID)
	visibleJobs(actor, &w, "j")
	if actor.PersonID != "" {
		w.Add("a.person_id <> ?", actor.PersonID)
	}
	rows, _ := q.Query(ctx, `SELECT `+applicationColumns+` FROM `+applicationTables+` `+w.SQL()+` `+lock, w.Args...)
	return db.One[Application](rows, "application")
}

func applicationsOf(ctx context.Context, q db.Querier, personID person.ID) ([]Application, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+applicationColumns+`
		FROM   `+applicationTables+`
		WHERE  a.person_id = $1
		ORDER  BY a.applied_at DESC, a.id DESC`, personID)
	return db.Many[Application](rows)
}

func moveApplication(ctx context.Context, tx *db.Tx, a Application, to string, status Status) error {
	if status == Active {
		_, err := tx.Exec(ctx, `
			UPDATE applications SET stage_id = $2, stage_since = $3, version = version + 1 WHERE id = $1`, a.ID, to, tx.Now)
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE applications
		SET    stage_id = $2, stage_since = $3, status = $4, ended_at = $3, ended_by = $5, version = version + 1
		WHERE  id = $1`, a.ID, to, tx.Now, status, tx.ActorID())
	return err
}

func touchApplication(ctx context.Context, tx *db.Tx, appID ApplicationID) error {
	_, err := tx.Exec(ctx, `UPDATE applications SET version = version + 1 WHERE id = $1`, appID)
	return err
}

func endApplication(ctx context.Context, tx *db.Tx, appID ApplicationID, status Status, reason string) error {
	_, err := tx.Exec(ctx, `
		UPDATE applications
		SET    status = $2, ended_at = $3, ended_by = $4, ended_reason = $5, version = version + 1
		WHERE  id = $1`, appID, status, tx.Now, tx.ActorID(), reason)
	return err
}

func reopenApplication(ctx context.Context, tx *db.Tx, appID ApplicationID) error {
	_, err := tx.Exec(ctx, `
		UPDATE applications
		SET    status = 'active', ended_at = NULL, ended_by = NULL, ended_reason = '', version = version + 1
		WHERE  id = $1`, appID)
	return forPeople(err)
}

// setAside marks the person's applications but the main one.
func setAside(ctx context.Context, tx *db.Tx, personID person.ID, main ApplicationID) error {
	_, err := tx.Exec(ctx, `
		UPDATE applications SET aside = (id::text <> $2)
		WHERE  person_id = $1 AND aside <> (id::text <> $2)`, personID, string(main))
	return err
}

// ownsPerson refuses, as NotFound, whoever sees a person only because they interview them.
func ownsPerson(ctx context.Context, q db.Querier, actor authz.Actor, personID person.ID) error {
	var w db.Where
	visibleJobs(actor, &w, "j")
	if w.SQL() == "" {
		return nil
	}
	w.Add("a.person_id = ?", personID)
	var owns bool
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM applications a JOIN jobs j ON j.id = a.job_id `+w.SQL()+`)`, w.Args...).Scan(&owns)
	if err == nil && !owns {
		err = apperr.Missing("person")
	}
	return err
}

func transitionsOf(ctx context.Context, q db.Querier, apps []ApplicationID) ([]Transition, error) {
	rows, _ := q.Query(ctx, `
		SELECT m.application_id, m.from_stage, m.to_stage, m.at, m.moved_by, coalesce(u.name, '') AS moved_by_name, m.reason
		FROM   application_moves m LEFT JOIN users u ON u.id = m.moved_by
		WHERE  m.application_id = ANY ($1::uuid[])
		ORDER  BY m.at, m.id`, texts(apps))
	return db.Many[Transition](rows)
}

func overridesOf(ctx context.Context, q db.Querier, apps []ApplicationID) ([]Overridden, error) {
	rows, _ := q.Query(ctx, `
		SELECT o.application_id, o.check_id, o.stage_id, o.reason, o.overridden_by,
		       coalesce(u.name, '') AS overridden_by_name, o.overridden_at
		FROM   gate_overrides o LEFT JOIN users u ON u.id = o.overridden_by
		WHERE  o.application_id = ANY ($1::uuid[])
		ORDER  BY o.overridden_at, o.check_id`, texts(apps))
	return db.Many[Overridden](rows)
}

// upsertOverrides keeps the last reason for an item; the earlier ones are in the audit log.
func upsertOverrides(ctx context.Context, tx *db.Tx, appID ApplicationID, stageID string, items []string, reason string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO gate_overrides (application_id, check_id, stage_id, reason, overridden_by, overridden_at)
		SELECT $1, item, $3, $4, $5, $6 FROM unnest($2::text[]) AS item
		ON     CONFLICT (application_id, check_id) DO UPDATE
		SET    stage_id = excluded.stage_id, reason = excluded.reason,
		       overridden_by = excluded.overridden_by, overridden_at = excluded.overridden_at`,
		appID, items, stageID, reason, tx.ActorID(), tx.Now)
	return err
}

func flagsOf(ctx context.Context, q db.Querier, personID person.ID) ([]flag.Flag, error) {
	rows, _ := q.Query(ctx, flag.ForPersonSQL, personID)
	return db.Many[flag.Flag](rows)
}

// applicantsPerStage is how many applications of a stage a job's page shows.
const applicantsPerStage = 50

func applicantsOf(ctx context.Context, q db.Querier, ed *catalogue.Edition, actor authz.Actor, jobID JobID) ([]Applicants, error) {
	var w db.Where
	w.Add("a.job_id = ? AND a.status = 'active'", jobID)
	person.Visible(actor, &w, "p")
	rows, _ := q.Query(ctx, `
		SELECT `+person.ListColumns+`, p.application, p.at_stage, p.since, p.application_version, p.aside, p.of_stage
		FROM  (SELECT `+person.ListColumns+`, a.id AS application, a.stage_id AS at_stage, a.stage_since AS since, a.version AS application_version, a.aside,
		              count(*) OVER (PARTITION BY a.stage_id) AS of_stage,
		              row_number() OVER (PARTITION BY a.stage_id ORDER BY a.stage_since DESC, a.id DESC) AS place
		       FROM   applications a JOIN people p ON p.id = a.person_id
		       `+w.SQL()+`) p
		`+w.Number("WHERE place <= ? ORDER BY place", applicantsPerStage), w.Args...)
	stages := make([]Applicants, len(ed.Stages))
	for rows.Next() {
		var a Applicant
		var count int
		if err := rows.Scan(append(a.Person.ScanInto(nil), &a.ID, &a.StageID, &a.StageSince, &a.Version, &a.Aside, &count)...); err != nil {
			rows.Close()
			return nil, err
		}
		a.PersonID, a.JobID, a.Status = a.Person.ID, jobID, Active
		if at := order(ed, a.StageID); at >= 0 {
			stages[at].Stage, stages[at].Count = ed.Stages[at], count
			stages[at].Items = append(stages[at].Items, a)
		}
	}
	used := stages[:0]
	for _, stage := range stages {
		if stage.Stage != nil {
			used = append(used, stage)
		}
	}
	return used, rows.Err()
}

// lockPeopleOf locks, in a fixed order, everybody who ever applied for the job.
func lockPeopleOf(ctx context.Context, tx *db.Tx, jobID JobID) ([]person.ID, error) {
	rows, _ := tx.Query(ctx, `
		SELECT p.id FROM people p
		WHERE  p.id IN (SELECT a.person_id FROM applications a WHERE a.job_id = $1)
		ORDER  BY p.id
		FOR    UPDATE`, jobID)
	return pgx.CollectRows(rows, pgx.RowTo[person.ID])
}

// texts are ids as an array that PostgreSQL takes.
func texts[T ~string](ids []T) []string {
	plain := make([]string, len(ids))
	for i, x := range ids {
		plain[i] = string(x)
	}
	return plain
}

// forPeople turns violated constraints into messages.
func forPeople(err error) error {
	if db.Violates(err) == "applications_active_once" {
		return apperr.Conflict("This person is under way in this job already.")
	}
	return err
}

// OwesScorecard is an SQL condition: the viewer has an own scorecard on the person still to submit. Most viewers owe none
// to anybody, and then nothing of the person is read.
func OwesScorecard(viewer, personID string) string {
	return `(EXISTS (SELECT FROM interviewers v WHERE v.user_id = ` + viewer + ` AND v.submitted_at IS NULL)
		        AND EXISTS (SELECT FROM interviews i JOIN interviewers v ON v.interview_id = i.id
		                    WHERE  i.person_id = ` + personID + ` AND i.status <> 'cancelled'
		                    AND    v.user_id = ` + viewer + ` AND v.submitted_at IS NULL))`
}
