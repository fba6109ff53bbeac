package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/platform/limit"
	"gatehouse/static"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// A server that takes in more than it can do gets slower for everybody until nobody is served. So requests pass gates:
// as many are worked on at a time as there are connections to the database, a burst waits for a moment, and the rest is
// told at once to come again. What is sent, what lasts by its nature (files, exports) and what machines send pass gates of their own,
// so that none takes the places of people's pages. Health and static files pass freely.

// lanes are the gates by what a request is.
type lanes struct {
	pages, writes, machines, long *limit.Gate
	// refused counts who was told to come again since the log last said so.
	refused atomic.Int64
	// told is when the log last said so, in Unix nanoseconds.
	told atomic.Int64
}

// How wide the gates are, by the connections to the database, and how long a request waits before one.
const (
	pageBurst   = 8 // times as many pages wait as are made
	pageWait    = 250 * time.Millisecond
	machineWait = 2 * time.Second
	longMost    = 64
)

// pageMost is how long making a page may take before its place is given to somebody else.
const pageMost = 30 * time.Second

// readAhead is the longest form that is read before the request takes a place: a slow line then holds none. Longer
// ones count among what lasts.
const readAhead = 64 << 10

func newLanes(connections int) *lanes {
	return &lanes{
		pages:    limit.NewGate(connections, pageBurst*connections, pageWait, time.Now),
		writes:   limit.NewGate(connections, pageBurst*connections, pageWait, time.Now),
		machines: limit.NewGate(connections, pageBurst*connections, machineWait, time.Now),
		long:     limit.NewGate(longMost, 0, 0, time.Now),
	}
}

// admitted lets requests through the gates.
func (s *Server) admitted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p := r.URL.Path; {
		case p == path.Health || p == path.Ready || strings.HasPrefix(p, static.Prefix):
			next.ServeHTTP(w, r)
		case isAPI(p):
			s.through(s.lanes.machines, next, w, r)
		case lasts(r):
			s.through(s.lanes.long, next, w, r)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			s.page(s.lanes.pages, next, w, r)
		default: // whose commits may have to wait, while others read
			s.page(s.lanes.writes, next, w, r)
		}
	})
}

// lasts reports whether a request carries or asks for more than a page.
func lasts(r *http.Request) bool {
	p := r.URL.Path
	return r.ContentLength < 0 || r.ContentLength > readAhead || strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") ||
		strings.HasSuffix(p, ".csv") || strings.HasSuffix(p, "/download") || strings.HasSuffix(p, "/view")
}

func (s *Server) through(gate *limit.Gate, next http.Handler, w http.ResponseWriter, r *http.Request) {
	if !gate.Enter(r.Context()) {
		s.refuse(w, r)
		return
	}
	defer gate.Leave()
	next.ServeHTTP(w, r)
}

// page makes a page in a place of a gate. The place is held for the work only: neither while a form comes in nor while
// the page goes out, since both are as fast as the line of who asks.
func (s *Server) page(gate *limit.Gate, next http.Handler, w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > 0 {
		var form bytes.Buffer
		form.Grow(int(r.ContentLength))
		_, err := form.ReadFrom(r.Body)
		r.Body = &aheadBody{Reader: &form, Closer: r.Body, err: err}
	}
	if !gate.Enter(r.Context()) {
		s.refuse(w, r)
		return
	}
	place := &placed{ResponseWriter: w, gate: gate}
	defer place.leave()
	ctx, cancel := context.WithTimeout(r.Context(), pageMost)
	defer cancel()
	next.ServeHTTP(place, r.WithContext(ctx))
}

// aheadBody is a body that was read already, with the error that ended it, if any.
type aheadBody struct {
	io.Reader
	io.Closer
	err error
}

func (b *aheadBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF && b.err != nil {
		err = b.err
	}
	return n, err
}

// placed leaves its place as soon as the answer begins.
type placed struct {
	http.ResponseWriter
	gate *limit.Gate
	left bool
}

func (p *placed) leave() {
	if !p.left {
		p.left = true
		p.gate.Leave()
	}
}

// WriteHeader begins the answer.
func (p *placed) WriteHeader(status int) {
	p.leave()
	p.ResponseWriter.WriteHeader(status)
}

func (p *placed) Write(b []byte) (int, error) {
	p.leave()
	return p.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (p *placed) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// The answers to who comes at a time of too many. They cost next to nothing, since then there are many of them.
const busyMessage = "Too many people ask at the same time. Nothing was saved. Try again in a few seconds."

var (
	busyPage = []byte(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Busy · Gatehouse</title></head>
<body><main><h1>Busy just now</h1>
<p>Too many people ask at the same time. Nothing was saved.</p>
<p>Try again in a few seconds: go back, and what you typed is still in the form.</p></main></body></html>
`)
	busyJSON = []byte(`{"status":503,"title":"Busy just now","detail":"Too many requests at the same time. Nothing was stored. Send it again after the seconds that Retry-After says."}` + "\n")
)

// refuse answers at once that there is no room.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request) {
	h, body := w.Header(), busyPage
	h.Set("Retry-After", "2")
	switch {
	case isAPI(r.URL.Path):
		body = busyJSON
		h.Set("Content-Type", "application/json")
	case request.HTMX(r):
		body = nil
		response.Toast(w, busyMessage)
	default:
		h.Set("Content-Type", "text/html; charset=utf-8")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write(body) // whoever has gone needs no answer
	s.tellRefused()
	if s.deps.Observe != nil {
		s.deps.Observe(known(r.Method), "refused", http.StatusServiceUnavailable, 0)
	}
}

// tellRefused says in the log how many were refused, once in ten seconds: a line for each would be load of its own.
func (s *Server) tellRefused() {
	s.lanes.refused.Add(1)
	now, told := time.Now().UnixNano(), s.lanes.told.Load()
	if now-told > int64(10*time.Second) && s.lanes.told.CompareAndSwap(told, now) {
		s.log.Warn("overloaded: requests were refused", "requests", s.lanes.refused.Swap(0))
	}
}
