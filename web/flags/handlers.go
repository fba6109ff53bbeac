// Package flags shows the flags that wait for an answer, and one flag with the form that answers it.
package flags

import (
	"net/http"
	"net/url"
	"strconv"

	"gatehouse/internal/assessment"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handler answers the requests of these pages.
type Handler struct {
	lib        *catalogue.Library
	flags      *flag.Service
	assess     *assessment.Service
	candidates *candidate.Service
	evidence   *evidence.Service
}

// New returns a Handler over the services it shows.
func New(lib *catalogue.Library, flags *flag.Service, assess *assessment.Service, candidates *candidate.Service, ev *evidence.Service) *Handler {
	return &Handler{lib: lib, flags: flags, assess: assess, candidates: candidates, evidence: ev}
}

// List shows the flags that wait for an answer, the longest waiting first.
func (h *Handler) List(w http.ResponseWriter, r *http.Request) error {
	waiting, err := h.flags.Waiting(r.Context(), request.Actor(r), r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, listPage(listView{ed: h.lib.Current(), Waiting: waiting}))
}

// Show shows one flag.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	return h.show(w, r, http.StatusOK, nil, nil)
}

// form is what was typed into the form that answers a flag.
type form struct {
	Version  int
	State    string
	Reason   string
	Evidence []string
	// New is evidence that comes with the answer. Kept says that it was taken in, whatever became of the answer.
	New  parts.EvidenceForm
	Kept bool
}

func formOf(values url.Values) form {
	version, _ := strconv.Atoi(values.Get("version")) // a version that is no number is stale
	return form{Version: version, State: values.Get("state"), Reason: values.Get("reason"), Evidence: values["evidence"]}
}

// Dispose answers a flag. Evidence that comes with the answer is taken in first and stays even when the answer is
// refused: nobody has to choose a file twice.
func (h *Handler) Dispose(w http.ResponseWriter, r *http.Request) error {
	flagID, err := request.ID[flag.ID](r, "id")
	if err != nil {
		return err
	}
	a, err := parts.ReadArrival(r)
	f := formOf(a.Fields)
	f.New = a.EvidenceForm
	if err == nil && a.Given() {
		err = h.collect(r, flagID, a, &f)
	}
	if err != nil {
		parts.Drain(r, h.evidence)
		return h.answer(w, r, &f, parts.Refused(err), "")
	}
	err = h.assess.Dispose(r.Context(), request.Actor(r), flagID, f.Version, flag.State(f.State), f.Reason, request.IDs[evidence.ID](f.Evidence))
	return h.answer(w, r, &f, err, "The flag is "+f.State+".")
}

// collect takes in the evidence that comes with an answer and ticks it.
func (h *Handler) collect(r *http.Request, flagID flag.ID, a parts.Arrival, f *form) error {
	actor := request.Actor(r)
	found, err := h.candidates.Flag(r.Context(), actor, flagID)
	if err != nil {
		return err
	}
	a.PersonID, a.CaseID = string(found.Flag.PersonID), ""
	a.SubjectKind, a.SubjectID = evidence.OnFlag, string(flagID)
	a.GuessKind()
	added, err := a.Collect(r.Context(), h.evidence, actor)
	if err != nil {
		return apperr.Both(parts.Refused(err), found.Flag.Disposable(flag.State(f.State), f.Reason))
	}
	f.Evidence, f.New, f.Kept = append(f.Evidence, string(added)), parts.EvidenceForm{}, true
	return nil
}

// Second notes that a second person agrees with a confirmation.
func (h *Handler) Second(w http.ResponseWriter, r *http.Request) error {
	flagID, err := request.ID[flag.ID](r, "id")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return apperr.With(err, apperr.InvalidInput, "The form arrived incomplete. Send it again.")
	}
	err = h.assess.Second(r.Context(), request.Actor(r), flagID, formOf(r.PostForm).Version)
	return h.answer(w, r, nil, err, "Two people have confirmed it.")
}

// answer leads back to the flag, or shows the form again with what was typed and what is in the way.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, f *form, err error, done string) error {
	e, ok := apperr.As(err)
	switch {
	case ok && e.Kind == apperr.InvalidInput:
		return h.show(w, r, http.StatusUnprocessableEntity, f, e)
	case ok && e.Kind == apperr.Stale:
		return h.show(w, r, http.StatusConflict, f, e)
	case err != nil:
		return err
	}
	flagID, err := request.ID[flag.ID](r, "id")
	if err != nil {
		return err
	}
	return response.See(w, r, path.Flag(flagID), done)
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, f *form, problem *apperr.Error) error {
	flagID, err := request.ID[flag.ID](r, "id")
	if err != nil {
		return err
	}
	found, err := h.candidates.Flag(r.Context(), request.Actor(r), flagID)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, showPage(newShowView(h.lib.Current(), found, f, problem, h.evidence.MaxBytes())))
}
