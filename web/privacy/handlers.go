// Package privacy holds the pages about what is kept of people and for how long: the retention rules and their runs, legal holds,
// the register of personal data, and what is given out or erased of one person.
package privacy

import (
	"log/slog"
	"net/http"

	"gatehouse/internal/evidence"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/upload"
	"gatehouse/internal/privacy"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the routes of privacy.
type Handlers struct {
	privacy  *privacy.Service
	people   *person.Service
	evidence *evidence.Service
	log      *slog.Logger
}

// New returns the handlers.
func New(p *privacy.Service, people *person.Service, e *evidence.Service, log *slog.Logger) *Handlers {
	return &Handlers{privacy: p, people: people, evidence: e, log: log}
}

// Rules shows how long data is kept, and the last runs.
func (h *Handlers) Rules(w http.ResponseWriter, r *http.Request) error {
	policy, err := h.privacy.Policy(r.Context())
	if err != nil {
		return err
	}
	return h.showRules(w, r, http.StatusOK, rulesView{Form: formOf(policy)})
}

func (h *Handlers) showRules(w http.ResponseWriter, r *http.Request, status int, v rulesView) error {
	var err error
	if v.Runs, err = h.privacy.Runs(r.Context()); err != nil {
		return err
	}
	return response.Page(w, r, status, rulesPage(v))
}

// SetRules replaces the rules.
func (h *Handlers) SetRules(w http.ResponseWriter, r *http.Request) error {
	form, problems, err := parseRules(w, r)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		err = h.privacy.SetPolicy(r.Context(), request.Actor(r), form.policy())
	}
	if invalid, ok := apperr.AsInvalid(err); ok {
		problems = invalid.Fields
	} else if e, ok := apperr.As(err); ok && e.Kind == apperr.Stale {
		// Saving again replaces what somebody else stored, now that it was said.
		now, err := h.privacy.Policy(r.Context())
		if err != nil {
			return err
		}
		form.Version = now.Version
		return h.showRules(w, r, http.StatusConflict, rulesView{Form: form, Conflict: e.Error(), Now: formOf(now)})
	} else if err != nil {
		return err
	}
	if len(problems) > 0 {
		return h.showRules(w, r, http.StatusUnprocessableEntity, rulesView{Form: form, Problems: problems})
	}
	return response.See(w, r, path.Privacy, "Rules saved.")
}

// Due shows whose data the rules let go today.
func (h *Handlers) Due(w http.ResponseWriter, r *http.Request) error {
	due, err := h.privacy.Due(r.Context(), request.Actor(r))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, duePage(due))
}

// Begin starts a run of the rules.
func (h *Handlers) Begin(w http.ResponseWriter, r *http.Request) error {
	if err := h.privacy.Begin(r.Context(), request.Actor(r)); err != nil {
		return err
	}
	return response.See(w, r, path.Privacy, "The run has begun. This page shows how far it is.")
}

// Holds lists the holds in force.
func (h *Handlers) Holds(w http.ResponseWriter, r *http.Request) error {
	holds, err := h.privacy.Holds(r.Context(), request.Actor(r))
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, holdsPage(holds))
}

// Erasures lists what was erased.
func (h *Handlers) Erasures(w http.ResponseWriter, r *http.Request) error {
	erasures, err := h.privacy.Erasures(r.Context())
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, erasuresPage(erasures))
}

// Register shows what personal data is where.
func (h *Handlers) Register(w http.ResponseWriter, r *http.Request) error {
	register, err := h.privacy.Register(r.Context())
	if err != nil {
		return err
	}
	return response.Page(w, r, http.StatusOK, registerPage(register))
}

// Person shows what may be done about one person's data.
func (h *Handlers) Person(w http.ResponseWriter, r *http.Request) error {
	return h.showPerson(w, r, http.StatusOK, personView{})
}

// showPerson fills in what the view lacks and shows it.
func (h *Handlers) showPerson(w http.ResponseWriter, r *http.Request, status int, v personView) error {
	id, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	ctx, actor := r.Context(), request.Actor(r)
	if v.Person, err = h.people.ByID(ctx, actor, id); err != nil {
		return err
	}
	if v.Preview, err = h.privacy.Preview(ctx, actor, id); err != nil {
		return err
	}
	if v.Erasures, err = h.privacy.ErasuresOf(ctx, id); err != nil {
		return err
	}
	return response.Page(w, r, status, personPage(v))
}

// Place puts a person on hold.
func (h *Handlers) Place(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	reason, err := parseReason(w, r)
	if err != nil {
		return err
	}
	err = h.privacy.Place(r.Context(), request.Actor(r), id, reason)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, personView{Reason: reason, Problems: invalid.Fields})
	}
	if e, ok := apperr.As(err); ok && e.Kind == apperr.Stale {
		return h.showPerson(w, r, http.StatusConflict, personView{Reason: reason, Refused: e.Error()})
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.PersonPrivacy(id), "Their data is on hold.")
}

// Disclose answers with a ZIP of what is kept about a person.
func (h *Handlers) Disclose(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	with, err := parseDisclosure(w, r)
	if err != nil {
		return err
	}
	disclosure, err := h.privacy.Disclose(r.Context(), request.Actor(r), id, with)
	if e, ok := apperr.As(err); ok && e.Kind == apperr.Stale {
		return h.showPerson(w, r, http.StatusConflict, personView{Refused: e.Error()})
	}
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "application/zip")
	header.Set("Content-Disposition", upload.Attachment("records-"+disclosure.Number.String()+".zip"))
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	header.Set("Cache-Control", "no-store")
	if err := disclosure.WriteTo(r.Context(), w); err != nil {
		if r.Context().Err() == nil {
			h.log.ErrorContext(r.Context(), "disclosure broken off", "person", id, "error", err)
		}
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	return nil
}

// Erase erases what is personal of a person, who is confirmed by their number.
func (h *Handlers) Erase(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	form, err := parseErasure(w, r)
	if err != nil {
		return err
	}
	p, err := h.people.ByID(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	if n, ok := person.ParseNumber(form.Number); !ok || n != p.Number {
		return h.showPerson(w, r, http.StatusUnprocessableEntity,
			personView{Erasure: form, Problems: map[string]string{"number": "Type " + p.Number.String() + ", the number of this person."}})
	}
	err = h.privacy.Erase(r.Context(), request.Actor(r), id, form.Version, form.Basis)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showPerson(w, r, http.StatusUnprocessableEntity, personView{Erasure: form, Problems: invalid.Fields})
	}
	if e, ok := apperr.As(err); ok && e.Kind == apperr.Stale {
		return h.showPerson(w, r, http.StatusConflict, personView{Erasure: form, Refused: e.Error()})
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.PersonPrivacy(id), p.Number.String()+" was erased.")
}

// ShowHold shows one hold with the form that lifts it.
func (h *Handlers) ShowHold(w http.ResponseWriter, r *http.Request) error {
	return h.showHold(w, r, http.StatusOK, "", nil)
}

func (h *Handlers) showHold(w http.ResponseWriter, r *http.Request, status int, reason string, problems map[string]string) error {
	id, err := request.ID[string](r, "id")
	if err != nil {
		return err
	}
	hold, err := h.privacy.Hold(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, holdPage(hold, reason, problems))
}

// Lift ends a hold.
func (h *Handlers) Lift(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[string](r, "id")
	if err != nil {
		return err
	}
	reason, err := parseReason(w, r)
	if err != nil {
		return err
	}
	hold, err := h.privacy.Lift(r.Context(), request.Actor(r), id, reason)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showHold(w, r, http.StatusUnprocessableEntity, reason, invalid.Fields)
	}
	if err != nil {
		return err
	}
	if hold.CaseID != nil {
		return response.See(w, r, path.CaseTab(*hold.CaseID, "hold"), "The hold is lifted.")
	}
	return response.See(w, r, path.PrivacyHolds, "The hold is lifted.")
}

// CaseHold shows whether a case holds its subject's data.
func (h *Handlers) CaseHold(w http.ResponseWriter, r *http.Request) error {
	return h.showCaseHold(w, r, http.StatusOK, "", nil)
}

func (h *Handlers) showCaseHold(w http.ResponseWriter, r *http.Request, status int, reason string, problems map[string]string) error {
	id, err := request.ID[string](r, "id")
	if err != nil {
		return err
	}
	about, err := h.privacy.CaseOf(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, caseHoldPage(about, reason, problems))
}

// PlaceCaseHold has a case hold its subject's data.
func (h *Handlers) PlaceCaseHold(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ID[string](r, "id")
	if err != nil {
		return err
	}
	reason, err := parseReason(w, r)
	if err != nil {
		return err
	}
	err = h.privacy.PlaceCase(r.Context(), request.Actor(r), id, reason)
	if invalid, ok := apperr.AsInvalid(err); ok {
		return h.showCaseHold(w, r, http.StatusUnprocessableEntity, reason, invalid.Fields)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.CaseTab(id, "hold"), "The subject's data is on hold.")
}
