package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/platform/apperr"
)

// paced serves with the pace and reports how reading each body ended.
func paced(t *testing.T, p pace, then func(r *http.Request)) (address string, ends <-chan error) {
	t.Helper()
	ended := make(chan error, 10)
	server := httptest.NewServer(p.bodies(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if then != nil {
			then(r)
		}
		ended <- err
	})))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), ended
}

func TestASlowBodyIsBrokenOff(t *testing.T) {
	t.Parallel()
	address, ends := paced(t, pace{grace: 100 * time.Millisecond, rate: 1 << 20}, nil)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na") // and no more
	select {
	case err := <-ends:
		if apperr.KindOf(err) != apperr.InvalidInput {
			t.Errorf("reading ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the connection is held as long as the client likes")
	}
}

func TestASteadyBodyMayTakeLong(t *testing.T) {
	t.Parallel()
	address, ends := paced(t, pace{grace: 100 * time.Millisecond, rate: 100}, nil)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	half := strings.Repeat("a", 5000) // worth 50 seconds
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n%s", half)
	<-time.After(200 * time.Millisecond)
	fmt.Fprint(conn, half)
	if err := <-ends; err != nil {
		t.Errorf("reading ended with %v", err)
	}
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("answer %v, %v", answer, err)
	}
}

// TestTheDeadlineEndsWithTheBody: work that goes on after the body has come is not taken for a client who left.
func TestTheDeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	var gone error
	address, ends := paced(t, pace{grace: 50 * time.Millisecond, rate: 1 << 20}, func(r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond)
		defer cancel()
		<-ctx.Done()
		gone = r.Context().Err()
	})
	resp, err := http.Post("http://"+address, "text/plain", strings.NewReader("all at once"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := <-ends; err != nil || gone != nil {
		t.Errorf("reading ended with %v, the request with %v", err, gone)
	}
}

// TestASlowReaderIsBrokenOff: whoever asks for much and takes nothing does not hold the server's memory.
func TestASlowReaderIsBrokenOff(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	p := pace{grace: 100 * time.Millisecond, rate: 1 << 20}
	server := httptest.NewServer(p.answers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.CopyN(w, endless{}, 1<<30)
		ended <- err
	})))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // and reads nothing
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("writing ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the answer is held as long as the client likes")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestASteadyReaderMayTakeLong, and the next request on its connection has time of its own.
func TestASteadyReaderMayTakeLong(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	p := pace{grace: 100 * time.Millisecond, rate: 1 << 10}
	server := httptest.NewServer(p.answers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, size))
	})))
	t.Cleanup(server.Close)
	for range 2 {
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(200 * time.Millisecond)
		if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
		resp.Body.Close()
	}
}

func TestEveryBodyHasABound(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(bounded(10, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); errors.As(err, new(*http.MaxBytesError)) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})))
	t.Cleanup(server.Close)
	for body, want := range map[string]int{"0123456789": http.StatusOK, "0123456789a": http.StatusRequestEntityTooLarge} {
		resp, err := http.Post(server.URL, "text/plain", io.MultiReader(strings.NewReader(body))) // of unsaid length
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d bytes: %d, want %d", len(body), resp.StatusCode, want)
		}
	}
}
