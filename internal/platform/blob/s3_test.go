package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/blob/blobtest"
	"gatehouse/internal/platform/blob/s3test"
)

func TestS3KeepsTheContract(t *testing.T) {
	server := s3test.New(t)
	var stores atomic.Int64
	t.Run("below a prefix", func(t *testing.T) {
		blobtest.Contract(t, func(t *testing.T) blob.Store {
			return server.Store(t, fmt.Sprintf("/gatehouse/%d/", stores.Add(1)))
		})
	})
	t.Run("in the bucket itself", func(t *testing.T) {
		blobtest.Contract(t, func(t *testing.T) blob.Store { return s3test.New(t).Store(t, "") })
	})
}

func TestS3LeavesNothingOfAFailedPut(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	store := server.Store(t, "")
	for name, size := range map[string]int{"one part": 100, "several parts": 20 << 20} {
		half := io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(errors.New("gone")))
		if _, err := store.Put(t.Context(), "a", half); err == nil {
			t.Fatalf("%s: Put of a broken reader succeeded", name)
		}
	}
	if uploads := begun(t, server); len(uploads) != 0 {
		t.Errorf("uploads left: %v", uploads)
	}
	if left := server.Objects(t); len(left) != 0 {
		t.Errorf("objects left: %v", left)
	}
}

// begun lists uploads in parts that are neither done nor given up.
func begun(t *testing.T, server *s3test.Server) (names []string) {
	t.Helper()
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	for u := range client.ListIncompleteUploads(t.Context(), server.Options.Bucket, "", true) {
		if u.Err != nil {
			t.Fatal(u.Err)
		}
		names = append(names, u.Key)
	}
	return names
}

func TestS3SweepsWhatADeadProcessLeft(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	o := server.Options
	o.Prefix = "mine"
	for _, name := range []string{"mine/a", "theirs/b"} {
		server.Begin(t, name)
	}
	store := s3test.Open(t, o)
	if err := store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := begun(t, server); len(left) != 2 {
		t.Errorf("uploads left: %v; one that is young may go on in another process", left)
	}
	if err := store.SweepBefore(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left := begun(t, server); !slices.Equal(left, []string{"theirs/b"}) {
		t.Errorf("uploads left: %v, want those of others", left)
	}
}

// TestS3NeedsLittleMemory sends a blob that is much larger than what Put may hold of it.
func TestS3NeedsLittleMemory(t *testing.T) {
	store := s3test.New(t).Store(t, "")
	const size = 96 << 20
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	n, err := store.Put(t.Context(), "large", io.LimitReader(readerFunc(func(p []byte) (int, error) {
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapInuse)
		return min(len(p), 1<<20), nil
	}), size))
	if err != nil || n != size {
		t.Fatalf("Put = %d, %v", n, err)
	}
	if grown := int64(most) - int64(before.HeapInuse); grown > 48<<20 {
		t.Errorf("%d MiB were in use for a blob of %d MiB", grown>>20, size>>20)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestS3ThatIsAwayIsNoFinding: evidence is missing only when its bucket says so.
func TestS3ThatIsAwayIsNoFinding(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	wrong := map[string]func(*blob.S3Options){
		"another bucket": func(o *blob.S3Options) { o.Bucket = "another" },
		"another key":    func(o *blob.S3Options) { o.AccessKey = "another" },
		"another secret": func(o *blob.S3Options) { o.SecretKey = "another" },
		"nobody there":   func(o *blob.S3Options) { o.Endpoint = "http://127.0.0.1:1" },
	}
	for name, change := range wrong {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustBeAway(t, server.Options, change)
		})
	}
}

func mustBeAway(t *testing.T, o blob.S3Options, change func(*blob.S3Options)) {
	change(&o)
	store := s3test.Open(t, o)
	_, getErr := store.Get(t.Context(), "a")
	_, statErr := store.Stat(t.Context(), "a")
	_, putErr := store.Put(t.Context(), "a", strings.NewReader("x"))
	listErr := store.Older(t.Context(), time.Now(), func(string) error { return nil })
	for what, err := range map[string]error{"get": getErr, "stat": statErr, "put": putErr, "list": listErr, "check": blob.Check(t.Context(), store)} {
		if !errors.Is(err, blob.ErrAway) || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: %v, want ErrAway", what, err)
		}
	}
}

// between stands between the store and the server and may change what is said.
func between(t *testing.T, server *s3test.Server, handle func(pass http.Handler) http.Handler) *blob.S3 {
	t.Helper()
	target, err := url.Parse(server.Options.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which is signed
	}}
	proxy := httptest.NewServer(handle(pass))
	t.Cleanup(proxy.Close)
	o := server.Options
	o.Endpoint = proxy.URL
	return s3test.Open(t, o)
}

// TestS3WithoutConditions: a service may say that it knows no conditional write, or pass over the condition.
func TestS3WithoutConditions(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	if once, err := server.Store(t, "").WritesOnce(t.Context()); err != nil || !once {
		t.Errorf("the server itself writes once: %v, %v", once, err)
	}
	refusing := between(t, server, func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotImplemented)
				return
			}
			pass.ServeHTTP(w, r)
		})
	})
	for _, size := range []int{10, 9 << 20} {
		key := fmt.Sprint("refusing-", size)
		if n, err := refusing.Put(t.Context(), key, bytes.NewReader(make([]byte, size))); err != nil || n != int64(size) {
			t.Errorf("Put to a service that refuses conditions: %d, %v", n, err)
		}
		if _, err := refusing.Put(t.Context(), key, strings.NewReader("again")); !errors.Is(err, blob.ErrExists) {
			t.Errorf("second Put: %v, want ErrExists", err)
		}
	}
	if once, err := refusing.WritesOnce(t.Context()); err != nil || once {
		t.Errorf("a service that refuses conditions writes once: %v, %v", once, err)
	}
	deaf := between(t, server, func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			pass.ServeHTTP(answer, r)
			if answer.Code == http.StatusPreconditionFailed {
				w.Header().Set("ETag", `"0"`)
				return
			}
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		})
	})
	if once, err := deaf.WritesOnce(t.Context()); err != nil || once {
		t.Errorf("a service that passes over conditions writes once: %v, %v", once, err)
	}
}

// TestS3PutWhoseAnswerIsLost: the object is written, and nobody says so. The library tries again and is told that there is
// one already, which is the one of this Put.
func TestS3PutWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	var lost atomic.Int64
	losing := func(times int64) *blob.S3 {
		lost.Store(0)
		return between(t, server, func(pass http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("If-None-Match") == "" || lost.Add(1) > times {
					pass.ServeHTTP(w, r)
					return
				}
				pass.ServeHTTP(httptest.NewRecorder(), r)
				w.WriteHeader(http.StatusServiceUnavailable)
			})
		})
	}
	for _, size := range []int{10, 9 << 20} {
		store, key := losing(1), fmt.Sprint("once-", size)
		content := bytes.Repeat([]byte("x"), size)
		if _, err := store.Put(t.Context(), key, bytes.NewReader(content)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if info, err := store.Stat(t.Context(), key); err != nil || info.Size != int64(size) {
			t.Errorf("%d bytes: stored %+v, %v", size, info, err)
		}
		store, key = losing(100), fmt.Sprint("never-", size)
		if _, err := store.Put(t.Context(), key, bytes.NewReader(content)); !errors.Is(err, blob.ErrAway) {
			t.Errorf("%d bytes without an answer: %v, want ErrAway", size, err)
		}
		if _, err := store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%d bytes of a failed Put: %v, want ErrNotFound", size, err)
		}
	}
}

func TestS3ReadIsCutOff(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	content := bytes.Repeat([]byte("x"), 1<<20)
	if _, err := server.Store(t, "").Put(t.Context(), "a", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	store := between(t, server, func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			w.Header().Set("ETag", `"0"`)
			_, _ = w.Write(content[:1000])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
	})
	r, err := store.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, blob.ErrAway) {
		t.Errorf("%d of %d bytes, then %v; want ErrAway", n, len(content), err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	whole, err := server.Store(t, "").Get(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	gone := errors.New("gone")
	cancel(gone)
	if _, err := io.ReadAll(whole); !errors.Is(err, gone) {
		t.Errorf("read by somebody who is gone: %v", err)
	}
}

func TestOpenS3RefusesWhatCannotBe(t *testing.T) {
	good := blob.S3Options{Endpoint: "https://s3.example.com", Bucket: "evidence", AccessKey: "a", SecretKey: "s"}
	if s, err := blob.OpenS3(good); err != nil {
		t.Error(err)
	} else {
		s.Close()
	}
	for name, change := range map[string]func(*blob.S3Options){
		"no scheme": func(o *blob.S3Options) { o.Endpoint = "s3.example.com" },
		"a path":    func(o *blob.S3Options) { o.Endpoint = "https://s3.example.com/bucket" },
		"no key":    func(o *blob.S3Options) { o.AccessKey = "" },
		"no secret": func(o *blob.S3Options) { o.SecretKey = "" },
	} {
		o := good
		change(&o)
		if _, err := blob.OpenS3(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
