package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"gatehouse/internal/platform/apperr"
)

// pace is how fast the body of a request must come: a first while for free, then so many bytes a second on average. A
// fixed time would either cut off an honest upload on a slow line or let one machine hold thousands of connections
// with a byte now and then.
type pace struct {
	grace time.Duration
	rate  int64 // bytes per second
}

// humanPace lets an old telephone line keep up, either way.
var humanPace = pace{grace: time.Minute, rate: 2 << 10}

// bodies breaks off requests whose body comes slower.
func (p pace) bodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
			r.Body = &pacedBody{ReadCloser: r.Body, pace: p, conn: http.NewResponseController(w), began: time.Now()}
		}
		next.ServeHTTP(w, r)
	})
}

// pacedBody moves the connection's deadline on as bytes come.
type pacedBody struct {
	io.ReadCloser
	pace
	conn  *http.ResponseController
	began time.Time
	came  int64
	ended bool
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.ended {
		return b.ReadCloser.Read(p)
	}
	// A connection that takes no deadlines, such as a test's recorder, is not slow either.
	_ = b.conn.SetReadDeadline(b.began.Add(b.grace + time.Duration(b.came/b.rate)*time.Second))
	n, err := b.ReadCloser.Read(p)
	b.came += int64(n)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, apperr.With(err, apperr.InvalidInput, "This came so slowly that it was broken off. Nothing was kept; try again on a better line.")
	case err != nil:
		// While a long answer goes out the server listens for the client leaving: that must not run into our deadline.
		b.ended = true
		_ = b.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// answers breaks off answers that nobody takes, at the same pace: else one machine could hold thousands of connections, and
// what is being sent on them, by not reading.
func (p pace) answers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&pacedAnswer{ResponseWriter: w, pace: p, conn: http.NewResponseController(w)}, r)
	})
}

// pacedAnswer gives each piece of an answer its time.
type pacedAnswer struct {
	http.ResponseWriter
	pace
	conn *http.ResponseController
}

func (a *pacedAnswer) Write(p []byte) (int, error) {
	// As with bodies, a connection that takes no deadlines is not slow. The deadline stays for what is flushed at the end.
	_ = a.conn.SetWriteDeadline(time.Now().Add(a.grace + time.Duration(int64(len(p))/a.rate)*time.Second))
	return a.ResponseWriter.Write(p)
}

// WriteHeader begins an answer that may have no body.
func (a *pacedAnswer) WriteHeader(status int) {
	_ = a.conn.SetWriteDeadline(time.Now().Add(a.grace))
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *pacedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
