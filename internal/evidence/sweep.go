package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

const (
	// orphaned is the age from which a blob without an item is nobody's. The item is written right after its blob, so
	// an hour would do; a week leaves time to notice a database that was put back to an earlier day.
	orphaned = 7 * 24 * time.Hour
	// tooMany orphans do not come from killed uploads. The database is then older than the files, and deleting would
	// turn a restored backup into a loss.
	tooMany = 100
)

// SweepBlobs deletes encrypted files that an upload left behind when it was killed between storing the file and
// writing its item: nothing refers to them, and nothing would ever find them. A blob that has an item, whatever became
// of it, and one that is young are left alone.
func (s *Service) SweepBlobs(ctx context.Context) error {
	var orphans, some []string
	ask := func() error {
		found, err := withoutItem(ctx, s.db.Pool(), some)
		orphans, some = append(orphans, found...), some[:0]
		if err == nil && len(orphans) > tooMany {
			err = fmt.Errorf("more than %d evidence files have no item: is the database older than the files? nothing was deleted", tooMany)
		}
		return err
	}
	err := s.blobs.Older(ctx, s.db.Now().Add(-orphaned), func(key string) error {
		// Whatever is not named like an item was not put there by an upload.
		if _, err := id.Parse(key); err != nil {
			return nil
		}
		if some = append(some, key); len(some) < 500 {
			return nil
		}
		return ask()
	})
	if err == nil {
		err = ask()
	}
	if err != nil || len(orphans) == 0 {
		return err
	}
	return s.removeOrphans(ctx, orphans)
}

// removeOrphans asks once more, in the transaction that records the deletion, and deletes after it: what is left by a
// crash in between is found again by the next round.
func (s *Service) removeOrphans(ctx context.Context, keys []string) error {
	err := s.db.Write(ctx, authz.System("evidence"), func(tx *db.Tx) error {
		var err error
		if keys, err = withoutItem(ctx, tx, keys); err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "evidence.orphans_deleted", SubjectKind: "system", SubjectID: "evidence",
			Detail: map[string]any{"blobs": keys}})
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := s.blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// withoutItem returns those of the keys, which are items' ids, that no item has.
func withoutItem(ctx context.Context, q db.Querier, keys []string) ([]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rows, _ := q.Query(ctx, `
		SELECT k.key
		FROM   unnest($1::text[]) AS k (key)
		WHERE  NOT EXISTS (SELECT FROM evidence_items e WHERE e.id = k.key::uuid)`, keys)
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
