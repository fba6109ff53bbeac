package demo

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/account"
	"gatehouse/internal/app"
	"gatehouse/internal/interview"
	"gatehouse/internal/platform/authz"
)

// Refresh brings the next interview to a few minutes from now, so that a demo opened again has something to do today.
func Refresh(ctx context.Context, a *app.App) error {
	d, now := a.DB, a.DB.Now()
	var passed struct {
		id           interview.ID
		version      int
		minutes      int
		place        string
		interviewers []account.ID
	}
	err := d.Pool().QueryRow(ctx, `
		SELECT i.id, i.version, i.minutes, i.place, array_agg(v.user_id::text)
		FROM   interviews i
		JOIN   interviewers v ON v.interview_id = i.id
		JOIN   users u ON u.id = v.user_id
		WHERE  i.status = 'scheduled' AND NOT EXISTS (SELECT FROM interviewers o WHERE o.interview_id = i.id AND o.submitted_at IS NOT NULL)
		AND    i.starts_at < $1
		GROUP  BY i.id
		HAVING bool_or(lower(u.email) = $2)
		ORDER  BY i.starts_at DESC
		LIMIT  1`, now, emails[authz.Interviewer]).Scan(&passed.id, &passed.version, &passed.minutes, &passed.place, &passed.interviewers)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	planners, err := a.Features.Accounts.WithRole(ctx, string(authz.HR))
	if err != nil || len(planners) == 0 {
		return err
	}
	return a.Features.Interviews.Reschedule(ctx, planners[0].Actor(), passed.id, passed.version, interview.Plan{
		StartsAt: now.Add(Soon).Truncate(time.Minute), Minutes: passed.minutes, Place: passed.place, Interviewers: passed.interviewers})
}
