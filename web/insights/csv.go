package insights

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/page"
	"gatehouse/web/request"
	"gatehouse/web/response"
)

// table is a dashboard as a file: one number a line.
type table struct{ lines [][]string }

func (t *table) add(figure, row, column string, n int) {
	t.lines = append(t.lines, []string{figure, row, column, strconv.Itoa(n)})
}

func (t *table) spread(figure string, rows []dashboard.Spread) {
	for _, row := range rows {
		for _, band := range catalogue.Bands() {
			t.add(figure, row.Title, words(string(band)), row.Counts[string(band)])
		}
	}
}

// send answers with the file.
func (t *table) send(w http.ResponseWriter, name string) error {
	out := response.CSV(w, name, "figure", "row", "column", "number")
	for _, line := range t.lines {
		_ = out.Line(line)
	}
	_ = out.Flush() // when the reader has gone, nobody is left to tell
	return nil
}

// HiringCSV is the hiring dashboard as a file.
func (h *Handlers) HiringCSV(w http.ResponseWriter, r *http.Request) error {
	d, err := h.dashboards.Hiring(r.Context(), request.Actor(r), bandsOf(r)...)
	if err != nil {
		return err
	}
	var t table
	t.spread("Candidates by stage", d.Stages)
	t.spread("Candidates by coverage", d.Coverage)
	t.spread("Candidates by channel", d.Channels)
	t.spread("Candidates by time in stage", d.Ageing)
	for _, b := range d.Waiting {
		t.add("Flags waiting", b.Title, "flags", b.N)
	}
	for _, f := range d.Findings {
		t.add("Open findings", f.Title, "flags", f.N)
	}
	for _, c := range d.Checks {
		t.add("Required checks left out", c.Title, "waiting for it", c.Waiting)
		t.add("Required checks left out", c.Title, "passed over", c.Overridden)
	}
	for _, m := range d.Moves.Days {
		t.add("Changes of band", m.Day.Format(time.DateOnly), "up", m.Up)
		t.add("Changes of band", m.Day.Format(time.DateOnly), "down", m.Down)
	}
	for _, j := range d.Uneven {
		t.add("Jobs with unequal checks", j.Title, "checks", j.Checks)
	}
	return t.send(w, "hiring-risk")
}

// ResponseCSV is the response dashboard as a file. It names cases by their code names.
func (h *Handlers) ResponseCSV(w http.ResponseWriter, r *http.Request) error {
	d, err := h.dashboards.Response(r.Context(), request.Actor(r))
	if err != nil {
		return err
	}
	var t table
	for _, p := range d.Phases {
		t.add("Open cases by phase", words(string(p.Phase)), "cases", p.N)
	}
	for _, b := range d.Ageing {
		t.add("Open cases by age", b.Title, "cases", b.N)
	}
	t.add("Overdue steps", "All my cases", "steps", d.OverdueSteps)
	for _, day := range d.Signals {
		for _, severity := range catalogue.Severities() {
			t.add("Signals", day.Day.Format(time.DateOnly), words(string(severity)), day.N[severity])
		}
	}
	for _, b := range d.Opened {
		t.add("Cases opened", date(b.From), "cases", b.N)
	}
	return t.send(w, "response")
}

// FlagsCSV is the list of flags as a file.
func (h *Handlers) FlagsCSV(w http.ResponseWriter, r *http.Request) error {
	f := flagFilter(r)
	return response.List(w, "flags", []string{"Person", "Finding", "Answer", "Strength", "State", "What was seen", "Raised"},
		func(cursor string) (page.Slice[dashboard.OpenFlag], error) {
			f.Cursor = cursor
			return h.dashboards.Flags(r.Context(), request.Actor(r), f)
		},
		func(f dashboard.OpenFlag) []string {
			return []string{f.PersonName, f.Title, words(string(f.Answer)), words(string(f.Strength)), words(string(standing(f))), f.Summary, f.RaisedAt.UTC().Format(time.RFC3339)}
		})
}

// MovementCSV is the list of changes of band as a file.
func (h *Handlers) MovementCSV(w http.ResponseWriter, r *http.Request) error {
	from, way := movementFilter(r)
	return response.List(w, "changes-of-band", []string{"Person", "From", "To", "Known %", "Because of", "When"},
		func(cursor string) (page.Slice[dashboard.Move], error) {
			return h.dashboards.Movement(r.Context(), request.Actor(r), from, way, cursor)
		},
		func(m dashboard.Move) []string {
			return []string{m.PersonName, words(string(m.FromBand)), words(string(m.ToBand)), strconv.Itoa(m.Coverage), m.Cause, m.At.UTC().Format(time.RFC3339)}
		})
}

// OverridesCSV is the list of gates passed without a check as a file.
func (h *Handlers) OverridesCSV(w http.ResponseWriter, r *http.Request) error {
	ed := h.lib.Current()
	check, known := ed.Item(r.URL.Query().Get("check"))
	if !known {
		return apperr.Missing("check")
	}
	return response.List(w, "gates-passed", []string{"Person", "Job", "Into the stage", "Reason given", "By", "When"},
		func(cursor string) (page.Slice[dashboard.Override], error) {
			return h.dashboards.Overrides(r.Context(), request.Actor(r), check.ID, cursor)
		},
		func(o dashboard.Override) []string {
			return []string{o.PersonName, o.JobTitle, titleIn(ed, o.StageID), o.Reason, o.By, o.OverriddenAt.UTC().Format(time.RFC3339)}
		})
}

// words gives "red-flag" as "Red flag".
func words(s string) string {
	if s == "" {
		return s
	}
	s = strings.ReplaceAll(s, "-", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}
