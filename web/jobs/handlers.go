// Package jobs holds the pages of jobs: the list, a job with its candidates by stage, and its form.
package jobs

import (
	"net/http"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the routes of jobs.
type Handlers struct {
	hiring   *hiring.Service
	accounts *account.Service
	lib      *catalogue.Library
}

// New returns the handlers.
func New(h *hiring.Service, accounts *account.Service, lib *catalogue.Library) *Handlers {
	return &Handlers{hiring: h, accounts: accounts, lib: lib}
}

// List shows the jobs, the newest first.
func (h *Handlers) List(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r)
	jobs, err := h.hiring.Jobs(r.Context(), request.Actor(r), filterOf(q))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, listPage(listView{Query: q, Jobs: jobs, ed: h.lib.Current()}))
}

// Show shows a job with its candidates by stage and what its level requires.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	jobID, err := request.ID[hiring.JobID](r, "id")
	if err != nil {
		return err
	}
	job, err := h.hiring.Job(r.Context(), request.Actor(r), jobID)
	if err != nil {
		return err
	}
	stages, err := h.hiring.Applicants(r.Context(), request.Actor(r), jobID)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, showPage(showView{Job: job, Stages: stages, ed: h.lib.At(job.Edition)}))
}

// New shows the empty form.
func (h *Handlers) New(w http.ResponseWriter, r *http.Request) error {
	return h.showForm(w, r, http.StatusOK, jobForm{New: hiring.NewJob{ID: hiring.JobID(id.New())}}, nil)
}

// Add opens a job.
func (h *Handlers) Add(w http.ResponseWriter, r *http.Request) error {
	form, err := parseForm(w, r)
	if err != nil {
		return err
	}
	jobID, err := h.hiring.AddJob(r.Context(), request.Actor(r), form.New)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showForm(w, r, http.StatusUnprocessableEntity, form, invalid)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Job(jobID), form.New.Title+" is open.")
}

// Edit shows the form of a job.
func (h *Handlers) Edit(w http.ResponseWriter, r *http.Request) error {
	jobID, err := request.ID[hiring.JobID](r, "id")
	if err != nil {
		return err
	}
	job, err := h.hiring.Job(r.Context(), request.Actor(r), jobID)
	if err != nil {
		return err
	}
	return h.showForm(w, r, http.StatusOK, formOf(job), nil)
}

// Save changes a job.
func (h *Handlers) Save(w http.ResponseWriter, r *http.Request) error {
	form, err := parseForm(w, r)
	if err != nil {
		return err
	}
	if form.ID, err = request.ID[hiring.JobID](r, "id"); err != nil {
		return err
	}
	err = h.hiring.EditJob(r.Context(), request.Actor(r), form.ID, form.Version, form.New)
	if e, ok := apperr.As(err); ok && (e.Kind == apperr.InvalidInput || e.Kind == apperr.Stale) {
		return h.showForm(w, r, statusOf(e), form, e)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Job(form.ID), "Saved.")
}

// Close ends the taking of candidates.
func (h *Handlers) Close(w http.ResponseWriter, r *http.Request) error {
	return h.turn(w, r, h.hiring.CloseJob, "The job is closed. Candidates under way stay until somebody decides about each.")
}

// Reopen lets the job take candidates again.
func (h *Handlers) Reopen(w http.ResponseWriter, r *http.Request) error {
	return h.turn(w, r, h.hiring.ReopenJob, "The job is open again.")
}

// showForm shows the form with what was typed and what is wrong with it.
func (h *Handlers) showForm(w http.ResponseWriter, r *http.Request, status int, form jobForm, problem *apperr.Error) error {
	managers, err := h.accounts.WithRole(r.Context(), string(authz.HiringManager))
	if err != nil {
		return err
	}
	v := formView{Form: form, Managers: managers, ed: h.lib.Current()}
	if problem != nil {
		v.Problems, v.Conflict = problem.Fields, conflictOf(problem)
	}
	if problem != nil && problem.Kind == apperr.Stale {
		// What is typed stays; saving it again is then a decision made with open eyes.
		now, err := h.hiring.Job(r.Context(), request.Actor(r), form.ID)
		if err != nil {
			return err
		}
		v.Form.Version, v.Now = now.Version, &now
	}
	return response.Page(w, r, status, formPage(v))
}
