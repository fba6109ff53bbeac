package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
	"gatehouse/internal/platform/upload"
)

// Kept is all that reading an item through needs, for whoever has a database and a store and no service: a backup.
type Kept struct {
	ID        ID
	PersonID  person.ID
	SHA256    []byte
	Size      int64
	MediaType string
	BlobKey   *string // of a file
	Body      []byte  // of anything else, encrypted
	Wrapped   []byte  // the person's key
}

// EachKept calls each with every item that was not erased, in the order of their ids.
func EachKept(ctx context.Context, q db.Querier, each func(Kept) error) error {
	rows, err := q.Query(ctx, `
		SELECT e.id::text, e.person_id::text, e.sha256, e.size, e.media_type, e.blob_key, e.body, k.wrapped
		FROM   evidence_items e
		LEFT   JOIN person_keys k ON k.person_id = e.person_id
		WHERE  e.erased_at IS NULL
		ORDER  BY e.id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k Kept
		if err := rows.Scan(&k.ID, &k.PersonID, &k.SHA256, &k.Size, &k.MediaType, &k.BlobKey, &k.Body, &k.Wrapped); err != nil {
			return err
		}
		if err := each(k); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Check reads the item through, from the store if it is a file, and compares it with its hash. What is not as it was
// collected is an error that Spoiled knows. The key of an erased person is gone, and with it what there was to compare.
func (k Kept) Check(ctx context.Context, store blob.Store, keys *seal.Keyring) error {
	if k.Wrapped == nil {
		return nil
	}
	key, err := keys.Unwrap(k.Wrapped, string(k.PersonID))
	if err != nil {
		return fmt.Errorf("key of person %s: %w", k.PersonID, err)
	}
	content, err := k.content(ctx, store, key)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, content)
	return errors.Join(err, content.Close())
}

// content opens what the item holds.
func (k Kept) content(ctx context.Context, store blob.Store, key seal.DataKey) (io.ReadCloser, error) {
	want := upload.Received{SHA256: [sha256.Size]byte(k.SHA256), Size: k.Size, Type: k.MediaType}
	if k.BlobKey != nil {
		return upload.Open(ctx, store, key, *k.BlobKey, string(k.ID), want)
	}
	plain, err := seal.Decrypt(key, string(k.ID), bytes.NewReader(k.Body))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(plain, maxText+1))
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(content) != want.SHA256 {
		return nil, upload.ErrMismatch
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}
