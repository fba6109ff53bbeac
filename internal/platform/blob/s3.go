package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Options say where a bucket is and who asks.
type S3Options struct {
	// Endpoint is the service's address, such as https://s3.eu-central-1.amazonaws.com; empty for Amazon's.
	Endpoint, Bucket string
	// Region is that of the bucket; empty to ask the service.
	Region string
	// Prefix stands before the keys of all blobs, as a folder would.
	Prefix               string
	AccessKey, SecretKey string
	// Through, if set, makes each request pass through what it returns.
	Through func(http.RoundTripper) http.RoundTripper
}

// S3 keeps blobs as objects in a bucket of any service that speaks S3. What it sends lies in memory one part at a time,
// so that a blob of any length needs no more than that, and the service checks each part's SHA-256.
//
// A blob is written once: Put looks first, and asks the service to refuse the write (If-None-Match) if there is an object
// by then. A service that knows no such condition and says so (501) is asked without it; one that passes over it is
// noticed by WritesOnce. On both, of two Puts of one key at the same moment the last one wins. Gatehouse names each blob
// by a random id that is used once, so that this takes somebody who writes to the bucket beside it.
type S3 struct {
	core      minio.Core
	transport *http.Transport
	bucket    string
	prefix    string
	parts     sync.Pool // of *[]byte
	// plain is set once the service has said that it knows no conditional writes.
	plain atomic.Bool
}

const (
	// partSize is how much of a blob is sent at a time; a service takes ten thousand parts, which makes 78 GiB. No
	// part but the last may be smaller than 5 MiB.
	partSize = 8 << 20
	maxParts = 10_000
	// requestTime bounds a request without much of a body, partTime one that carries a part, with all their retries.
	requestTime = time.Minute
	partTime    = 5 * time.Minute
	// idleTime is how long a read waits for the next byte.
	idleTime = time.Minute
	// retries is how often a request is tried, within its time.
	retries = 4
	// mark is the metadata by which a Put knows its own object again.
	mark = "Gatehouse-Put"
)

var (
	errIdle    = errors.New("no byte has come for a minute")
	errTooLong = fmt.Errorf("longer than %d parts of %d bytes", maxParts, partSize)
)

// OpenS3 returns the store in a bucket. It asks the service nothing; Check does.
func OpenS3(o S3Options) (*S3, error) {
	if o.Endpoint == "" {
		o.Endpoint = "https://s3.amazonaws.com"
	}
	at, err := url.Parse(o.Endpoint)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || strings.Trim(at.Path, "/") != "" {
		return nil, fmt.Errorf("blob store: %q is no address of an S3 service, such as https://s3.eu-central-1.amazonaws.com", o.Endpoint)
	}
	if o.AccessKey == "" || o.SecretKey == "" {
		return nil, errors.New("blob store: an access key and a secret key are needed for the bucket")
	}
	transport, err := minio.DefaultTransport(at.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	transport.ResponseHeaderTimeout = requestTime
	var through http.RoundTripper = transport
	if o.Through != nil {
		through = o.Through(transport)
	}
	// Where the bucket is part of the host's name, as with Amazon, the library knows; elsewhere it is part of the path.
	client, err := minio.New(at.Host, &minio.Options{
		Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""), Secure: at.Scheme == "https",
		Region: o.Region, Transport: through, MaxRetries: retries,
	})
	if err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	s := &S3{core: minio.Core{Client: client}, transport: transport, bucket: o.Bucket}
	if prefix := strings.Trim(o.Prefix, "/"); prefix != "" {
		s.prefix = prefix + "/"
	}
	s.parts.New = func() any { b := make([]byte, partSize); return &b }
	return s, nil
}

// Close lets go of idle connections. Blobs that are open stay readable.
func (s *S3) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Put implements Store. A blob of one part is one request; a longer one is sent part by part and becomes an object with
// the last request. When that has no answer, Put asks what became of it, and takes back what it may have written.
func (s *S3) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := CheckKey(key); err != nil {
		return 0, err
	}
	switch _, err := s.head(ctx, key); {
	case err == nil: // before taking the bytes in vain
		return 0, fmt.Errorf("blob %s: %w", key, ErrExists)
	case !errors.Is(err, ErrNotFound):
		return 0, err
	}
	buffer := s.parts.Get().(*[]byte)
	defer s.parts.Put(buffer)
	p := &put{s: s, key: key, mark: rand.Text(), r: whileAlive{ctx, r}, buffer: *buffer}
	err := p.run(ctx)
	switch {
	case p.broken != nil: // nothing is wrong with the store
		return 0, fmt.Errorf("blob %s: %w", key, p.broken)
	case err != nil:
		return 0, s.failure(ctx, key, err)
	}
	return p.size, nil
}

// put is one call of Put.
type put struct {
	s         *S3
	key, mark string
	r         io.Reader
	buffer    []byte
	size      int64
	broken    error // what reading from r ended with, other than its end
}

func (p *put) run(ctx context.Context) error {
	part, last, err := p.next()
	if err != nil {
		return err
	}
	if last {
		return p.publish(ctx, func(ctx context.Context, o minio.PutObjectOptions) error {
			_, err := p.s.core.PutObject(ctx, p.s.bucket, p.s.prefix+p.key, bytes.NewReader(part), int64(len(part)), "", sum(part), o)
			return err
		})
	}
	return p.inParts(ctx, part)
}

// inParts sends a blob whose first part is read and not the last.
func (p *put) inParts(ctx context.Context, part []byte) (err error) {
	name := p.s.prefix + p.key
	upload, err := p.s.core.NewMultipartUpload(ctx, p.s.bucket, name, p.options())
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			after, done := afterwards(ctx)
			defer done()
			_ = p.s.core.AbortMultipartUpload(after, p.s.bucket, name, upload) // what is left, Sweep finds
		}
	}()
	var sent []minio.CompletePart
	for last := false; ; {
		if len(sent) == maxParts {
			return errTooLong
		}
		done, err := p.send(ctx, upload, len(sent)+1, part)
		if err != nil {
			return err
		}
		sent = append(sent, minio.CompletePart{PartNumber: done.PartNumber, ETag: done.ETag})
		if last {
			break
		}
		if part, last, err = p.next(); err != nil {
			return err
		}
		if last && len(part) == 0 {
			break
		}
	}
	return p.publish(ctx, func(ctx context.Context, o minio.PutObjectOptions) error {
		_, err := p.s.core.CompleteMultipartUpload(ctx, p.s.bucket, name, upload, sent, o)
		return err
	})
}

func (p *put) send(ctx context.Context, upload string, number int, part []byte) (minio.ObjectPart, error) {
	ctx, cancel := context.WithTimeout(ctx, partTime)
	defer cancel()
	return p.s.core.PutObjectPart(ctx, p.s.bucket, p.s.prefix+p.key, upload, number, bytes.NewReader(part), int64(len(part)),
		minio.PutObjectPartOptions{Sha256Hex: sum(part)})
}

// next reads the next part; last says that nothing follows it. It does not use io.ReadFull, for which the end of r and
// a connection that broke off half-way are the same.
func (p *put) next() (part []byte, last bool, err error) {
	n := 0
	for n < len(p.buffer) && err == nil {
		var more int
		more, err = p.r.Read(p.buffer[n:])
		n += more
	}
	p.size += int64(n)
	if err == io.EOF {
		return p.buffer[:n], true, nil
	}
	p.broken = err
	return p.buffer[:n], false, err
}

func (p *put) options() minio.PutObjectOptions {
	return minio.PutObjectOptions{ContentType: "application/octet-stream", UserMetadata: map[string]string{mark: p.mark}}
}

// publish makes the request with which the object appears, under the condition that there is none, and settles what
// became of it when the answer is an error.
func (p *put) publish(ctx context.Context, request func(context.Context, minio.PutObjectOptions) error) error {
	try := func(o minio.PutObjectOptions) error {
		ctx, cancel := context.WithTimeout(ctx, partTime)
		defer cancel()
		return request(ctx, o)
	}
	conditional := p.options()
	conditional.SetMatchETagExcept("*")
	if !p.s.plain.Load() {
		err := try(conditional)
		if minio.ToErrorResponse(err).StatusCode != http.StatusNotImplemented {
			return p.settle(ctx, err)
		}
		p.s.plain.Store(true)
	}
	return p.settle(ctx, try(p.options()))
}

// settling is how long settle waits before it looks for an object again.
const settling = 100 * time.Millisecond

// settle finds out what an error left behind. An answer can be lost after the object was written: then a retry is told
// that there is an object, which is this one. Whatever else went wrong, the object must not appear.
func (p *put) settle(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	after, done := afterwards(ctx)
	defer done()
	status := minio.ToErrorResponse(err).StatusCode
	refused := status == http.StatusPreconditionFailed || status == http.StatusConflict
	info, headErr := p.s.head(after, p.key)
	for tries := 0; refused && headErr != nil && tries < 5; tries++ {
		time.Sleep(settling) // a service may refuse the write a moment before it shows the object for which it does
		info, headErr = p.s.head(after, p.key)
	}
	mine := headErr == nil && info.UserMetadata[mark] == p.mark
	switch {
	case refused && mine:
		return nil
	case refused && headErr == nil:
		return ErrExists
	case mine:
		return errors.Join(err, p.s.Delete(after, p.key))
	}
	return err
}

// afterwards is the time for tidying up, also after ctx has ended.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), requestTime)
}

func sum(part []byte) string {
	s := sha256.Sum256(part)
	return hex.EncodeToString(s[:])
}

// Get implements Store.
func (s *S3) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	outer := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	idle := time.AfterFunc(idleTime, func() { cancel(errIdle) })
	body, _, _, err := s.core.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	idle.Stop()
	if err != nil {
		err = s.failure(ctx, key, err)
		cancel(nil)
		return nil, err
	}
	return &object{s: s, key: key, outer: outer, ctx: ctx, cancel: cancel, idle: idle, body: body}, nil
}

// object is a blob being read. A service that falls silent ends it with an error.
type object struct {
	s          *S3
	key        string
	outer, ctx context.Context
	cancel     context.CancelCauseFunc
	idle       *time.Timer
	body       io.ReadCloser
}

func (o *object) Read(p []byte) (int, error) {
	if o.ctx.Err() != nil { // what has arrived already is of no use to whoever is gone
		return 0, o.s.failure(o.ctx, o.key, context.Cause(o.ctx))
	}
	o.idle.Reset(idleTime)
	n, err := o.body.Read(p)
	o.idle.Stop()
	if err != nil && err != io.EOF {
		err = o.s.failure(o.ctx, o.key, err)
	}
	return n, err
}

func (o *object) Close() error {
	o.idle.Stop()
	o.cancel(nil) // a body that was not read to its end is not worth waiting for
	return o.body.Close()
}

// Stat implements Store.
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	info, err := s.head(ctx, key)
	if errors.Is(err, ErrNotFound) { // the answer to HEAD has no words: it may be the bucket that is not there
		if bucketErr := s.Reach(ctx); bucketErr != nil {
			return Info{}, fmt.Errorf("blob %s: %w", key, bucketErr)
		}
	}
	return Info{Size: info.Size}, err
}

func (s *S3) head(ctx context.Context, key string) (minio.ObjectInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	info, err := s.core.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return info, s.failure(ctx, key, err)
	}
	return info, nil
}

// Reach is an ErrAway unless the bucket is there for whoever asks.
func (s *S3) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	there, err := s.core.BucketExists(ctx, s.bucket)
	if err == nil && !there {
		err = fmt.Errorf("there is no bucket %s", s.bucket)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return nil
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	err := s.core.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return s.failure(ctx, key, err)
	}
	return nil
}

// Older implements Store. The list is read page by page.
func (s *S3) Older(ctx context.Context, than time.Time, each func(key string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for o := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix}) {
		if o.Err != nil {
			return s.failure(ctx, "list", o.Err)
		}
		key := strings.TrimPrefix(o.Key, s.prefix)
		if CheckKey(key) != nil || !o.LastModified.Before(than) {
			continue // nothing that Put made, or young
		}
		if err := each(key); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// Sweep ends uploads in parts that were begun a day ago or longer: their processes died.
func (s *S3) Sweep(ctx context.Context) error { return s.SweepBefore(ctx, time.Now().Add(-abandoned)) }

// SweepBefore is Sweep for uploads begun before a time.
func (s *S3) SweepBefore(ctx context.Context, before time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for u := range s.core.ListIncompleteUploads(ctx, s.bucket, s.prefix, true) {
		if u.Err != nil {
			return s.failure(ctx, "list of uploads", u.Err)
		}
		if !u.Initiated.Before(before) {
			continue
		}
		if err := s.core.AbortMultipartUpload(ctx, s.bucket, u.Key, u.UploadID); err != nil && minio.ToErrorResponse(err).Code != "NoSuchUpload" {
			return s.failure(ctx, "upload of "+u.Key, err)
		}
	}
	return nil
}

// WritesOnce reports whether the service refuses to write over an object when asked to, by trying it.
func (s *S3) WritesOnce(ctx context.Context) (once bool, err error) {
	key := probe()
	defer func() {
		after, done := afterwards(ctx)
		defer done()
		err = errors.Join(err, s.Delete(after, key))
	}()
	if _, err := s.Put(ctx, key, strings.NewReader("first")); err != nil {
		return false, err
	}
	p := &put{s: s, key: key, mark: rand.Text(), r: strings.NewReader("second"), buffer: make([]byte, 16)}
	if err = p.run(ctx); errors.Is(err, ErrExists) {
		return true, nil
	}
	return false, err
}

// failure says what an error of the service means: that the blob is not there, that the caller gave up, or that the store
// cannot be used. That the bucket is not there is no finding about a blob.
func (s *S3) failure(ctx context.Context, key string, err error) error {
	var answer minio.ErrorResponse
	switch {
	case errors.Is(err, ErrExists), errors.Is(err, ErrAway), errors.Is(err, ErrNotFound), errors.Is(err, errTooLong):
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) && !errors.Is(context.Cause(ctx), errIdle):
		err = context.Cause(ctx)
	case ctx.Err() != nil:
		err = fmt.Errorf("%w: %w", ErrAway, context.Cause(ctx))
	case errors.As(err, &answer) && answer.Code == minio.NoSuchKey:
		err = ErrNotFound
	default:
		err = fmt.Errorf("%w: %w", ErrAway, err)
	}
	return fmt.Errorf("blob %s: %w", key, err)
}
