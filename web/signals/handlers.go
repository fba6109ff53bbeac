// Package signals holds the pages of telemetry: the list, one signal with what may explain it, and the form for one
// that a person saw.
package signals

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/signal"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handler answers the requests of these pages.
type Handler struct {
	lib     *catalogue.Library
	signals *signal.Service
	people  *person.Service
	hiring  *hiring.Service
}

// New returns a Handler over the services it shows.
func New(lib *catalogue.Library, signals *signal.Service, people *person.Service, h *hiring.Service) *Handler {
	return &Handler{lib: lib, signals: signals, people: people, hiring: h}
}

// List shows a page of the signals, the latest first.
func (h *Handler) List(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r)
	v := listView{ed: h.lib.Current(), query: q}
	found, err := h.signals.List(r.Context(), request.Actor(r), q.filter())
	if err != nil {
		return err
	}
	v.Page = found
	if v.Sources, err = h.signals.Sources(r.Context()); err != nil {
		return err
	}
	if q.Person != "" {
		if v.Person, err = h.people.ByID(r.Context(), request.Actor(r), q.Person); err != nil {
			return err
		}
	}
	return response.Page(w, r, http.StatusOK, listPage(v))
}

// Show shows one signal: what was seen, what innocent cause it may have, what to do.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request) error {
	s, err := h.signals.At(r.Context(), request.Actor(r), request.Param(r, "place"))
	if err != nil {
		return err
	}
	v := showView{ed: h.lib.Current(), Signal: s}
	if s.PersonID != nil {
		near, err := h.signals.ForPerson(r.Context(), request.Actor(r), *s.PersonID, "", "", beside)
		if err != nil {
			return err
		}
		v.Others = near.Items
	}
	return response.Page(w, r, http.StatusOK, showPage(v))
}

// beside is how many other signals about the person stand beside one.
const beside = 10

// New shows the empty form for a signal by hand.
func (h *Handler) New(w http.ResponseWriter, r *http.Request) error {
	e, err := h.engagement(r)
	if err != nil {
		return err
	}
	now := time.Now().In(zoneOf(request.User(r))).Format(formTime)
	return response.Page(w, r, http.StatusOK, newPage(formView{ed: h.lib.Current(), Engagement: e, form: form{OccurredAt: now}}))
}

// Record takes in a signal by hand.
func (h *Handler) Record(w http.ResponseWriter, r *http.Request) error {
	e, err := h.engagement(r)
	if err != nil {
		return err
	}
	f, err := parseForm(w, r)
	if err != nil {
		return err
	}
	place, err := h.signals.Record(r.Context(), request.Actor(r), f.byHand(e.ID, zoneOf(request.User(r))))
	if invalid, ok := apperr.AsInvalid(err); ok {
		return response.Page(w, r, http.StatusUnprocessableEntity, newPage(formView{ed: h.lib.Current(), Engagement: e, form: f, Problems: invalid.Fields}))
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Signal(place), "Signal recorded. The assessment takes it into account.")
}

func (h *Handler) engagement(r *http.Request) (hiring.Engagement, error) {
	id, err := request.ID[hiring.EngagementID](r, "id")
	if err != nil {
		return hiring.Engagement{}, err
	}
	return h.hiring.Engagement(r.Context(), request.Actor(r), id)
}

// Section is the part of an engagement's page that shows the person's latest signals and leads to adding one by hand.
// Whoever may not read signals gets none.
func (h *Handler) Section(ctx context.Context, actor authz.Actor, e hiring.Engagement) (templ.Component, error) {
	if !actor.May(authz.SignalRead) {
		return nil, nil //nolint:nilnil // no component is how a section stays away
	}
	found, err := h.signals.ForPerson(ctx, actor, e.PersonID, "", "", beside)
	if err != nil {
		return nil, err
	}
	return section(h.lib.Current(), e, found), nil
}

// zoneOf is the zone that the user reads and writes times in.
func zoneOf(u account.User) *time.Location {
	zone, err := time.LoadLocation(u.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
