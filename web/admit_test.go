package web

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/static"
)

// crowd is a server with one place for pages, whose handler waits to be told to go on.
type crowd struct {
	*httptest.Server
	entered, goOn chan struct{}
}

func newCrowd(t *testing.T) *crowd {
	s := &Server{lanes: newLanes(1), log: slog.New(slog.DiscardHandler)}
	c := &crowd{entered: make(chan struct{}, 100), goOn: make(chan struct{})}
	c.Server = httptest.NewServer(s.admitted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		c.entered <- struct{}{}
		if r.URL.Query().Has("begin") {
			w.WriteHeader(http.StatusOK)
		}
		if r.URL.Query().Has("wait") {
			<-c.goOn
		}
		fmt.Fprintf(w, "%s %v", body, err)
	})))
	t.Cleanup(c.Close)
	return c
}

// ask sends a request in the background.
func (c *crowd) ask(t *testing.T, path string) <-chan *http.Response {
	answered := make(chan *http.Response, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+path, nil)
		if err != nil {
			panic(err)
		}
		answer, err := c.Client().Do(r)
		if err != nil {
			close(answered)
			return
		}
		answer.Body.Close()
		answered <- answer
	}()
	return answered
}

// status is what an address answers just now.
func (c *crowd) status(t *testing.T, path string) int {
	t.Helper()
	answer := <-c.ask(t, path)
	if answer == nil {
		t.Fatalf("no answer at %s", path)
	}
	return answer.StatusCode
}

func TestWhoComesAtATimeOfTooManyIsToldAtOnce(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	first := c.ask(t, "/page?wait")
	<-c.entered
	var refused *http.Response
	var waiting []<-chan *http.Response
	for range 20 {
		waiting = append(waiting, c.ask(t, "/page"))
	}
	for _, w := range waiting {
		if answer := <-w; answer.StatusCode == http.StatusServiceUnavailable {
			refused = answer
		}
	}
	if refused == nil {
		t.Fatal("nobody was refused")
	}
	if refused.Header.Get("Retry-After") == "" || refused.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("refused with %v", refused.Header)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, static.Prefix + "x": 200, "/api/v1/signals": 200,
		"/candidates.csv": 200, "/evidence/1/download": 200, "/page": 503} {
		if got := c.status(t, path); got != want {
			t.Errorf("%s answers %d beside a page that is being made, want %d", path, got, want)
		}
	}
	close(c.goOn)
	if answer := <-first; answer.StatusCode != http.StatusOK {
		t.Errorf("the first one was answered %d", answer.StatusCode)
	}
	if got := c.status(t, "/page"); got != http.StatusOK {
		t.Errorf("afterwards a page answers %d", got)
	}
}

// TestASlowLineHoldsNoPlace: neither who sends a form slowly nor who reads a page slowly keeps others from theirs.
func TestASlowLineHoldsNoPlace(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	conn, err := net.Dial("tcp", c.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\na=first")
	reading := c.ask(t, "/page?wait&begin")
	<-c.entered
	if got := c.status(t, "/page"); got != http.StatusOK {
		t.Errorf("beside a slow sender and a slow reader a page answers %d", got)
	}
	<-c.entered
	fmt.Fprint(conn, "half")
	<-c.entered
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); !strings.HasPrefix(string(body), "a=firsthalf") {
		t.Errorf("the form arrived as %q", body)
	}
	close(c.goOn)
	<-reading
}
