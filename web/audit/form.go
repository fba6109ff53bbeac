package audit

import (
	"net/http"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/audit"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/id"
	"gatehouse/web/parts"
	"gatehouse/web/request"
)

// nobody is an id that no row has: a filter that names nothing finds nothing.
const nobody = "00000000-0000-0000-0000-000000000000"

// parse reads the filters. A person may be named by id or by number.
func (h *Handlers) parse(r *http.Request) (query, audit.Filter, error) {
	q := query{actor: request.Text(r, "actor"), action: request.Text(r, "action"), kind: request.Text(r, "kind"),
		subject: request.Text(r, "subject"), person: request.Text(r, "person"), from: request.Text(r, "from"), to: request.Text(r, "to")}
	f := audit.Filter{Action: q.action, SubjectKind: q.kind, SubjectID: q.subject, Cursor: r.URL.Query().Get("after")}
	if q.actor != "" {
		f.ActorID = orNobody(q.actor)
	}
	if day, err := time.Parse(time.DateOnly, q.from); err == nil {
		f.From = day
	}
	if day, err := time.Parse(time.DateOnly, q.to); err == nil {
		f.Before = day.AddDate(0, 0, 1) // the day itself is meant too
	}
	if q.person == "" {
		return q, f, nil
	}
	f.PersonID = orNobody(q.person)
	if n, ok := person.ParseNumber(q.person); ok {
		p, err := h.people.ByNumber(r.Context(), request.Actor(r), n)
		switch {
		case err == nil:
			f.PersonID = string(p.ID)
		case apperr.KindOf(err) != apperr.NotFound:
			return q, f, err
		}
	}
	return q, f, nil
}

func orNobody(s string) string {
	if parsed, err := id.Parse(s); err == nil {
		return parsed
	}
	return nobody
}

// checkForm is what somebody says a commitment stands for, and what came of working it out.
type checkForm struct {
	field, salt, old, new string
	oldNone, newNone      bool
	checked, proves       bool
	problems              map[string]string
}

func parseCheck(r *http.Request) checkForm {
	// The value is taken as it was typed: a space at its end is part of what was committed to.
	return checkForm{field: request.Text(r, "field"), salt: request.Text(r, "salt"), old: r.FormValue("old"), new: r.FormValue("new"),
		oldNone: r.FormValue("old_none") != "", newNone: r.FormValue("new_none") != ""}
}

func (f checkForm) claim() audit.Claim {
	return audit.Claim{Field: f.field, Salt: f.salt, Old: f.old, New: f.new, OldNone: f.oldNone, NewNone: f.newNone}
}

// listView is a page of the log.
type listView struct {
	q       query
	entries []audit.Entry
	users   []account.User
	views   parts.SavedViews
	person  *person.Person
	next    string
}
