// Package today is the first page after signing in: what the day holds for whoever looks.
package today

import (
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/dashboard"
	"gatehouse/internal/person"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the first page.
type Handlers struct{ dashboards *dashboard.Service }

// New returns the handlers.
func New(dashboards *dashboard.Service) *Handlers { return &Handlers{dashboards: dashboards} }

// Show shows the day.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	actor := request.Actor(r)
	data, err := h.dashboards.Today(r.Context(), actor)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, page(view{Today: data, name: request.User(r).Name, actorID: actor.ID}))
}

type view struct {
	dashboard.Today
	name, actorID string
}

// greeting uses the first word of the name, and no time of day: the reader may be anywhere.
func (v view) greeting() string {
	first, _, _ := strings.Cut(v.name, " ")
	if first == "" {
		return "Today"
	}
	return "Today, " + first
}

// capped writes a count that stops at the cap.
func capped(n int) string {
	if n >= dashboard.Cap {
		return "99+"
	}
	return itoa(n)
}

// blockedList are the actor's candidates whose next stage is blocked.
func (v view) blockedList() string {
	return path.CandidateQuery{Statuses: []string{string(person.Candidate)}, Missing: true}.URL()
}

// overdueList are those whose required checks have been unanswered for longer than they should.
func (v view) overdueList() string {
	before := v.At.UTC().Truncate(24*time.Hour).AddDate(0, 0, -dashboard.OverdueDays)
	return path.CandidateQuery{Statuses: []string{string(person.Candidate)}, Missing: true, StageBefore: before.Format(time.DateOnly)}.URL()
}

// nothing reports whether no part has anything to show.
func (v view) nothing() bool {
	return v.Interviews.Empty() && v.Blocked == nil && v.Flags == nil && v.Overdue == nil && v.Tasks == nil &&
		v.Watch == nil && v.System == nil && !v.Auditor
}
