// Package interviews is the pages of interviews: the lists, planning one, the room in which checks are answered
// during the call, submitting, and the scorecards after it.
package interviews

import (
	"errors"
	"net/http"

	"gatehouse/internal/interview"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handler answers the requests of interviews.
type Handler struct {
	interviews *interview.Service
}

// NewHandler returns the handler on the service.
func NewHandler(s *interview.Service) *Handler { return &Handler{interviews: s} }

// List shows one's own interviews first, then all that one may see.
func (h *Handler) List(w http.ResponseWriter, r *http.Request) error {
	filter := parseFilter(r)
	mine, err := h.interviews.Mine(r.Context(), request.Actor(r))
	if err != nil {
		return err
	}
	all, err := h.interviews.List(r.Context(), request.Actor(r), filter)
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, listPage(listView{Mine: mine, All: all, Filter: filter}))
}

// Show is the room for whoever still owes a scorecard, and the scorecards for everybody else.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	room, err := h.interviews.Enter(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	if !room.Answering() {
		return response.Page(w, r, http.StatusOK, cardsPage(newCardsView(room)))
	}
	return response.Page(w, r, http.StatusOK, roomPage(newRoomView(room, r.FormValue("check"))))
}

// Save keeps a draft answer. The page's script asks for JSON and stays where it is; a plain form goes on to the
// next check.
func (h *Handler) Save(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	form := parseAnswer(w, r)
	stored, err := h.interviews.SaveAnswer(r.Context(), request.Actor(r), id, form)
	if wantsJSON(r) {
		return answerJSON(w, r, stored, err)
	}
	var clash *interview.Clash
	_, invalid := apperr.AsInvalid(err)
	switch {
	case errors.As(err, &clash):
		return h.showAgain(w, r, id, form, err)
	case invalid:
		return h.showAgain(w, r, id, form, err)
	case err != nil:
		return err
	}
	return response.See(w, r, nextPage(id, form.CheckID, r.FormValue("next")), "")
}

// showAgain shows the room with what was typed, and what stands against it.
func (h *Handler) showAgain(w http.ResponseWriter, r *http.Request, id interview.ID, form interview.Answer, cause error) error {
	room, err := h.interviews.Enter(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	view, status := newRoomView(room, form.CheckID), http.StatusUnprocessableEntity
	var clash *interview.Clash
	if errors.As(cause, &clash) {
		status = http.StatusConflict
	}
	view.typed(form, cause)
	return response.Page(w, r, status, roomPage(view))
}

// Attach keeps a file or a link as evidence for one's answer.
func (h *Handler) Attach(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	check := request.Param(r, "check")
	err = receive(r, check, func(a attached) error {
		if a.file != nil {
			_, err := h.interviews.AttachFile(r.Context(), request.Actor(r), id, a.Attachment, a.fileName, a.file)
			return err
		}
		_, err := h.interviews.AttachLink(r.Context(), request.Actor(r), id, a.Attachment, a.link)
		return err
	})
	if _, invalid := apperr.AsInvalid(err); invalid {
		return h.showAttachAgain(w, r, id, check, err)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.InterviewCheck(id, check), "Evidence attached.")
}

// showAttachAgain says on the page what is wrong with the evidence. The file has to be chosen again: a browser
// does not let a page fill in a file.
func (h *Handler) showAttachAgain(w http.ResponseWriter, r *http.Request, id interview.ID, check string, cause error) error {
	room, err := h.interviews.Enter(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	if !room.Answering() {
		view := newCardsView(room)
		view.Problem = problemOf(cause)
		return response.Page(w, r, http.StatusUnprocessableEntity, cardsPage(view))
	}
	view := newRoomView(room, check)
	view.EvidenceProblem = problemOf(cause)
	return response.Page(w, r, http.StatusUnprocessableEntity, roomPage(view))
}

// Review shows what is left before a scorecard is frozen.
func (h *Handler) Review(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	review, err := h.interviews.Review(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	if !review.Answering() {
		return response.See(w, r, path.Interview(id), "")
	}
	return response.Page(w, r, http.StatusOK, submitPage(submitView{Review: review}))
}

// Submit freezes the scorecard.
func (h *Handler) Submit(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	form := parseSubmission(w, r)
	err = h.interviews.Submit(r.Context(), request.Actor(r), id, form)
	if kind := apperr.KindOf(err); err != nil && (kind == apperr.InvalidInput || kind == apperr.Stale) {
		return h.reviewAgain(w, r, id, form, err)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Interview(id), "Scorecard submitted.")
}

func (h *Handler) reviewAgain(w http.ResponseWriter, r *http.Request, id interview.ID, form interview.Submission, cause error) error {
	review, err := h.interviews.Review(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	if e, ok := apperr.As(cause); ok && !review.Answering() {
		// Sent twice, or from a second window: what was wanted is done, and the page of the scorecards shows it.
		return response.See(w, r, path.Interview(id), e.Message)
	}
	status := http.StatusUnprocessableEntity
	if apperr.KindOf(cause) == apperr.Stale {
		status = http.StatusConflict
	}
	return response.Page(w, r, status, submitPage(submitView{Review: review, Summary: form.Summary, Problem: problemOf(cause)}))
}

// AmendForm shows one answer of one's scorecard, to be amended.
func (h *Handler) AmendForm(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	return h.showAmend(w, r, http.StatusOK, id, amendForm{Amendment: interview.Amendment{CheckID: request.Param(r, "check")}})
}

// Amend adds the next version of one's scorecard.
func (h *Handler) Amend(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[interview.ID](r, "id")
	if err != nil {
		return err
	}
	form := parseAmendment(w, r)
	err = h.interviews.Amend(r.Context(), request.Actor(r), id, form.Amendment)
	switch apperr.KindOf(err) {
	case apperr.InvalidInput:
		form.errors = fieldsOf(err)
		return h.showAmend(w, r, http.StatusUnprocessableEntity, id, form)
	case apperr.Stale:
		form.problem = problemOf(err)
		return h.showAmend(w, r, http.StatusConflict, id, form)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Interview(id), "Answer amended. The version before stays beside it.")
}

func (h *Handler) showAmend(w http.ResponseWriter, r *http.Request, status int, id interview.ID, form amendForm) error {
	room, err := h.interviews.Enter(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	view, err := newAmendView(room, form)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, amendPage(view))
}
