package dashboard

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/authz"
)

// TasksOf lists all the steps that Today shows the actor as theirs.
func TasksOf(ctx context.Context, t testing.TB, s *Service, actor authz.Actor) []Clock {
	t.Helper()
	var steps []stepRow
	batch := &pgx.Batch{}
	queueSteps(batch, actor, &steps)
	if err := s.db.Pool().SendBatch(ctx, batch).Close(); err != nil {
		t.Fatal(err)
	}
	return s.clocks(steps, waitsForMe(s.db.Now()))
}
