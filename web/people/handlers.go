// Package people holds the forms in which candidates are entered: adding one with everything they say of themselves,
// changing that, and letting a known person apply for another job.
package people

import (
	"cmp"
	"net/http"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the routes of the forms.
type Handlers struct {
	hiring *hiring.Service
	people *person.Service
	claims *claim.Service
	lib    *catalogue.Library
}

// New returns the handlers.
func New(h *hiring.Service, people *person.Service, claims *claim.Service, lib *catalogue.Library) *Handlers {
	return &Handlers{hiring: h, people: people, claims: claims, lib: lib}
}

// New shows the empty form.
func (h *Handlers) New(w http.ResponseWriter, r *http.Request) error {
	f := form{JobID: request.Text(r, "job")}
	f.spread()
	return h.show(w, r, http.StatusOK, f, nil)
}

// Add stores the candidate, or shows the form with more rows when somebody asked for them.
func (h *Handlers) Add(w http.ResponseWriter, r *http.Request) error {
	f, err := parse(w, r)
	if err != nil {
		return err
	}
	if f.more() {
		return h.show(w, r, http.StatusOK, f, f.leftOver())
	}
	if f.Unsorted != "" {
		return h.show(w, r, http.StatusUnprocessableEntity, f, unsorted)
	}
	personID, _, err := h.hiring.AddCandidate(r.Context(), request.Actor(r), f.candidate())
	if e, ok := apperr.As(err); ok && e.Kind == apperr.InvalidInput {
		return h.show(w, r, http.StatusUnprocessableEntity, f, e)
	} else if ok && e.Kind == apperr.Stale {
		f.Once = "" // used up
		return h.show(w, r, http.StatusConflict, f, e)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Candidate(personID), h.done(r, f.Person.Name+" was added.", personID))
}

// done is the message after saving, with a hint when somebody else gave the same contact or profile. A hint that
// cannot be read is no reason to report a failure: the candidate is stored.
func (h *Handlers) done(r *http.Request, message string, personID person.ID) string {
	same, err := h.claims.Matching(r.Context(), request.Actor(r), personID)
	if err != nil || len(same.Seen) == 0 && same.Unseen == 0 {
		return message
	}
	if len(same.Seen) == 0 {
		return message + " Somebody whom you do not see gave the same contact or profile: ask HR."
	}
	first := same.Seen[0]
	return message + " " + first.Name + " (" + first.Number.String() + ") gave the same " + lower(first.Kind.Title()) + ": worth a look."
}

// Edit shows the form of a candidate.
func (h *Handlers) Edit(w http.ResponseWriter, r *http.Request) error {
	f, err := h.stored(r)
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, f, nil)
}

// stored is the form as the candidate of the path is stored.
func (h *Handlers) stored(r *http.Request) (form, error) {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return form{}, err
	}
	p, claims, err := h.hiring.Candidate(r.Context(), request.Actor(r), personID)
	if err != nil {
		return form{}, err
	}
	if p.ErasedAt != nil {
		return form{}, person.WasErased()
	}
	f := formOf(p, claims)
	if p.ReferrerID != nil {
		if referrer, err := h.people.ByID(r.Context(), request.Actor(r), *p.ReferrerID); err == nil {
			f.Referrer = referrer.Number.String()
		}
	}
	f.spread()
	return f, nil
}

// Save changes a candidate.
func (h *Handlers) Save(w http.ResponseWriter, r *http.Request) error {
	f, err := parse(w, r)
	if err != nil {
		return err
	}
	if f.ID, err = request.ID[person.ID](r, "id"); err != nil {
		return err
	}
	if f.more() {
		return h.show(w, r, http.StatusOK, f, f.leftOver())
	}
	if f.Unsorted != "" {
		return h.show(w, r, http.StatusUnprocessableEntity, f, unsorted)
	}
	err = h.hiring.EditCandidate(r.Context(), request.Actor(r), f.ID, f.Version, f.candidate())
	if e, ok := apperr.As(err); ok && e.Kind == apperr.InvalidInput {
		return h.show(w, r, http.StatusUnprocessableEntity, f, e)
	} else if ok && e.Kind == apperr.Stale {
		return h.conflict(w, r, f, e)
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Candidate(f.ID), h.done(r, "Saved.", f.ID))
}

// conflict shows the form again with what was typed: saving it once more replaces what somebody else stored meanwhile.
func (h *Handlers) conflict(w http.ResponseWriter, r *http.Request, f form, e *apperr.Error) error {
	now, err := h.people.ByID(r.Context(), request.Actor(r), f.ID)
	if err != nil {
		return err
	}
	if now.ErasedAt != nil {
		return e
	}
	f.Version = now.Version
	return h.show(w, r, http.StatusConflict, f, e)
}

// show shows the form with what was typed and what is wrong with it.
func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, f form, problem *apperr.Error) error {
	v := view{Form: f, ed: h.lib.Current()}
	if f.ID == "" {
		jobs, err := h.hiring.OpenJobs(r.Context(), request.Actor(r))
		if err != nil {
			return err
		}
		v.Jobs = jobs
		v.Form.Once = cmp.Or(f.Once, person.ID(id.New()))
	}
	if problem != nil {
		v.Problems = problem.Fields
		if problem.Kind == apperr.Stale {
			v.Conflict = problem.Message
		}
	}
	return response.Page(w, r, status, formPage(v))
}

// ShowApply shows the form by which a known person applies for another job.
func (h *Handlers) ShowApply(w http.ResponseWriter, r *http.Request) error {
	return h.showApply(w, r, http.StatusOK, nil)
}

// Apply lets the person apply for another job.
func (h *Handlers) Apply(w http.ResponseWriter, r *http.Request) error {
	if err := request.Form(w, r); err != nil {
		return err
	}
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	_, err = h.hiring.Apply(r.Context(), request.Actor(r), personID, hiring.JobID(request.Text(r, "job")))
	if e, ok := apperr.As(err); ok && e.Kind == apperr.InvalidInput {
		return h.showApply(w, r, http.StatusUnprocessableEntity, e.Fields)
	} else if ok && e.Kind == apperr.Stale {
		return h.showApply(w, r, http.StatusConflict, map[string]string{"job": e.Message})
	}
	if err != nil {
		return err
	}
	return response.See(w, r, path.Candidate(personID), "The application begins at the first stage.")
}

func (h *Handlers) showApply(w http.ResponseWriter, r *http.Request, status int, problems map[string]string) error {
	personID, err := request.ID[person.ID](r, "id")
	if err != nil {
		return err
	}
	p, err := h.people.ByID(r.Context(), request.Actor(r), personID)
	if err != nil {
		return err
	}
	jobs, err := h.hiring.OpenJobs(r.Context(), request.Actor(r))
	if err != nil {
		return err
	}
	return response.Page(w, r, status, applyPage(applyView{Person: p, Jobs: jobs, JobID: request.Text(r, "job"), Problems: problems}))
}

// leftOver is what to say when pasted lines could not be sorted in, or nil.
func (f form) leftOver() *apperr.Error {
	if f.asked == "paste" && f.Unsorted != "" {
		return unsorted
	}
	return nil
}

// unsorted is what is wrong with a form of which pasted lines are left over.
var unsorted = &apperr.Error{Kind: apperr.InvalidInput, Fields: map[string]string{
	"paste": "These lines are no e-mail address, phone number, @handle or link. Enter them below, or remove them."}}
