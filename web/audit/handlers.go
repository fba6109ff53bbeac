// Package audit holds the pages of the audit log.
package audit

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/audit"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// Handlers answers the routes of the audit log.
type Handlers struct {
	log        *audit.Service
	accounts   *account.Service
	people     *person.Service
	dashboards *dashboard.Service
}

// New returns the handlers.
func New(log *audit.Service, accounts *account.Service, people *person.Service, dashboards *dashboard.Service) *Handlers {
	return &Handlers{log: log, accounts: accounts, people: people, dashboards: dashboards}
}

// List shows the log, narrowed by the filters of the address.
func (h *Handlers) List(w http.ResponseWriter, r *http.Request) error {
	q, filter, err := h.parse(r)
	if err != nil {
		return err
	}
	actor := request.Actor(r)
	slice, err := h.log.List(r.Context(), actor, filter)
	if err != nil {
		return err
	}
	users, err := h.accounts.All(r.Context())
	if err != nil {
		return err
	}
	views, err := h.dashboards.Views(r.Context(), actor, dashboard.ViewAudit)
	if err != nil {
		return err
	}
	v := listView{q: q, entries: slice.Items, users: users}
	v.views = parts.SavedViews{Page: dashboard.ViewAudit, Query: q.values().Encode(), Views: views, Actor: actor}
	if slice.Next != "" {
		next := q.values()
		next.Set("after", slice.Next)
		v.next = path.WithQuery(path.Audit, next)
	}
	if filter.PersonID != "" {
		if p, err := h.people.ByID(r.Context(), actor, person.ID(filter.PersonID)); err == nil {
			v.person = &p
		}
	}
	return response.Page(w, r, http.StatusOK, listPage(v))
}

// Show shows one entry with its values and commitments.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	return h.show(w, r, http.StatusOK, checkForm{})
}

// Check works a commitment out again from a salt and a value that somebody holds.
func (h *Handlers) Check(w http.ResponseWriter, r *http.Request) error {
	f := parseCheck(r)
	id, err := request.ID[audit.ID](r, "id")
	if err != nil {
		return err
	}
	entry, err := h.log.ByID(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	f.proves, err = entry.Check(f.claim())
	if invalid, ok := apperr.AsInvalid(err); ok {
		f.problems = invalid.Fields
		return response.Page(w, r, http.StatusUnprocessableEntity, entryPage(entry, f))
	}
	if err != nil {
		return err
	}
	f.checked = true
	return response.Page(w, r, http.StatusOK, entryPage(entry, f))
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, f checkForm) error {
	id, err := request.ID[audit.ID](r, "id")
	if err != nil {
		return err
	}
	entry, err := h.log.ByID(r.Context(), request.Actor(r), id)
	if err != nil {
		return err
	}
	return response.Page(w, r, status, entryPage(entry, f))
}

// CSV answers with the log as it is narrowed, one value a line.
func (h *Handlers) CSV(w http.ResponseWriter, r *http.Request) error {
	_, filter, err := h.parse(r)
	if err != nil {
		return err
	}
	// The first page is read before anything is sent, so that a failure is an answer and not half a file.
	if _, err := h.log.List(r.Context(), request.Actor(r), filter); err != nil {
		return err
	}
	out := response.CSV(w, "audit", "id", "at", "actor_kind", "actor_id", "actor", "action", "subject_kind", "subject_id", "person_id",
		"case_id", "detail", "field", "old", "new", "erased", "commitment")
	err = h.log.Export(r.Context(), request.Actor(r), filter, func(e audit.Entry) error {
		for _, line := range linesOf(e) {
			if err := out.Line(line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && r.Context().Err() == nil {
		out.Fail()
	}
	_ = out.Flush() // when the reader has gone, nobody is left to tell
	return nil
}

// linesOf writes an entry as a line for each of its values, or as one without any.
func linesOf(e audit.Entry) [][]string {
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		detail = nil
	}
	head := []string{string(e.ID), e.At.UTC().Format(time.RFC3339Nano), e.ActorKind, text(e.ActorID), e.Actor(), e.Action,
		e.SubjectKind, e.SubjectID, text(e.PersonID), text(e.CaseID), string(detail)}
	values := e.Values
	if len(values) == 0 {
		values = []audit.Value{{}}
	}
	var lines [][]string
	for _, v := range values {
		erased := ""
		if v.Erased {
			erased = "erased"
		}
		lines = append(lines, append(slices.Clone(head), v.Field, text(v.Old), text(v.New), erased, v.Commitment))
	}
	return lines
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// query is the log's filter as its address spells it.
type query struct{ actor, action, kind, subject, person, from, to string }

func (q query) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"actor": q.actor, "action": q.action, "kind": q.kind, "subject": q.subject,
		"person": q.person, "from": q.from, "to": q.to} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

func (q query) any() bool { return len(q.values()) > 0 }
