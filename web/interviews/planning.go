package interviews

import (
	"net/http"

	"gatehouse/internal/hiring"
	"gatehouse/internal/interview"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// New shows the form that plans an application's next interview.
func (h *Handler) New(w http.ResponseWriter, r *http.Request) error {
	app, err := request.ID[hiring.ApplicationID](r, "id")
	if err != nil {
		return err
	}
	offer, err := h.interviews.Prepare(r.Context(), request.Actor(r), app)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, schedulePage(newScheduleView(r, offer)))
}

// Schedule plans the interview.
func (h *Handler) Schedule(w http.ResponseWriter, r *http.Request) error {
	app, err := request.ID[hiring.ApplicationID](r, "id")
	if err != nil {
		return err
	}
	form := parsePlan(w, r)
	id, err := h.interviews.Schedule(r.Context(), request.Actor(r), app, form.plan())
	if _, invalid := apperr.AsInvalid(err); invalid {
		return h.scheduleAgain(w, r, app, form, err)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Interview(id), "Interview scheduled.")
}

func (h *Handler) scheduleAgain(w http.ResponseWriter, r *http.Request, app hiring.ApplicationID, form planForm, cause error) error {
	offer, err := h.interviews.Prepare(r.Context(), request.Actor(r), app)
	if err != nil {
		return err
	}
	form.errors = fieldsOf(cause)
	return response.Page(w, r, http.StatusUnprocessableEntity, schedulePage(scheduleView{Offer: offer, Form: form}))
}

// Plan shows the form for time, place and interviewers of an interview that is still to be held.
func (h *Handler) Plan(w http.ResponseWriter, r *http.Request) error {
	room, offer, err := h.planned(r)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, planPage(planView{Room: room, Offer: offer, Form: planOf(r, room)}))
}

// planned reads the room and who may interview, for whoever may change the plan.
func (h *Handler) planned(r *http.Request) (interview.Room, interview.Offer, error) {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return interview.Room{}, interview.Offer{}, err
	}
	room, err := h.interviews.Enter(r.Context(), request.Actor(r), id)
	if err != nil {
		return room, interview.Offer{}, err
	}
	if !room.MayPlan {
		return room, interview.Offer{}, apperr.Conflict("The plan of this interview no longer changes, or is not yours to change.")
	}
	offer, err := h.interviews.Prepare(r.Context(), request.Actor(r), room.ApplicationID)
	return room, offer, err
}

// Reschedule changes the plan.
func (h *Handler) Reschedule(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	form := parsePlan(w, r)
	err = h.interviews.Reschedule(r.Context(), request.Actor(r), id, form.version, form.plan())
	if _, invalid := apperr.AsInvalid(err); invalid {
		return h.planAgain(w, r, form, "", err)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Interview(id), "Plan changed.")
}

// Cancel calls the interview off.
func (h *Handler) Cancel(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	reason := bounded(w, r, "reason")
	err = h.interviews.Cancel(r.Context(), request.Actor(r), id, number(r, "version"), reason)
	if _, invalid := apperr.AsInvalid(err); invalid {
		return h.planAgain(w, r, planForm{}, reason, err)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Interview(id), "Interview cancelled.")
}

// planAgain shows the plan's page with what is wrong in one of its two forms.
func (h *Handler) planAgain(w http.ResponseWriter, r *http.Request, form planForm, reason string, cause error) error {
	room, offer, err := h.planned(r)
	if err != nil {
		return err
	}
	view := planView{Room: room, Offer: offer, Form: planOf(r, room), Reason: reason}
	if _, about := fieldsOf(cause)["reason"]; about {
		view.ReasonError = fieldsOf(cause)["reason"]
		return response.Page(w, r, http.StatusUnprocessableEntity, planPage(view))
	}
	view.Form = form
	view.Form.errors = fieldsOf(cause)
	return response.Page(w, r, http.StatusUnprocessableEntity, planPage(view))
}
