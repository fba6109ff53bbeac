// Package engagements holds the pages of people who work here: the list, an engagement with its device and accounts,
// its form, and its end.
package engagements

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Section is a part of an engagement's page that another feature fills, such as its signals. A nil component leaves
// it out. The route table, which knows all pages, hands them in.
type Section func(ctx context.Context, actor authz.Actor, e hiring.Engagement) (templ.Component, error)

// Handlers answers the routes of engagements.
type Handlers struct {
	hiring   *hiring.Service
	people   *person.Service
	accounts *account.Service
	lib      *catalogue.Library
	sections []Section
}

// New returns the handlers; sections come on the page in their order.
func New(h *hiring.Service, people *person.Service, accounts *account.Service, lib *catalogue.Library, sections ...Section) *Handlers {
	return &Handlers{hiring: h, people: people, accounts: accounts, lib: lib, sections: sections}
}

// List shows the engagements, the latest to begin first.
func (h *Handlers) List(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r)
	found, err := h.hiring.Engagements(r.Context(), request.Actor(r), filterOf(q))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, listPage(listView{Query: q, Found: found}))
}

// Show shows an engagement. An address with a person's id leads to that person's latest one.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	v, err := h.read(r)
	if apperr.KindOf(err) == apperr.NotFound {
		return h.latest(w, r, err)
	}
	if err != nil {
		return err
	}
	for _, section := range h.sections {
		part, err := section(r.Context(), request.Actor(r), v.Engagement)
		if err != nil {
			return err
		}
		if part != nil {
			v.Sections = append(v.Sections, part)
		}
	}
	return response.Page(w, r, http.StatusOK, showPage(v))
}

// latest leads from a person to their latest engagement, or answers with the error.
func (h *Handlers) latest(w http.ResponseWriter, r *http.Request, missing error) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return missing
	}
	engagements, err := h.hiring.EngagementsFor(r.Context(), request.Actor(r), personID)
	if err != nil || len(engagements) == 0 {
		return missing
	}
	return response.See(w, r, path.Engagement(engagements[0].ID), "")
}

// read collects what the page of the engagement in the path shows.
func (h *Handlers) read(r *http.Request) (showView, error) {
	var v showView
	engagementID, err := request.ID[hiring.EngagementID](r, "id")
	if err != nil {
		return v, err
	}
	if v.Engagement, err = h.hiring.Engagement(r.Context(), request.Actor(r), engagementID); err != nil {
		return v, err
	}
	if v.Person, err = h.people.ByID(r.Context(), request.Actor(r), v.Engagement.PersonID); err != nil {
		return v, err
	}
	if v.Due, err = h.hiring.Due(r.Context(), request.Actor(r), v.Engagement); err != nil {
		return v, err
	}
	v.Overrides, err = h.hiring.OverridesFor(r.Context(), request.Actor(r), v.Engagement)
	v.ed = h.lib.Current()
	return v, err
}

// Edit shows the form of an engagement.
func (h *Handlers) Edit(w http.ResponseWriter, r *http.Request) error {
	v, err := h.read(r)
	if err != nil {
		return err
	}
	return h.showForm(w, r, http.StatusOK, v.Engagement, formOf(v.Engagement), nil)
}

// Save changes an engagement.
func (h *Handlers) Save(w http.ResponseWriter, r *http.Request) error {
	f, v, err := h.parse(w, r)
	if err != nil {
		return err
	}
	err = h.hiring.EditEngagement(r.Context(), request.Actor(r), v.Engagement.ID, f.Version, f.terms())
	if e, ok := again(err); ok {
		return h.showForm(w, r, statusOf(e), v.Engagement, f, e)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Engagement(v.Engagement.ID), "Saved.")
}

// ShowEnd shows the form by which an engagement ends.
func (h *Handlers) ShowEnd(w http.ResponseWriter, r *http.Request) error {
	v, err := h.read(r)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, endPage(endView{Engagement: v.Engagement, Form: form{Version: v.Engagement.Version}}))
}

// End ends an engagement.
func (h *Handlers) End(w http.ResponseWriter, r *http.Request) error {
	f, v, err := h.parse(w, r)
	if err != nil {
		return err
	}
	err = h.hiring.End(r.Context(), request.Actor(r), hiring.End{EngagementID: v.Engagement.ID, Version: f.Version, On: dayOf(f.End), Reason: f.Reason})
	if e, ok := again(err); ok {
		view := endView{Engagement: v.Engagement, Form: f, Problems: e.Fields}
		if e.Kind == apperr.Stale {
			view.Conflict, view.Form.Version = e.Message, v.Engagement.Version
		}
		return response.Page(w, r, statusOf(e), endPage(view))
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Engagement(v.Engagement.ID), "The engagement has ended. See to it that access ends too.")
}

func (h *Handlers) parse(w http.ResponseWriter, r *http.Request) (form, showView, error) {
	if err := request.Form(w, r); err != nil {
		return form{}, showView{}, err
	}
	v, err := h.read(r)
	return parse(r), v, err
}

func (h *Handlers) showForm(w http.ResponseWriter, r *http.Request, status int, e hiring.Engagement, f form, problem *apperr.Error) error {
	users, err := h.accounts.Enabled(r.Context())
	if err != nil {
		return err
	}
	v := formView{Engagement: e, Form: f, Users: users}
	if problem != nil {
		v.Problems = problem.Fields
	}
	if problem != nil && problem.Kind == apperr.Stale {
		v.Conflict, v.Form.Version = problem.Message, e.Version
	}
	return response.Page(w, r, status, formPage(v))
}

// again returns the error if it is one that shows the form again.
func again(err error) (*apperr.Error, bool) {
	e, ok := apperr.As(err)
	return e, ok && (e.Kind == apperr.InvalidInput || e.Kind == apperr.Stale)
}

func statusOf(e *apperr.Error) int {
	if e.Kind == apperr.Stale {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}
