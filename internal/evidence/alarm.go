package evidence

import (
	"context"
	"errors"
	"io"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
	"gatehouse/internal/platform/upload"
)

// Spoiled reports whether err says that the content is not what was collected, rather than that nobody knows.
func Spoiled(err error) bool {
	return errors.Is(err, seal.ErrAltered) || errors.Is(err, upload.ErrMismatch) || errors.Is(err, blob.ErrNotFound)
}

// found notes what reading an item came to, outside its turn in the scan, where that is news: an alarm, or the end of one.
func (s *Service) found(ctx context.Context, item Item, result string) error {
	before, err := scanOf(ctx, s.db.Pool(), item.ID)
	if err != nil || (result == Altered) == (before == Altered) {
		return err
	}
	return s.alarm(ctx, item, result)
}

// alarm leaves an entry that an item was found altered or missing, or whole again.
func (s *Service) alarm(ctx context.Context, item Item, result string) error {
	return s.db.Write(ctx, authz.System("scan"), func(tx *db.Tx) error {
		tx.Record(touched(owned{item.ID, item.PersonID, item.CaseID}, "scanned", map[string]any{"result": result}, nil))
		if result == Intact {
			return clearScan(ctx, tx, item.ID, tx.Now)
		}
		return putScan(ctx, tx, item.ID, tx.Now, result)
	})
}

// damaged raises the alarm about an item that somebody opened, and tells them. It does so also when they are gone already.
func (s *Service) damaged(ctx context.Context, item Item, cause error) error {
	if err := s.found(context.WithoutCancel(ctx), item, Altered); err != nil {
		return errors.Join(cause, err)
	}
	return apperr.With(cause, apperr.Damaged, "What this item held was altered, or its file is missing, so it is not given out. "+
		"An alarm was raised. What the item was, its hash and who touched it are still known.")
}

// watched is content on its way to a reader: what turns out not to be what was collected is an alarm.
type watched struct {
	io.ReadCloser
	damaged func(cause error) error
	err     error
}

func (w *watched) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.ReadCloser.Read(p)
	if err != nil && Spoiled(err) {
		err = w.damaged(err)
	}
	w.err = err
	return n, err
}
