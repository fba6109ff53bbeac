package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/outbound"
)

// Checkpoint is the signed note of the last checkpoint, for somebody to keep; empty while nothing is sealed.
func (s *Sealer) Checkpoint(ctx context.Context) (string, error) {
	signed, _, err := lastNote(ctx, s.db.Pool())
	return signed, err
}

// Publish writes the last checkpoint into a folder, as a file of its own named by origin and size, unless it is there. Whoever
// keeps what arrives in the folder, where the administrator of this machine cannot write, is a witness: proof.Verify tells whether
// a later log grew from it. Files are never changed, so that the folder can lie on a medium that only takes new ones.
func (s *Sealer) Publish(ctx context.Context, folder string) error {
	signed, size, err := lastNote(ctx, s.db.Pool())
	if err != nil || size == 0 {
		return err
	}
	file, err := os.OpenFile(filepath.Join(folder, fmt.Sprintf("%s-%012d.checkpoint", s.origin, size)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("publish the checkpoint: %w", err)
	}
	_, err = file.WriteString(signed)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(fmt.Errorf("publish the checkpoint: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// Store puts the last checkpoint into a bucket, as an object of its own named by origin and size, unless it is there. A bucket that
// keeps what it holds (S3 Object Lock), or that somebody else administers, is a witness.
func (s *Sealer) Store(ctx context.Context, to blob.Store) error {
	signed, size, err := lastNote(ctx, s.db.Pool())
	if err != nil || size == s.stored.Load() {
		return err
	}
	_, err = to.Put(ctx, strings.ToLower(fmt.Sprintf("%s-%012d", s.origin, size)), strings.NewReader(signed))
	if err != nil && !errors.Is(err, blob.ErrExists) { // another process was faster
		return fmt.Errorf("store the checkpoint: %w", err)
	}
	s.stored.Store(size)
	return nil
}

// Send posts the last checkpoint to a webhook, unless this process has sent it already: another witness, or the same one by
// another way. What arrives twice has the same id.
func (s *Sealer) Send(ctx context.Context, to *outbound.Webhook) error {
	signed, size, err := lastNote(ctx, s.db.Pool())
	if err != nil || size == s.sent.Load() {
		return err
	}
	if err := to.Post(ctx, fmt.Sprintf("%s-%012d", s.origin, size), "text/plain; charset=utf-8", signed, s.db.Now()); err != nil {
		return fmt.Errorf("send the checkpoint: %w", err)
	}
	s.sent.Store(size)
	return nil
}
