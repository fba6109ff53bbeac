package jobs

import (
	"context"
	"net/http"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
	"gatehouse/web/ui"
)

// jobForm is what somebody typed about a job; ID is empty for a new one.
type jobForm struct {
	ID      hiring.JobID
	Version int
	New     hiring.NewJob
}

func parseForm(w http.ResponseWriter, r *http.Request) (jobForm, error) {
	if err := request.Form(w, r); err != nil {
		return jobForm{}, err
	}
	return jobForm{Version: request.Version(r), New: hiring.NewJob{Title: request.Text(r, "title"), LevelID: request.Text(r, "level"),
		ManagerID: request.Text(r, "manager"), ID: hiring.JobID(request.Text(r, "id")), Team: request.Text(r, "team"), Notes: request.Text(r, "notes")}}, nil
}

func formOf(j hiring.Job) jobForm {
	return jobForm{ID: j.ID, Version: j.Version, New: hiring.NewJob{Title: j.Title, LevelID: j.LevelID, ManagerID: j.ManagerID, Team: j.Team, Notes: j.Notes}}
}

// turn closes or reopens the job of the path.
func (h *Handlers) turn(w http.ResponseWriter, r *http.Request, do func(context.Context, authz.Actor, hiring.JobID, int) error, done string) error {
	if err := request.Form(w, r); err != nil {
		return err
	}
	jobID, err := request.ID[hiring.JobID](r, "id")
	if err != nil {
		return err
	}
	if err := do(r.Context(), request.Actor(r), jobID, request.Version(r)); err != nil {
		return err
	}
	return response.See(w, r, path.Job(jobID), done)
}

func statusOf(e *apperr.Error) int {
	if e.Kind == apperr.Stale {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// conflictOf is the message of a conflict; invalid input has its own at the fields.
func conflictOf(e *apperr.Error) string {
	if e.Kind == apperr.Stale {
		return e.Message
	}
	return ""
}

// parseQuery reads the list's state; what does not fit does not narrow.
func parseQuery(r *http.Request) path.JobQuery {
	q := path.ReadJobQuery(r.URL.Query())
	q.Text = request.Text(r, "q")
	if q.Status != string(hiring.JobOpen) && q.Status != string(hiring.JobClosed) {
		q.Status = ""
	}
	return q
}

func filterOf(q path.JobQuery) hiring.JobFilter {
	return hiring.JobFilter{Text: q.Text, Status: hiring.JobStatus(q.Status), LevelID: q.Level, After: q.After, Before: q.Before}
}

// formView is the form's page.
type formView struct {
	Form     jobForm
	Managers []account.User
	Problems map[string]string
	Conflict string
	// Now is the job as it is stored, where somebody else has changed it.
	Now *hiring.Job
	ed  *catalogue.Edition
}

func (v formView) title() string {
	if v.Form.ID == "" {
		return "New job"
	}
	return "Edit job"
}

func (v formView) action() string {
	if v.Form.ID == "" {
		return path.Jobs
	}
	return path.EditJob(v.Form.ID)
}

func (v formView) back() string {
	if v.Form.ID == "" {
		return path.Jobs
	}
	return path.Job(v.Form.ID)
}

func (v formView) submit() string {
	if v.Form.ID == "" {
		return "Open job"
	}
	return "Save job"
}

// levels explains each verification level where it is chosen.
func (v formView) levels() []ui.Option {
	options := make([]ui.Option, len(v.ed.Levels))
	for i, l := range v.ed.Levels {
		options[i] = ui.Option{Value: l.ID, Label: l.Title,
			Help: l.Goal + " " + ui.Plural(len(l.RequiredChecks), "required check", "required checks") + ". " + l.AccessLimit}
	}
	return options
}

func (v formView) managers() []ui.Option {
	options := []ui.Option{{Label: "Choose a hiring manager"}}
	for _, u := range v.Managers {
		options = append(options, ui.Option{Value: string(u.ID), Label: u.Name})
	}
	return options
}
