// Package applications holds the forms of what is done with an application: move, override, hire, close, reopen.
//
// The board and a candidate's page post to the same addresses. A refused act shows the form again with what was
// typed, and says exactly what is in the way.
package applications

import (
	"cmp"
	"net/http"

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

// Handlers answers the routes of applications.
type Handlers struct {
	hiring   *hiring.Service
	people   *person.Service
	accounts *account.Service
	lib      *catalogue.Library
}

// New returns the handlers.
func New(h *hiring.Service, people *person.Service, accounts *account.Service, lib *catalogue.Library) *Handlers {
	return &Handlers{hiring: h, people: people, accounts: accounts, lib: lib}
}

// act is one request about an application: who it is about, and what was typed.
type act struct {
	App    hiring.Application
	Person person.Person
	Form   form
}

// read reads the request's application and form.
func (h *Handlers) read(w http.ResponseWriter, r *http.Request) (act, error) {
	if err := request.Form(w, r); err != nil {
		return act{}, err
	}
	appID, err := request.ID[hiring.ApplicationID](r, "id")
	if err != nil {
		return act{}, err
	}
	a := act{Form: parse(r)}
	if a.App, err = h.hiring.Application(r.Context(), request.Actor(r), appID); err != nil {
		return act{}, err
	}
	actor := request.Actor(r)
	a.Person, err = h.people.ByID(r.Context(), actor, a.App.PersonID)
	if apperr.KindOf(err) == apperr.NotFound && a.App.Status == hiring.Hired && string(a.App.PersonID) != actor.PersonID {
		err = apperr.Conflict("This application has ended with the hire. What concerns a colleague is with HR and security from here.")
	}
	return a, err
}

// again shows a page once more with what was in the way. The application is read anew: somebody may have moved or ended
// it meanwhile, and then the form has nothing left to do.
func (h *Handlers) again(w http.ResponseWriter, r *http.Request, e *apperr.Error, cause error,
	show func(http.ResponseWriter, *http.Request, int, act, error) error) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	return show(w, r, statusOf(e), a, cause)
}

// done leads back to where the act was begun.
func (a act) done(w http.ResponseWriter, r *http.Request, message string) error {
	if a.Form.Back == "board" {
		return response.See(w, r, path.Board, message)
	}
	return response.See(w, r, path.Candidate(a.Person.ID), message)
}

// ShowMove shows the stages, and what stands between the application and the one chosen.
func (h *Handlers) ShowMove(w http.ResponseWriter, r *http.Request) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	return h.showMove(w, r, http.StatusOK, a, nil)
}

// Move moves the application.
func (h *Handlers) Move(w http.ResponseWriter, r *http.Request) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	err = h.hiring.Move(r.Context(), request.Actor(r), hiring.Move{ApplicationID: a.App.ID, Version: a.Form.Version,
		To: a.Form.To, Reason: a.Form.Reason, OverrideReason: a.Form.OverrideReason})
	if e, ok := refused(err); ok {
		return h.again(w, r, e, err, h.showMove)
	}
	if err != nil {
		return err
	}
	return a.done(w, r, a.Person.Name+" is now at "+title(h.lib.At(a.App.Edition), a.Form.To)+".")
}

// showMove shows the form, or only what blocks when htmx asks, as the board does for a card.
func (h *Handlers) showMove(w http.ResponseWriter, r *http.Request, status int, a act, cause error) error {
	v := moveView{act: a, Stages: h.hiring.Stages(), ed: h.lib.At(a.App.Edition)}
	v.explain(cause)
	if a.App.Status == hiring.Active && a.Form.To == "" {
		v.Form.To = v.nextStage()
	}
	if request.HTMX(r) && status != http.StatusOK {
		return response.Page(w, r, status, inCard(v.problem))
	}
	v.Ahead = h.gate(r, a.App.ID, v.Form.To)
	return response.Page(w, r, status, movePage(v))
}

// gate reads what stands before the stage; without one the page still has its form.
func (h *Handlers) gate(r *http.Request, appID hiring.ApplicationID, to string) *hiring.Gate {
	gate, err := h.hiring.Gate(r.Context(), request.Actor(r), appID, to)
	if err != nil {
		return nil
	}
	return &gate
}

// ShowOverride shows what blocks a stage, to choose what to let pass.
func (h *Handlers) ShowOverride(w http.ResponseWriter, r *http.Request) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	return h.showOverride(w, r, http.StatusOK, a, nil)
}

// Override lets the chosen items pass.
func (h *Handlers) Override(w http.ResponseWriter, r *http.Request) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	err = h.hiring.Override(r.Context(), request.Actor(r), hiring.Override{ApplicationID: a.App.ID, Version: a.Form.Version,
		To: a.Form.To, Items: a.Form.Items, Reason: a.Form.Reason})
	if e, ok := refused(err); ok {
		return h.again(w, r, e, err, h.showOverride)
	}
	if err != nil {
		return err
	}
	return a.done(w, r, "Noted. It stays visible on the application.")
}

func (h *Handlers) showOverride(w http.ResponseWriter, r *http.Request, status int, a act, cause error) error {
	v := overrideView{act: a, ed: h.lib.At(a.App.Edition)}
	v.explain(cause)
	if v.Form.To == "" {
		v.Form.To = moveView{act: a, ed: v.ed}.nextStage()
	}
	if a.App.Status == hiring.Active {
		gate, err := h.hiring.Gate(r.Context(), request.Actor(r), a.App.ID, v.Form.To)
		if err != nil {
			return err
		}
		v.Ahead = &gate
	}
	return response.Page(w, r, status, overridePage(v))
}

// ShowHire shows the form of the engagement.
func (h *Handlers) ShowHire(w http.ResponseWriter, r *http.Request) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	a.Form.Title, a.Form.Manager, a.Form.Kind = a.App.JobTitle, a.App.ManagerID, string(hiring.Employee)
	return h.showHire(w, r, http.StatusOK, a, nil)
}

// Hire ends hiring with an engagement.
func (h *Handlers) Hire(w http.ResponseWriter, r *http.Request) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	engagementID, err := h.hiring.Hire(r.Context(), request.Actor(r), hiring.Hire{ApplicationID: a.App.ID, Version: a.Form.Version,
		Terms: a.Form.terms(), OverrideReason: a.Form.OverrideReason})
	if e, ok := refused(err); ok {
		return h.again(w, r, e, err, h.showHire)
	}
	if apperr.KindOf(err) == apperr.NotFound { // hired meanwhile, and out of sight since
		_, why := h.read(w, r)
		return cmp.Or(why, err)
	}
	if err != nil {
		return err
	}
	if !request.Actor(r).May(authz.EngagementRead) {
		return response.See(w, r, path.Job(a.App.JobID), a.Person.Name+" is hired. What concerns a colleague is with HR and security from here.")
	}
	return response.See(w, r, path.Engagement(engagementID), a.Person.Name+" is hired.")
}

func (h *Handlers) showHire(w http.ResponseWriter, r *http.Request, status int, a act, cause error) error {
	users, err := h.accounts.Enabled(r.Context())
	if err != nil {
		return err
	}
	v := hireView{act: a, Users: users}
	v.explain(cause)
	v.Ahead = h.gate(r, a.App.ID, hiring.StageEmployed)
	return response.Page(w, r, status, hirePage(v))
}

// ShowClose shows the form by which hiring ends without a hire.
func (h *Handlers) ShowClose(w http.ResponseWriter, r *http.Request) error {
	return h.showTurn(w, r, closing, nil, http.StatusOK)
}

// Close ends the application.
func (h *Handlers) Close(w http.ResponseWriter, r *http.Request) error {
	return h.turn(w, r, closing, "The application is closed.", func(a act) error {
		return h.hiring.CloseApplication(r.Context(), request.Actor(r), hiring.Closing{ApplicationID: a.App.ID,
			Version: a.Form.Version, Withdrawn: a.Form.Withdrawn, Reason: a.Form.Reason})
	})
}

// ShowReopen shows the form by which a closed application is taken up again.
func (h *Handlers) ShowReopen(w http.ResponseWriter, r *http.Request) error {
	return h.showTurn(w, r, reopening, nil, http.StatusOK)
}

// Reopen takes the application up again.
func (h *Handlers) Reopen(w http.ResponseWriter, r *http.Request) error {
	return h.turn(w, r, reopening, "The application is under way again.", func(a act) error {
		return h.hiring.Reopen(r.Context(), request.Actor(r), a.App.ID, a.Form.Version, a.Form.Reason)
	})
}

func (h *Handlers) turn(w http.ResponseWriter, r *http.Request, kind turnKind, message string, do func(act) error) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	err = do(a)
	if e, ok := refused(err); ok {
		return h.showTurn(w, r, kind, err, statusOf(e))
	}
	if err != nil {
		return err
	}
	return a.done(w, r, message)
}

func (h *Handlers) showTurn(w http.ResponseWriter, r *http.Request, kind turnKind, cause error, status int) error {
	a, err := h.read(w, r)
	if err != nil {
		return err
	}
	v := turnView{act: a, Kind: kind}
	v.explain(cause)
	return response.Page(w, r, status, turnPage(v))
}

// refused returns the error if it is one that shows the form again.
func refused(err error) (*apperr.Error, bool) {
	e, ok := apperr.As(err)
	return e, ok && (e.Kind == apperr.InvalidInput || e.Kind == apperr.Stale || e.Kind == apperr.Denied)
}

func statusOf(e *apperr.Error) int {
	switch e.Kind {
	case apperr.Stale:
		return http.StatusConflict
	case apperr.Denied:
		return http.StatusForbidden
	}
	return http.StatusUnprocessableEntity
}
