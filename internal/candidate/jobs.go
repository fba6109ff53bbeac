package candidate

import (
	"context"
	"time"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// JobOption is a job as a filter offers it.
type JobOption struct {
	ID    string
	Title string
}

// jobsFresh is how long the filter's jobs are answered from memory: the list is read far more often than a job opens.
const jobsFresh = 20 * time.Second

// jobsShown bounds the filter: with more open jobs than this, one narrows the list from the job's own page.
const jobsShown = 40

// Jobs lists the open jobs to filter by, the newest first: all for whoever sees all people, their own for a hiring
// manager, none for others. The list may be some seconds old.
func (s *Service) Jobs(ctx context.Context, actor authz.Actor) ([]JobOption, error) {
	scope := actor.ID
	if actor.SeesAllPeople() {
		scope = ""
	}
	return s.jobs.Get(ctx, scope, s.db.Now(), func(ctx context.Context) ([]JobOption, error) { return s.readJobs(ctx, scope) })
}

func (s *Service) readJobs(ctx context.Context, manager string) ([]JobOption, error) {
	var w db.Where
	w.Add("status = 'open'")
	if manager != "" {
		w.Add("manager_id = ?", manager)
	}
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT id, title FROM jobs `+w.SQL()+`
		ORDER  BY created_at DESC, id DESC `+w.Number("LIMIT ?", jobsShown), w.Args...)
	return db.Many[JobOption](rows)
}
