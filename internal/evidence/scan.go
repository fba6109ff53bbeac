package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

const (
	// scanShare is about how long one call of Scan reads: it comes round each minute.
	scanShare = 2 * time.Second
	// scanAgain is after how long an item is read through anew.
	scanAgain = 30 * 24 * time.Hour
	// scanRetry is the same for one that could not be read.
	scanRetry = 24 * time.Hour
	// scanSettled is how old an item is when it is first read through: whatever began before it has committed by then, so that
	// none is passed over.
	scanSettled = time.Hour
	// scanBatch is how many items are looked up at a time.
	scanBatch = 20
)

// Scan reads through the content of items that were not looked at for long, for a short while, and notes whether it is what was
// collected. What is found altered or missing, and what is found whole again, leaves an entry. One that cannot be read is an
// error and no finding: its turn comes again a day later, and the scan goes on behind it with the next call.
func (s *Service) Scan(ctx context.Context) error {
	while, done := context.WithTimeout(ctx, scanShare)
	defer done()
	for while.Err() == nil {
		items, err := toScan(ctx, s.db.Pool(), s.db.Now())
		if err != nil || len(items) == 0 {
			return err
		}
		for _, item := range items {
			if while.Err() != nil {
				return nil
			}
			if err := s.scan(ctx, item); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) scan(ctx context.Context, item Item) error {
	result, err := s.examine(ctx, item)
	if err != nil {
		return errors.Join(fmt.Errorf("read evidence %s through: %w", item.ID, err), s.noteScan(ctx, item.ID, unread))
	}
	before, err := scanOf(ctx, s.db.Pool(), item.ID)
	if err != nil {
		return err
	}
	if result == before || result == Intact && before != Altered {
		return s.noteScan(ctx, item.ID, result)
	}
	return s.alarm(ctx, item, result)
}

func (s *Service) noteScan(ctx context.Context, itemID ID, result string) error {
	return s.db.WriteUnaudited(ctx, "when an item was read through, which found nothing new", func(q db.Querier) error {
		return putScan(ctx, q, itemID, s.db.Now(), result)
	})
}

// unread is the result of a scan that could not read an item.
const unread = "unread"

// examine reads an item's content through and says whether it is what was collected.
func (s *Service) examine(ctx context.Context, item Item) (result string, err error) {
	err = s.readThrough(ctx, item)
	if err == nil {
		return Intact, nil
	}
	if Spoiled(err) {
		return Altered, nil
	}
	return "", err
}

// AlteredItems lists items whose content was altered or missing when it was last read through, at most so many.
func (s *Service) AlteredItems(ctx context.Context, most int) ([]ID, error) {
	return AlteredIn(ctx, s.db.Pool(), most)
}

// AlteredIn is AlteredItems for whoever has a database and no store.
func AlteredIn(ctx context.Context, q db.Querier, most int) ([]ID, error) {
	rows, _ := q.Query(ctx, `SELECT evidence_id FROM evidence_scans WHERE result = 'altered' ORDER BY evidence_id LIMIT $1`, most)
	return pgx.CollectRows(rows, pgx.RowTo[ID])
}

// toScan finds items never read through, the oldest first, and when there are none those whose turn comes round. Items are
// read in the order of their ids, so that what lies behind the last one read is new. Those that somebody found altered before
// their turn say nothing about the ones before them.
func toScan(ctx context.Context, q db.Querier, now time.Time) ([]Item, error) {
	rows, _ := q.Query(ctx, `SELECT `+itemColumns+itemTables+`
		WHERE  e.id > COALESCE((SELECT evidence_id FROM evidence_scans WHERE result <> 'altered' ORDER BY evidence_id DESC LIMIT 1), '00000000-0000-0000-0000-000000000000')
		AND    NOT EXISTS (SELECT FROM evidence_scans s WHERE s.evidence_id = e.id)
		AND    e.id < $1 AND e.erased_at IS NULL
		ORDER  BY e.id
		LIMIT  $2`, id.Ago(scanSettled), scanBatch)
	items, err := db.Many[Item](rows)
	if err != nil || len(items) > 0 {
		return items, err
	}
	rows, _ = q.Query(ctx, `SELECT `+itemColumns+itemTables+`
		JOIN   evidence_scans s ON s.evidence_id = e.id
		WHERE  (s.at < $1 OR s.result = 'unread' AND s.at < $3) AND e.erased_at IS NULL
		ORDER  BY s.at
		LIMIT  $2`, now.Add(-scanAgain), scanBatch, now.Add(-scanRetry))
	return db.Many[Item](rows)
}

// scanOf is what came of the last scan of an item; empty before the first.
func scanOf(ctx context.Context, q db.Querier, itemID ID) (result string, err error) {
	err = q.QueryRow(ctx, `SELECT result FROM evidence_scans WHERE evidence_id = $1`, itemID).Scan(&result)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return result, err
}

func putScan(ctx context.Context, q db.Querier, itemID ID, at time.Time, result string) error {
	_, err := q.Exec(ctx, `
		INSERT INTO evidence_scans (evidence_id, at, result) VALUES ($1, $2, $3)
		ON CONFLICT (evidence_id) DO UPDATE SET at = excluded.at, result = excluded.result`, itemID, at, result)
	return err
}

// clearScan ends the alarm about an item. One whose turn has not come yet is left to the scan: noted as read, it would have
// the scan pass over those before it.
func clearScan(ctx context.Context, q db.Querier, itemID ID, at time.Time) error {
	tag, err := q.Exec(ctx, `
		DELETE FROM evidence_scans
		WHERE  evidence_id = $1
		AND    NOT EXISTS (SELECT FROM evidence_scans s WHERE s.evidence_id > $1 AND s.result <> 'altered')`, itemID)
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	return putScan(ctx, q, itemID, at, Intact)
}
