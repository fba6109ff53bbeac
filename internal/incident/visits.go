package incident

import (
	"context"
	"time"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

const (
	// visitPeriod is how long one entry stands for all that somebody opens of a case.
	visitPeriod = 30 * time.Minute
	// visitors bounds what a process remembers of visits.
	visitors = 20_000
)

// visited records that somebody opened the case: one entry per viewer, case and period, so that who looked can be
// found while the hot page stays a single read.
func (s *Service) visited(ctx context.Context, actor authz.Actor, c Case) error {
	if actor.Kind != authz.KindUser {
		return nil
	}
	return s.visits.Do(actor.ID+"/"+string(c.ID), func() error {
		return s.db.Write(ctx, actor, func(tx *db.Tx) error {
			record(tx, c, event{Kind: "case.viewed", Detail: map[string]any{"function": c.Function}})
			return nil
		})
	})
}

// Visit is how often, and when last, somebody opened a case or its report.
type Visit struct {
	UserID  string
	Name    string
	Times   int
	Reports int
	LastAt  time.Time
}

// Visits lists who opened the case, the latest first, for whoever sees the whole of it: the audit log holds each
// opening by itself.
func (s *Service) Visits(ctx context.Context, actor authz.Actor, caseID ID) ([]Visit, error) {
	if _, err := s.whole(ctx, actor, caseID); err != nil {
		return nil, err
	}
	rows, _ := s.db.Pool().Query(ctx, `
		SELECT e.actor_id AS user_id, u.name, count(*) FILTER (WHERE e.action = 'case.viewed') AS times,
		       count(*) FILTER (WHERE e.action = 'case.report_read') AS reports, max(e.at) AS last_at
		FROM   audit_entries e
		JOIN   users u ON u.id = e.actor_id
		WHERE  e.case_id = $1 AND e.actor_kind = 'user' AND e.action IN ('case.viewed', 'case.report_read')
		GROUP  BY 1, 2
		ORDER  BY last_at DESC, u.name
		LIMIT  200`, caseID)
	return db.Many[Visit](rows)
}
