// Package s3test runs a real S3 server for a test: Versity's gateway on a folder, as a process of its own on a free port
// of the loopback interface, which ends with the test.
//
// The server is a tool of the module in tools/s3, so that its version and all of its sums are pinned there and nothing of
// it is part of Gatehouse. Go builds it once and keeps it in its cache; `make setup` does so before any test waits for it.
package s3test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gatehouse/internal/platform/blob"
)

const (
	accessKey = "gatehouse-test"
	secretKey = "gatehouse-test-secret"
	region    = "us-east-1"
	bucket    = "evidence"
)

// Server is an S3 server with an empty bucket.
type Server struct {
	Options blob.S3Options
	// Dir is where the server keeps the bucket's objects as files of their names.
	Dir string
	cmd *exec.Cmd
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatalf("no S3 server for tests: %v", err)
	}
	dir, err := os.MkdirTemp("", "gh-s3-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	// Metadata lies beside the files: not every file system has extended attributes.
	for _, name := range []string{"data", "meta"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for try := 0; ; try++ {
		s, err := start(t, program, dir)
		if err == nil {
			return s
		}
		if try == 3 {
			t.Fatalf("the S3 server does not start: %v", err)
		}
	}
}

// start starts the server on a port that was free a moment ago; somebody else may be faster.
func start(t testing.TB, program, dir string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	var said bytes.Buffer
	cmd := exec.Command(program, "--quiet", "--access", accessKey, "--secret", secretKey, "--region", region, "--port", address,
		"posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "data"))
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{cmd: cmd, Dir: filepath.Join(dir, "data", bucket),
		Options: blob.S3Options{Endpoint: "http://" + address, Bucket: bucket, Region: region, AccessKey: accessKey, SecretKey: secretKey}}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	t.Cleanup(func() { s.Stop(); <-ended })
	if err := s.ready(t.Context(), ended); err != nil {
		s.Stop()
		<-ended
		return nil, fmt.Errorf("%w\n%s", err, said.String())
	}
	return s, nil
}

// Stop kills the server.
func (s *Server) Stop() { _ = s.cmd.Process.Kill() }

// ready waits until the server answers, and makes the bucket.
func (s *Server) ready(ctx context.Context, ended <-chan struct{}) error {
	client, err := s.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{Region: region}); err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// Client speaks to the server beside the store.
func (s *Server) Client() (*minio.Client, error) {
	return minio.New(strings.TrimPrefix(s.Options.Endpoint, "http://"),
		&minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: region, MaxRetries: 1})
}

// Store opens a store in the bucket, below a prefix of its own.
func (s *Server) Store(t testing.TB, prefix string) *blob.S3 {
	t.Helper()
	o := s.Options
	o.Prefix = prefix
	return Open(t, o)
}

// Open opens a store that is closed when the test ends.
func Open(t testing.TB, o blob.S3Options) *blob.S3 {
	t.Helper()
	store, err := blob.OpenS3(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// Objects are the names of all objects in the bucket.
func (s *Server) Objects(t testing.TB) []string {
	t.Helper()
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for o := range client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		names = append(names, o.Key)
	}
	return names
}

// built is the program, which Go builds when its cache does not hold it. One process at a time does: the others would
// compile the same beside it.
var built = sync.OnceValues(func() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(here), "..", "..", "..", "..")
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-s3test-%d.lock", os.Getuid())), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "tool", "-modfile=tools/s3/go.mod", "-n", "versitygw")
	cmd.Dir = root
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build it: %w\n%s", err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
})

// Begin begins an upload in parts and leaves it.
func (s *Server) Begin(t testing.TB, name string) {
	t.Helper()
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (minio.Core{Client: client}).NewMultipartUpload(t.Context(), bucket, name, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}
