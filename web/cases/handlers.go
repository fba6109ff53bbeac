// Package cases holds the pages of cases: escalating, the list, the guarded playbook, and the tabs and the report of a
// case. Whether a case exists for somebody is decided by internal/incident alone.
package cases

import (
	"context"
	"net/http"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the routes of cases.
type Handlers struct {
	cases    *incident.Service
	evidence *evidence.Service
	lib      *catalogue.Library
}

// New returns the handlers.
func New(cases *incident.Service, items *evidence.Service, lib *catalogue.Library) *Handlers {
	return &Handlers{cases: cases, evidence: items, lib: lib}
}

// List shows the reader's cases.
func (h *Handlers) List(w http.ResponseWriter, r *http.Request) error {
	f := incident.Filter{Status: statusOf(r.FormValue("status")), Cursor: r.FormValue("after")}
	slice, err := h.cases.List(r.Context(), request.Actor(r), f)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, listPage(slice, f))
}

// NewEscalation shows the form that opens a case on a person.
func (h *Handlers) NewEscalation(w http.ResponseWriter, r *http.Request) error {
	return h.escalation(w, r, http.StatusOK, retry{})
}

func (h *Handlers) escalation(w http.ResponseWriter, r *http.Request, status int, again retry) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	p, findings, err := h.cases.Prepare(r.Context(), request.Actor(r), personID)
	if err != nil {
		return err
	}
	if p.ErasedAt != nil {
		return person.WasErased()
	}
	return response.Page(w, r, status, escalatePage(p, findings, again))
}

// Escalate opens the case. The answer is the same where one is open that the reader does not see.
func (h *Handlers) Escalate(w http.ResponseWriter, r *http.Request) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	caseID, err := h.cases.Escalate(r.Context(), request.Actor(r),
		incident.Escalation{PersonID: personID, Reason: request.Text(r, "reason"), FlagIDs: r.Form["flags"]})
	if again, status, ok := refused(r, "escalate", err); ok {
		return h.escalation(w, r, status, again)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Case(caseID), "Case opened. You lead it, and nobody else sees it yet.")
}

// shower answers with a page of a case, with what was typed if it was refused.
type shower func(w http.ResponseWriter, r *http.Request, caseID incident.ID, status int, again retry) error

func show(w http.ResponseWriter, r *http.Request, page shower) error {
	caseID, err := request.ID[incident.ID](r, "id")
	if err != nil {
		return err
	}
	return page(w, r, caseID, http.StatusOK, retry{})
}

// act is a form's way: what it is on the page, which page shows it again when refused, and where it leads.
type act struct {
	at   string
	page shower
	to   func(incident.ID) string
	said string
	// words replaces said where it depends on what came of the act.
	words func() string
}

// do runs one act of a service and answers: the next page, or the form again with what was typed and what is wrong.
func (h *Handlers) do(w http.ResponseWriter, r *http.Request, a act,
	run func(ctx context.Context, actor authz.Actor, caseID incident.ID) error) error {
	caseID, err := request.ID[incident.ID](r, "id")
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	err = run(r.Context(), request.Actor(r), caseID)
	if again, status, ok := refused(r, a.at, err); ok {
		return a.page(w, r, caseID, status, again)
	}
	if err != nil {
		return err
	}
	if a.words != nil {
		a.said = a.words()
	}
	return response.See(w, r, a.to(caseID), a.said)
}

// refused tells whether a person can do something about the error on the page they came from.
func refused(r *http.Request, at string, err error) (retry, int, bool) {
	e, ok := apperr.As(err)
	if !ok {
		return retry{}, 0, false
	}
	again := retry{At: at, Values: r.Form}
	switch e.Kind {
	case apperr.InvalidInput:
		again.Problems = e.Fields
		return again, http.StatusUnprocessableEntity, true
	case apperr.Stale:
		again.Message = e.Message
		return again, http.StatusConflict, true
	}
	return retry{}, 0, false
}

func tab(name string) func(incident.ID) string {
	return func(caseID incident.ID) string { return path.CaseTab(caseID, name) }
}
