package signal

import (
	"context"
	"fmt"
	"time"

	"gatehouse/internal/platform/db"
)

// EnsurePartitions makes the partitions of the month before now, of now, and of the two months to come. Background
// work calls it, so that a month has its partition before its first event.
func (s *Service) EnsurePartitions(ctx context.Context, now time.Time) error {
	return s.EnsureMonths(ctx, now.AddDate(0, 0, -now.Day()), monthOf(now).AddDate(0, 2, 0))
}

// EnsureMonths makes the partitions of all months from the one of from to the one of until, for loading the past.
// Events of a month that were caught by the default partition move into their own.
func (s *Service) EnsureMonths(ctx context.Context, from, until time.Time) error {
	for month := monthOf(from); !month.After(until); month = month.AddDate(0, 1, 0) {
		if err := s.ensureMonth(ctx, month); err != nil {
			return fmt.Errorf("signals of %s: %w", month.Format("January 2006"), err)
		}
	}
	return nil
}

func monthOf(t time.Time) time.Time {
	y, m, _ := t.UTC().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

func (s *Service) ensureMonth(ctx context.Context, month time.Time) error {
	name := "signals_" + month.Format("2006_01")
	there, err := hasTable(ctx, s.db.Pool(), name)
	if err != nil || there {
		return err
	}
	return s.db.WriteUnaudited(ctx, "room for signals, which changes none", func(q db.Querier) error {
		// One process makes it; the others find it made. Whoever writes signals is not kept waiting for long.
		if _, err := q.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('signals partitions'))`); err != nil {
			return err
		}
		if there, err := hasTable(ctx, q, name); err != nil || there {
			return err
		}
		return makePartition(ctx, q, name, month, month.AddDate(0, 1, 0))
	})
}

// hasTable looks into the catalogue itself: to_regclass may answer from a cache that has not heard of other processes.
func hasTable(ctx context.Context, q db.Querier, name string) (there bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_class WHERE relname = $1 AND pg_table_is_visible(oid))`, name).Scan(&there)
	return there, err
}

// makePartition makes a month's table and moves into it what the default partition has caught. The default is locked
// first: what came in between would keep the new table from being attached.
func makePartition(ctx context.Context, q db.Querier, name string, from, until time.Time) error {
	const listed = `id, batch_id, source, external_id, occurred_at, signal_id, person_id, engagement_id, account, detail`
	bounds := fmt.Sprintf(`'%s') TO ('%s'`, from.Format(time.RFC3339), until.Format(time.RFC3339))
	for _, sql := range []string{
		`SET LOCAL lock_timeout = '5s'`,
		`LOCK TABLE signals_default IN ACCESS EXCLUSIVE MODE`,
		`CREATE TABLE ` + name + ` (LIKE signals INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
	} {
		if _, err := q.Exec(ctx, sql); err != nil {
			return err
		}
	}
	_, err := q.Exec(ctx, `
		WITH moved AS (DELETE FROM signals_default WHERE occurred_at >= $1 AND occurred_at < $2 RETURNING `+listed+`)
		INSERT INTO `+name+` (`+listed+`) SELECT `+listed+` FROM moved`, from, until)
	if err != nil {
		return err
	}
	_, err = q.Exec(ctx, `ALTER TABLE signals ATTACH PARTITION `+name+` FOR VALUES FROM (`+bounds+`)`)
	return err
}
