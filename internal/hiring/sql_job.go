package hiring

import (
	"context"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/page"
)

const jobColumns = `j.id, j.number, j.title, j.level_id, j.edition, j.manager_id, u.name AS manager_name, j.team, j.notes,
	j.status, j.created_at, j.version,
	(SELECT count(*) FROM applications a WHERE a.job_id = j.id AND a.status = 'active') AS active`

const jobTables = `jobs j JOIN users u ON u.id = j.manager_id`

func insertJob(ctx context.Context, tx *db.Tx, jobID JobID, edition string, n NewJob) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO jobs (id, title, level_id, edition, manager_id, team, notes, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		jobID, n.Title, n.LevelID, edition, n.ManagerID, n.Team, n.Notes, tx.Now, tx.ActorID())
	return err
}

func updateJob(ctx context.Context, tx *db.Tx, jobID JobID, n NewJob) error {
	_, err := tx.Exec(ctx, `
		UPDATE jobs
		SET    title = $2, level_id = $3, manager_id = $4, team = $5, notes = $6, version = version + 1
		WHERE  id = $1`, jobID, n.Title, n.LevelID, n.ManagerID, n.Team, n.Notes)
	return err
}

func updateJobStatus(ctx context.Context, tx *db.Tx, jobID JobID, to JobStatus) error {
	_, err := tx.Exec(ctx, `UPDATE jobs SET status = $2, version = version + 1 WHERE id = $1`, jobID, to)
	return err
}

func jobByID(ctx context.Context, q db.Querier, actor authz.Actor, jobID JobID, lock string) (Job, error) {
	var w db.Where
	w.Add("j.id = ?", jobID)
	visibleJobs(actor, &w, "j")
	rows, _ := q.Query(ctx, `SELECT `+jobColumns+` FROM `+jobTables+` `+w.SQL()+` `+lock, w.Args...)
	return db.One[Job](rows, "job")
}

func lockJob(ctx context.Context, tx *db.Tx, jobID JobID, version int) (Job, error) {
	job, err := jobByID(ctx, tx, tx.Actor, jobID, "FOR UPDATE OF j")
	if err == nil && job.Version != version {
		err = apperr.Conflict("%s was changed meanwhile. Look at the current values and try again.", job.Title)
	}
	return job, err
}

func jobForShare(ctx context.Context, tx *db.Tx, jobID JobID) (Job, error) {
	return jobByID(ctx, tx, tx.Actor, jobID, "FOR SHARE OF j")
}

func openJobs(ctx context.Context, q db.Querier, actor authz.Actor) ([]Job, error) {
	var w db.Where
	w.Add("j.status = 'open'")
	visibleJobs(actor, &w, "j")
	rows, _ := q.Query(ctx, `SELECT `+jobColumns+` FROM `+jobTables+` `+w.SQL()+` ORDER BY lower(j.title), j.number`, w.Args...)
	return db.Many[Job](rows)
}

func listJobs(ctx context.Context, q db.Querier, actor authz.Actor, f JobFilter) (page.Slice[Job], error) {
	var w db.Where
	visibleJobs(actor, &w, "j")
	if f.Status != "" {
		w.Add("j.status = ?", f.Status)
	}
	if f.ManagerID != "" {
		w.Add("j.manager_id = ?", f.ManagerID)
	}
	if f.LevelID != "" {
		w.Add("j.level_id = ?", f.LevelID)
	}
	if f.Text != "" {
		w.Add("strpos(lower(j.title || ' ' || j.team), lower(?)) > 0", plain(f.Text))
	}
	way, order := turn(&w, f.After, f.Before, "j.created_at", "j.id")
	size := sizeOr(f.Size)
	rows, _ := q.Query(ctx, `SELECT `+jobColumns+` FROM `+jobTables+` `+w.SQL()+order+w.Number(" LIMIT ?", size+1), w.Args...)
	jobs, err := db.Many[Job](rows)
	return page.Turn(jobs, size, way, atCreated), err
}

// turn adds the condition of a cursor of a list that runs from the latest to the earliest, and returns the way and
// the order to read in.
func turn(w *db.Where, after, before, key, row string) (page.Way, string) {
	if c, err := page.Parse[time.Time](after); err == nil {
		w.Add("("+key+", "+row+") < (?, ?)", c.Key, c.ID)
		return page.Onward, " ORDER BY " + key + " DESC, " + row + " DESC"
	}
	if c, err := page.Parse[time.Time](before); err == nil {
		w.Add("("+key+", "+row+") > (?, ?)", c.Key, c.ID)
		return page.Back, " ORDER BY " + key + ", " + row
	}
	return page.Start, " ORDER BY " + key + " DESC, " + row + " DESC"
}

func sizeOr(size int) int {
	if size <= 0 {
		return pageSize
	}
	return size
}

// checkManager refuses anybody who is not a hiring manager who can sign in.
func checkManager(ctx context.Context, q db.Querier, userID string) error {
	return userThat(ctx, q, userID, "'hiring_manager' = ANY (roles)", "Choose somebody who is a hiring manager.")
}

// checkUser refuses anybody who cannot sign in.
func checkUser(ctx context.Context, q db.Querier, userID string) error {
	return userThat(ctx, q, userID, "true", "Choose somebody who has an account here.")
}

func userThat(ctx context.Context, q db.Querier, userID, condition, message string) error {
	var ok bool
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM users WHERE id = $1 AND disabled_at IS NULL AND `+condition+`)`, userID).Scan(&ok)
	if err == nil && !ok {
		err = apperr.Invalid("manager", "%s", message)
	}
	return err
}
