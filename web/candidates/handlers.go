// Package candidates shows candidates: the main list and its CSV, the page of one candidate, and the form by which a
// check is recorded outside an interview.
package candidates

import (
	"net/http"

	"gatehouse/internal/assessment"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handler answers the requests of these pages.
type Handler struct {
	lib        *catalogue.Library
	people     *person.Service
	candidates *candidate.Service
	assess     *assessment.Service
	evidence   *evidence.Service
}

// New returns a Handler over the services it shows.
func New(lib *catalogue.Library, people *person.Service, candidates *candidate.Service, assess *assessment.Service, ev *evidence.Service) *Handler {
	return &Handler{lib: lib, people: people, candidates: candidates, assess: assess, evidence: ev}
}

// List shows the candidates that the viewer may see, narrowed by the address.
func (h *Handler) List(w http.ResponseWriter, r *http.Request) error {
	actor, q := request.Actor(r), parseQuery(r)
	found, err := h.people.List(r.Context(), actor, filterOf(q))
	if err != nil {
		return err
	}
	jobs, err := h.candidates.Jobs(r.Context(), actor)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, listPage(newListView(h.lib.Current(), q, found, jobs)))
}

// Show shows one candidate.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	ask := candidate.Ask{Tab: candidate.ParseTab(r.URL.Query().Get("tab")), Before: r.URL.Query().Get("before")}
	v, err := h.candidates.View(r.Context(), request.Actor(r), personID, ask)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, showPage(newShowView(h.candidates.Edition(v.Head), v, h.evidence.MaxBytes())))
}
