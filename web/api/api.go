// Package api answers machines: JSON over HTTP, with a bearer token. Its errors are web's, as JSON.
package api

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/limit"
	"gatehouse/internal/signal"
	"gatehouse/web/response"
)

// Handlers answers the routes under /api.
type Handlers struct {
	signals *signal.Service
	rate    *limit.Limiter
}

// New returns the handlers.
func New(signals *signal.Service) *Handlers {
	return &Handlers{signals: signals,
		// Far above what a sender needs that fills its requests, and low enough to notice one that runs wild.
		rate: limit.New(limit.Rate{Burst: 600, Every: 20 * time.Millisecond}, 1000, time.Now)}
}

// maxBody is how long a request may be, in bytes.
const maxBody = 16 << 20

// work is what one request needs while it is read, kept for the next: ten thousand lines are some megabytes.
type work struct {
	body  bytes.Buffer
	lines []signal.Line
}

// digested is from how many bytes on a request that is sent again is known by its digest: the lines of a shorter one are
// looked up as fast.
const digested = 16 << 10

// keepBody bounds the body that is kept between requests, so that one of 16 MiB does not hold its memory for ever.
const keepBody = 4 << 20

var works = sync.Pool{New: func() any { return new(work) }}

func (w *work) free() {
	clear(w.lines) // lets go of the text
	w.lines = w.lines[:0]
	if w.body.Cap() <= keepBody {
		works.Put(w)
	}
}

// Signals takes in a batch of signals: one JSON object, or one to a line. It answers 200 when all lines were taken or
// were there already, 207 when some were not, and 422 when none was; the body says which and why.
func (h *Handlers) Signals(w http.ResponseWriter, r *http.Request) error {
	actor := authz.FromContext(r.Context())
	if ok, after := h.rate.Allow(actor.ID); !ok {
		return apperr.RateLimited(after)
	}
	in := works.Get().(*work)
	defer in.free()
	in.body.Reset()
	if _, err := in.body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return received(err)
	}
	var digest signal.Digest
	if in.body.Len() >= digested {
		digest = sha256.Sum256(in.body.Bytes())
		if again, found, err := h.signals.Again(r.Context(), actor, digest); found || err != nil {
			return answer(w, r, again, err)
		}
	}
	var err error
	if in.lines, err = parse(in.body.Bytes(), in.lines); err != nil {
		return err
	}
	receipt, err := h.signals.Ingest(r.Context(), actor, digest, in.lines)
	return answer(w, r, receipt, err)
}

func answer(w http.ResponseWriter, r *http.Request, receipt signal.Receipt, err error) error {
	if err != nil {
		return err
	}
	return response.JSON(w, r, status(receipt), receipt)
}

// received tells a body that broke off from one that is too long.
func received(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return apperr.With(err, apperr.InvalidInput, "The request arrived incomplete. Send it again.")
	}
	return err
}

func status(r signal.Receipt) int {
	switch {
	case r.Rejected == 0:
		return http.StatusOK
	case r.Accepted+r.Duplicates == 0:
		return http.StatusUnprocessableEntity
	}
	return http.StatusMultiStatus
}
