package signals

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/signal"
	"gatehouse/web/path"
	"gatehouse/web/request"
)

// query is the state of the list, as its address holds it.
type query struct {
	Severity, Signal, Source string
	Person                   person.ID
	Unresolved               bool
	After, Before            string
}

// parseQuery reads the address. Values that mean nothing are left out.
func parseQuery(r *http.Request) query {
	q := query{Signal: request.Text(r, "signal"), Source: request.Text(r, "source"), Unresolved: r.FormValue("unresolved") != "",
		After: r.FormValue("after"), Before: r.FormValue("before")}
	if s := catalogue.Severity(request.Text(r, "severity")); slices.Contains(catalogue.Severities(), s) {
		q.Severity = string(s)
	}
	if parsed, err := id.Parse(request.Text(r, "person")); err == nil {
		q.Person = person.ID(parsed)
	}
	return q
}

func (q query) filter() signal.Filter {
	f := signal.Filter{Source: q.Source, PersonID: q.Person, Unresolved: q.Unresolved, After: q.After, Before: q.Before}
	if q.Severity != "" {
		f.Severities = []catalogue.Severity{catalogue.Severity(q.Severity)}
	}
	if q.Signal != "" {
		f.SignalIDs = []string{q.Signal}
	}
	return f
}

// narrowed reports whether any filter is in force.
func (q query) narrowed() bool {
	return q.Severity != "" || q.Signal != "" || q.Source != "" || q.Person != "" || q.Unresolved
}

// href is the address of page, such as path.Signals, with the query as it is.
func (q query) href(page string) string {
	values := url.Values{}
	for name, value := range map[string]string{"severity": q.Severity, "signal": q.Signal, "source": q.Source,
		"person": string(q.Person), "after": q.After, "before": q.Before} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if q.Unresolved {
		values.Set("unresolved", "on")
	}
	if len(values) == 0 {
		return page
	}
	return page + "?" + values.Encode()
}

// at is the query at another place of the list; an empty cursor leads nowhere.
func (q query) at(after, before string) string {
	if after == "" && before == "" {
		return ""
	}
	q.After, q.Before = after, before
	return q.href(path.Signals)
}

// form is what was typed about a signal.
type form struct {
	Signal, OccurredAt, Note string
}

// formTime is how a field for date and time writes them.
const formTime = "2006-01-02T15:04"

func parseForm(w http.ResponseWriter, r *http.Request) (form, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return form{}, apperr.With(err, apperr.InvalidInput, "The form could not be read.")
	}
	return form{Signal: request.Text(r, "signal"), OccurredAt: request.Text(r, "occurred_at"), Note: request.Text(r, "note")}, nil
}

// byHand is what the form means, its time read in zone. A time that cannot be read stays zero, which is refused.
func (f form) byHand(engagement hiring.EngagementID, zone *time.Location) signal.ByHand {
	at, err := time.ParseInLocation(formTime, f.OccurredAt, zone)
	if err != nil {
		at = time.Time{}
	}
	return signal.ByHand{EngagementID: engagement, SignalID: f.Signal, OccurredAt: at, Note: f.Note}
}
