// Package upload takes files from people presumed to be adversaries, and gives
// them back.
//
// Receive reads a file once, in constant memory: it hashes, measures, limits,
// types and encrypts it on its way into the store. Open is the way back.
// Attachment makes of a hostile file name one that is safe to offer for
// download. What a file is called and what it claims to be are never believed.
package upload

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"

	"github.com/gabriel-vasile/mimetype"

	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/seal"
)

// Received is what is known of a file once it is stored. SHA256 and Size are
// of the file as it came, not as it is encrypted.
type Received struct {
	SHA256 [sha256.Size]byte
	Size   int64
	// Type is the media type that the content itself shows, without
	// parameters; application/octet-stream when it shows none.
	Type string
}

// TooLarge says that a file exceeds the limit, in bytes.
type TooLarge struct {
	Limit int64
}

func (e TooLarge) Error() string { return fmt.Sprintf("file is larger than %d bytes", e.Limit) }

// ErrMismatch says that a blob decrypts but is not the file that was received:
// size or hash differ.
var ErrMismatch = errors.New("stored file is not the one received")

// Receive reads r to its end into the store under blobKey, encrypted with the
// person's key and bound to aad, the id of the evidence item. A file over the
// limit is TooLarge. After any error nothing is stored: the store's own
// promise, so that a blob that was there before is not touched either.
func Receive(ctx context.Context, store blob.Store, key seal.DataKey, blobKey, aad string, r io.Reader, limit int64) (Received, error) {
	in := newInspector(r, limit)
	sealed, err := seal.Encrypt(key, aad, in)
	if err != nil {
		return Received{}, err
	}
	if _, err := store.Put(ctx, blobKey, sealed); err != nil {
		return Received{}, fmt.Errorf("receiving file: %w", err)
	}
	return in.received(), nil
}

// Open reads a received file back. No byte is given out that was not verified,
// and io.EOF comes only when size and hash are those of want; else the error is
// ErrMismatch or seal.ErrAltered. Whoever passes the stream on must therefore
// break off visibly at an error and not end the answer as if it were whole.
// The caller closes the file.
func Open(ctx context.Context, store blob.Store, key seal.DataKey, blobKey, aad string, want Received) (io.ReadCloser, error) {
	sealed, err := store.Get(ctx, blobKey)
	if err != nil {
		return nil, fmt.Errorf("opening file: %w", err)
	}
	plain, err := seal.Decrypt(key, aad, sealed)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening file: %w", err), sealed.Close())
	}
	// One byte more than expected is enough to know.
	return &verifier{in: newInspector(plain, want.Size), want: want, Closer: sealed}, nil
}

// head is how many first bytes the type is told from: what mimetype looks at.
const head = 4096

// inspector learns of a stream what there is to know while it passes.
type inspector struct {
	r     io.Reader
	limit int64
	size  int64
	hash  hash.Hash
	head  []byte
}

func newInspector(r io.Reader, limit int64) *inspector {
	return &inspector{r: r, limit: limit, hash: sha256.New(), head: make([]byte, 0, head)}
}

func (in *inspector) Read(p []byte) (int, error) {
	n, err := in.r.Read(p)
	in.size += int64(n)
	if in.size > in.limit {
		return 0, TooLarge{in.limit}
	}
	in.hash.Write(p[:n])
	in.head = append(in.head, p[:min(n, head-len(in.head))]...)
	return n, err
}

func (in *inspector) received() Received {
	r := Received{Size: in.size, Type: sniff(in.head)}
	in.hash.Sum(r.SHA256[:0])
	return r
}

// sniff returns the media type of a file with these first bytes.
func sniff(head []byte) string {
	if len(head) == 0 {
		return "application/octet-stream" // mimetype would say text
	}
	media, _, err := mime.ParseMediaType(mimetype.Detect(head).String())
	if err != nil {
		return "application/octet-stream"
	}
	return media
}

// verifier compares a stream with what it should be before it lets it end.
type verifier struct {
	in   *inspector
	want Received
	err  error
	io.Closer
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.in.Read(p)
	if errors.As(err, new(TooLarge)) || err == io.EOF && !v.matches() {
		err = ErrMismatch
	}
	v.err = err
	return n, err
}

func (v *verifier) matches() bool {
	return v.in.size == v.want.Size && [sha256.Size]byte(v.in.hash.Sum(nil)) == v.want.SHA256
}
