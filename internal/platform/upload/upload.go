// Package upload takes files from people presumed to be adversaries, and gives
// them back.
//
// Receive reads a file once, in constant memory: it hashes, measures, limits,
// types, looks at its structure and encrypts it on its way into the store. Open is the way back.
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
	// Facts are what its structure says.
	Facts Facts
}

// Policy says which files are taken.
type Policy int

const (
	// Anything is taken as it is: evidence of an attack is an attack.
	Anything Policy = iota
	// OnlyKnown takes the known kinds, and of them nothing that is a hazard by its structure.
	OnlyKnown
)

// Refused says that the policy takes no such file: one of another Type than the known, or a Hazard, in words for people.
type Refused struct {
	Type, Hazard string
}

func (e Refused) Error() string { return "file of type " + e.Type + " is not taken: " + e.Hazard }

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
// limit is TooLarge, one that the policy does not take is Refused. After any error nothing is stored: the store's own
// promise, so that a blob that was there before is not touched either.
func Receive(ctx context.Context, store blob.Store, key seal.DataKey, blobKey, aad string, r io.Reader, limit int64, policy Policy) (Received, error) {
	in := &arrival{inspector: newInspector(r, limit), policy: policy}
	defer in.examiner.close()
	sealed, err := seal.Encrypt(key, aad, in)
	if err != nil {
		return Received{}, err
	}
	if _, err := store.Put(ctx, blobKey, sealed); err != nil {
		return Received{}, fmt.Errorf("receiving file: %w", err)
	}
	return in.got, nil
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

// inspector measures a stream while it passes.
type inspector struct {
	r     io.Reader
	limit int64
	size  int64
	hash  hash.Hash
}

func newInspector(r io.Reader, limit int64) *inspector {
	return &inspector{r: r, limit: limit, hash: sha256.New()}
}

func (in *inspector) Read(p []byte) (int, error) {
	n, err := in.r.Read(p)
	in.size += int64(n)
	if in.size > in.limit {
		return 0, TooLarge{in.limit}
	}
	in.hash.Write(p[:n])
	return n, err
}

// arrival learns of a file what there is to know while it passes, and stops
// it where the policy does: by its kind at once, by its structure at its end,
// before the store takes it for whole.
type arrival struct {
	*inspector
	examiner examiner
	policy   Policy
	asked    bool
	got      Received
}

func (a *arrival) Read(p []byte) (int, error) {
	n, err := a.inspector.Read(p)
	if err != nil && err != io.EOF {
		return n, err
	}
	a.examiner.write(p[:n])
	if err == io.EOF {
		a.got = Received{Size: a.size}
		a.hash.Sum(a.got.SHA256[:0])
		a.got.Type, a.got.Facts = a.examiner.finish()
	}
	if refused := a.refuse(err == io.EOF); refused != nil {
		return 0, refused
	}
	return n, err
}

// refuse asks the policy, once the kind is known and once the file is whole.
func (a *arrival) refuse(whole bool) error {
	if a.policy == Anything || a.examiner.mediaType == "" || a.asked && !whole {
		return nil
	}
	a.asked = true
	if a.size > 0 && !Known(a.examiner.mediaType) {
		return Refused{Type: a.examiner.mediaType}
	}
	if hazard := a.got.Facts.Hazard(a.got.Size); whole && hazard != "" {
		return Refused{Type: a.got.Type, Hazard: hazard}
	}
	return nil
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
