// Package blob keeps the bytes of evidence: named, written once, read as a
// stream.
//
// A store knows nothing of people, types or keys. What it is given is already
// encrypted (package seal), so that whoever holds the disk or the bucket holds
// nothing. Disk is the store of an installation that works alone, S3 keeps blobs
// in a bucket; both pass blobtest.Contract.
package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

var (
	// ErrNotFound says that the store holds no blob of that key.
	ErrNotFound = errors.New("blob not found")
	// ErrExists says that there is a blob of that key already. Evidence is
	// never changed, so a blob is never written over.
	ErrExists = errors.New("blob already exists")
	// ErrAway says that the store cannot be used just now or as it is set up:
	// nobody knows whether the blob is there.
	ErrAway = errors.New("the store cannot be used")
	// ErrKey says that a key is not of the form CheckKey asks for.
	ErrKey = errors.New("malformed blob key")
)

// Store holds blobs by key. It is safe for concurrent use.
type Store interface {
	// Put stores all that r holds and returns how many bytes that was. It is
	// all or nothing: after an error, from r or else, there is no such blob,
	// and after success it survives a power cut. ErrExists leaves the blob
	// that is there alone.
	Put(ctx context.Context, key string, r io.Reader) (int64, error)
	// Get opens a blob for reading; the caller closes it.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// Stat describes a blob without opening it.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes a blob for good. Deleting what is not there is no error,
	// so that it can be tried again.
	Delete(ctx context.Context, key string) error
	// Older calls each with the key of every blob that was put before a time,
	// in no order, until each fails. Blobs that come or go meanwhile may be
	// missed.
	Older(ctx context.Context, than time.Time, each func(key string) error) error
}

// Info is what a store knows about a blob.
type Info struct {
	Size int64 // bytes stored, which is more than was encrypted
}

// Check tries a store with a small blob that is gone again at once: it must
// take it, give it back, and know that it is gone.
func Check(ctx context.Context, s Store) error {
	key := probe()
	content := []byte("A blob to try the store with.")
	if _, err := s.Put(ctx, key, bytes.NewReader(content)); err != nil {
		return fmt.Errorf("it cannot be written: %w", err)
	}
	err := giveBack(ctx, s, key, content)
	if deleteErr := s.Delete(context.WithoutCancel(ctx), key); deleteErr != nil {
		return errors.Join(err, fmt.Errorf("nothing can be deleted from it: %w", deleteErr))
	}
	if err != nil {
		return err
	}
	// A key that may not list a bucket is told "denied" of what is not there.
	if _, err := s.Stat(ctx, key); !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("it does not know what is not there: %v", err)
	}
	return nil
}

func giveBack(ctx context.Context, s Store, key string, want []byte) error {
	r, err := s.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("it gives back other bytes")
	}
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	return nil
}

// probe is the key of a blob to try a store with; no item of evidence has such
// a one.
func probe() string { return "probe-" + strings.ToLower(rand.Text()) }

// maxKey is the longest key, in bytes.
const maxKey = 128

// CheckKey returns ErrKey unless the key consists of 1 to 128 lower-case
// letters, digits, '-' and '_', and begins with a letter or digit. Such a name
// means itself on every disk and in every bucket: no folder, no escape, no
// difference of case.
func CheckKey(key string) error {
	if len(key) == 0 || len(key) > maxKey || key[0] == '-' || key[0] == '_' {
		return ErrKey
	}
	for i := range len(key) {
		c := key[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return ErrKey
		}
	}
	return nil
}

// whileAlive is a reader that ends with the context's error.
type whileAlive struct {
	ctx context.Context
	r   io.Reader
}

func (w whileAlive) Read(p []byte) (int, error) {
	if err := context.Cause(w.ctx); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}
