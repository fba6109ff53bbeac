package hiring

import (
	"context"
	"strings"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// NewJob is what is entered of a job.
type NewJob struct {
	// ID is given by the form that the job is opened with, so that it makes one job however often it is sent; empty means a
	// new one.
	ID                                     JobID
	Title, LevelID, ManagerID, Team, Notes string
}

func (s *Service) tidyJob(n *NewJob) error {
	n.Title, n.Team, n.Notes = strings.TrimSpace(n.Title), strings.TrimSpace(n.Team), strings.TrimSpace(n.Notes)
	var p apperr.Problems
	p.Check(n.Title != "", "title", "Enter the job's title.")
	p.Check(len([]rune(n.Title)) <= 200, "title", "Use at most 200 characters.")
	p.Check(len([]rune(n.Team)) <= 200, "team", "Use at most 200 characters.")
	p.Check(len([]rune(n.Notes)) <= 5000, "notes", "Use at most 5,000 characters.")
	p.Check(!strings.ContainsRune(n.Title+n.Team+n.Notes, 0), "title", "Remove the characters that cannot be shown.")
	_, known := s.lib.Current().Level(n.LevelID)
	p.Check(known, "level", "Choose how deeply candidates are verified.")
	_, err := id.Parse(n.ManagerID)
	p.Check(err == nil, "manager", "Choose a hiring manager.")
	return p.Err()
}

// AddJob opens a job. A form that is sent twice names the same id: the second time it finds the job that the first one
// opened. One that was filled in anew, with another title, opens another.
func (s *Service) AddJob(ctx context.Context, actor authz.Actor, n NewJob) (JobID, error) {
	if err := s.tidyJob(&n); err != nil {
		return "", err
	}
	jobID := JobID(id.New())
	if given, err := id.Parse(string(n.ID)); err == nil {
		jobID = JobID(given)
	}
	err := s.db.Write(ctx, actor, func(tx *db.Tx) error {
		if err := checkManager(ctx, tx, n.ManagerID); err != nil {
			return err
		}
		if err := insertJob(ctx, tx, jobID, s.lib.Current().Version(), n); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "job.added", SubjectKind: "job", SubjectID: string(jobID),
			Detail: map[string]any{"title": n.Title, "level": n.LevelID, "manager": n.ManagerID}})
		return nil
	})
	if db.Violates(err) != "jobs_pkey" {
		return jobID, err
	}
	if before, err := s.Job(ctx, actor, jobID); err == nil && before.Title == n.Title {
		return jobID, nil
	}
	n.ID = ""
	return s.AddJob(ctx, actor, n)
}

// EditJob changes a job. Another level or manager counts at once for everybody who is under way in it.
func (s *Service) EditJob(ctx context.Context, actor authz.Actor, jobID JobID, version int, n NewJob) error {
	if err := s.tidyJob(&n); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		old, err := lockJob(ctx, tx, jobID, version)
		if err != nil {
			return err
		}
		if n.ManagerID != old.ManagerID {
			if err := checkManager(ctx, tx, n.ManagerID); err != nil {
				return err
			}
		}
		if err := updateJob(ctx, tx, jobID, n); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "job.edited", SubjectKind: "job", SubjectID: string(jobID),
			Detail: map[string]any{"title": n.Title, "level": n.LevelID, "manager": n.ManagerID,
				"was": map[string]any{"title": old.Title, "level": old.LevelID, "manager": old.ManagerID}}})
		if n.Title == old.Title && n.LevelID == old.LevelID && n.ManagerID == old.ManagerID {
			return nil
		}
		return s.settleJob(ctx, tx, jobID)
	})
}

// CloseJob ends the taking of candidates. Those under way stay until somebody decides about each.
func (s *Service) CloseJob(ctx context.Context, actor authz.Actor, jobID JobID, version int) error {
	return s.setJobStatus(ctx, actor, jobID, version, JobClosed, "job.closed")
}

// ReopenJob lets a closed job take candidates again.
func (s *Service) ReopenJob(ctx context.Context, actor authz.Actor, jobID JobID, version int) error {
	return s.setJobStatus(ctx, actor, jobID, version, JobOpen, "job.reopened")
}

func (s *Service) setJobStatus(ctx context.Context, actor authz.Actor, jobID JobID, version int, to JobStatus, action string) error {
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		job, err := lockJob(ctx, tx, jobID, version)
		if err != nil {
			return err
		}
		if job.Status == to {
			return apperr.Conflict("This job is %s already.", to)
		}
		tx.Record(db.Entry{Action: action, SubjectKind: "job", SubjectID: string(jobID)})
		return updateJobStatus(ctx, tx, jobID, to)
	})
}

// openJob reads a job that the actor may put candidates into. It stays as it is until the transaction ends.
func openJob(ctx context.Context, tx *db.Tx, jobID JobID) (Job, error) {
	if _, err := id.Parse(string(jobID)); err != nil {
		return Job{}, apperr.Invalid("job", "Choose a job.")
	}
	job, err := jobForShare(ctx, tx, jobID)
	if apperr.KindOf(err) == apperr.NotFound {
		return Job{}, apperr.Invalid("job", "Choose one of the jobs.")
	}
	if err == nil && job.Status != JobOpen {
		err = apperr.Invalid("job", "%s is closed. Choose an open job, or reopen it first.", job.Title)
	}
	return job, err
}
