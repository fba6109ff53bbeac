package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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
