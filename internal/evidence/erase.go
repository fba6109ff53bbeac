package evidence

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/db"
)

// eraseBatch is how many blobs one round of DeleteErased removes at a time.
const eraseBatch = 100

// Erase marks the person's items as erased and drops what short ones hold. Their rows stay, with hash and custody: that there
// was such an item, and who touched it, is still known. The files go with DeleteErased, after the commit. The caller has locked
// the person and records the audit entry.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, personID person.ID) (items int, err error) {
	rows, _ := tx.Query(ctx, `
		UPDATE evidence_items
		SET    erased_at = $2, body = NULL
		WHERE  person_id = $1 AND erased_at IS NULL
		RETURNING id`, personID, tx.Now)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[ID])
	if err != nil {
		return 0, err
	}
	for _, itemID := range ids {
		if err := insertEvent(ctx, tx, itemID, Erased, Detail{}, nil); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// DeleteErased removes the files of erased items from the store. A file that is gone already is none the worse; what a crash
// leaves is found again by the next round.
func (s *Service) DeleteErased(ctx context.Context) error {
	for {
		rows, _ := s.db.Pool().Query(ctx, `
			SELECT id, blob_key FROM evidence_items WHERE erased_at IS NOT NULL AND blob_key IS NOT NULL ORDER BY id LIMIT $1`, eraseBatch)
		files, err := db.Many[erasedFile](rows)
		if err != nil || len(files) == 0 {
			return err
		}
		if err := s.deleteFiles(ctx, files); err != nil {
			return err
		}
	}
}

type erasedFile struct {
	ID      ID
	BlobKey string
}

// deleteFiles deletes, then notes what is deleted. A file that cannot be deleted keeps none of the others.
func (s *Service) deleteFiles(ctx context.Context, files []erasedFile) error {
	var failed error
	var gone []ID
	for _, f := range files {
		if err := s.blobs.Delete(ctx, f.BlobKey); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		gone = append(gone, f.ID)
	}
	err := s.db.WriteUnaudited(ctx, "the erasure has its entry; this says that its files are gone", func(q db.Querier) error {
		_, err := q.Exec(ctx, `UPDATE evidence_items SET blob_key = NULL WHERE id = ANY ($1) AND erased_at IS NOT NULL`, gone)
		return err
	})
	return errors.Join(err, failed)
}
