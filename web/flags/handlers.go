// Package flags shows the flags that wait for an answer, and one flag with the form that answers it.
package flags

import (
	"net/http"
	"strconv"

	"gatehouse/internal/assessment"
	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/platform/apperr"
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
}

// New returns a Handler over the services it shows.
func New(lib *catalogue.Library, flags *flag.Service, assess *assessment.Service, candidates *candidate.Service) *Handler {
	return &Handler{lib: lib, flags: flags, assess: assess, candidates: candidates}
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
}

func parse(r *http.Request) form {
	version, _ := strconv.Atoi(request.Text(r, "version")) // a version that is no number is stale
	return form{Version: version, State: request.Text(r, "state"), Reason: request.Text(r, "reason"), Evidence: r.PostForm["evidence"]}
}

// Dispose answers a flag.
func (h *Handler) Dispose(w http.ResponseWriter, r *http.Request) error {
	flagID, err := request.ID[flag.ID](r, "id")
	if err != nil {
		return err
	}
	f := parse(r)
	err = h.assess.Dispose(r.Context(), request.Actor(r), flagID, f.Version, flag.State(f.State), f.Reason, request.IDs[evidence.ID](f.Evidence))
	return h.answer(w, r, &f, err, "The flag is "+f.State+".")
}

// Second notes that a second person agrees with a confirmation.
func (h *Handler) Second(w http.ResponseWriter, r *http.Request) error {
	flagID, err := request.ID[flag.ID](r, "id")
	if err != nil {
		return err
	}
	err = h.assess.Second(r.Context(), request.Actor(r), flagID, parse(r).Version)
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
	return response.Page(w, r, status, showPage(newShowView(h.lib.Current(), found, f, problem)))
}
