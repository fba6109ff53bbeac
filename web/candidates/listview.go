package candidates

import (
	"cmp"
	"slices"

	"github.com/a-h/templ"

	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/page"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// listView is the list with its filter, as the page shows it.
type listView struct {
	Query  path.CandidateQuery
	Stage  string
	Rows   templ.Component // nil when there are none
	Pages  ui.Pages
	Bands  []ui.Chip
	Only   []ui.Chip
	Stages []ui.Option
	Jobs   []ui.Option
	Ways   []ui.Option // channels
	// Kept are the filters that the form's own fields do not hold, so that submitting it loses none.
	Kept []hidden
}

// hidden is a field of the filter form that is not seen.
type hidden struct{ Name, Value string }

func newListView(ed *catalogue.Edition, q path.CandidateQuery, found page.Slice[person.Person], jobs []candidate.JobOption) listView {
	shown := q
	q.After, q.Before = "", ""
	v := listView{
		Query:  q,
		Pages:  pagesOf(shown, found),
		Kept:   kept(q),
		Stages: []ui.Option{{Label: "Any stage"}},
		Jobs:   []ui.Option{{Label: "Any job"}},
		Ways:   []ui.Option{{Label: "Any channel"}},
	}
	if len(found.Items) > 0 {
		v.Rows = rows(found.Items, ed)
	}
	for _, s := range ed.Stages {
		v.Stages = append(v.Stages, ui.Option{Value: s.ID, Label: s.Title})
	}
	for _, c := range ed.Channels {
		v.Ways = append(v.Ways, ui.Option{Value: c.ID, Label: c.Title})
	}
	if len(q.Stages) > 0 {
		v.Stage = q.Stages[0]
	}
	v.Jobs = append(v.Jobs, jobOptions(q.Job, jobs)...)
	v.chips(ed)
	return v
}

// kept are the parts of the query that the form holds in hidden fields.
func kept(q path.CandidateQuery) []hidden {
	q.Text, q.Job, q.Channel = "", "", ""
	if len(q.Stages) > 0 { // the first is what the form shows
		q.Stages = q.Stages[1:]
	}
	var fields []hidden
	for name, values := range q.Values() {
		for _, value := range values {
			fields = append(fields, hidden{name, value})
		}
	}
	slices.SortFunc(fields, func(a, b hidden) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return fields
}

// jobOptions offers the jobs; one that is filtered by and not among them (closed, or an old one) stays chosen.
func jobOptions(chosen string, jobs []candidate.JobOption) []ui.Option {
	var options []ui.Option
	among := chosen == ""
	for _, j := range jobs {
		options = append(options, ui.Option{Value: j.ID, Label: j.Title})
		among = among || j.ID == chosen
	}
	if !among {
		options = append(options, ui.Option{Value: chosen, Label: "The job you came from"})
	}
	return options
}

// chips are the filters that are one click: each leads to the list with itself turned on or off. Filters that a
// dashboard led here with are shown too, to be taken off.
func (v *listView) chips(ed *catalogue.Edition) {
	for _, b := range catalogue.Bands() {
		q := v.Query
		q.Bands = toggled(q.Bands, string(b))
		v.Bands = append(v.Bands, chip(bandWord(b), q, slices.Contains(v.Query.Bands, string(b))))
	}
	for _, s := range person.Statuses() {
		q := v.Query
		q.Statuses = toggled(q.Statuses, string(s))
		v.Only = append(v.Only, chip(s.Title(), q, slices.Contains(v.Query.Statuses, string(s))))
	}
	only := func(label string, on bool, change func(*path.CandidateQuery)) {
		q := v.Query
		change(&q)
		v.Only = append(v.Only, chip(label, q, on))
	}
	only("Open flags", v.Query.Flagged, func(q *path.CandidateQuery) { q.Flagged = !q.Flagged })
	only("Next stage blocked", v.Query.Missing, func(q *path.CandidateQuery) { q.Missing = !q.Missing })
	if below := v.Query.CoverageBelow; below > 0 {
		only("Less than "+ui.Percent(float64(below)/100)+" known", true, func(q *path.CandidateQuery) { q.CoverageBelow = 0 })
	} else {
		only("Little known", false, func(q *path.CandidateQuery) { q.CoverageBelow = thin })
	}
	v.ledHere(ed, only)
}

// ledHere shows the filters that only links from other pages set.
func (v *listView) ledHere(ed *catalogue.Edition, only func(string, bool, func(*path.CandidateQuery))) {
	if from := v.Query.CoverageFrom; from > 0 {
		only("At least "+ui.Percent(float64(from)/100)+" known", true, func(q *path.CandidateQuery) { q.CoverageFrom = 0 })
	}
	if id := v.Query.MissingCheck; id != "" {
		title := id
		if c, ok := ed.Check(id); ok {
			title = c.Title
		}
		only("Waits for “"+title+"”", true, func(q *path.CandidateQuery) { q.MissingCheck = "" })
	}
	if from := v.Query.StageFrom; from != "" {
		only("Moved since "+from, true, func(q *path.CandidateQuery) { q.StageFrom = "" })
	}
	if before := v.Query.StageBefore; before != "" {
		only("Not moved since "+before, true, func(q *path.CandidateQuery) { q.StageBefore = "" })
	}
	for _, s := range v.Query.Stages[min(1, len(v.Query.Stages)):] {
		only("or "+stageTitle(ed, s), true, func(q *path.CandidateQuery) { q.Stages = toggled(q.Stages, s) })
	}
}

func chip(label string, to path.CandidateQuery, on bool) ui.Chip {
	c := ui.Chip{Label: label, Href: to.URL()}
	if on {
		c.State = ui.ChipOn
	}
	return c
}

// toggled is the list with the value added, or taken out if it was there.
func toggled(list []string, value string) []string {
	if i := slices.Index(list, value); i >= 0 {
		return slices.Delete(slices.Clone(list), i, i+1)
	}
	return append(slices.Clone(list), value)
}

func pagesOf(q path.CandidateQuery, found page.Slice[person.Person]) ui.Pages {
	p := ui.Pages{Shown: ui.Plural(len(found.Items), "candidate", "candidates") + " on this page"}
	if found.Previous != "" {
		q.After, q.Before = "", found.Previous
		p.Prev = q.URL()
	}
	if found.Next != "" {
		q.After, q.Before = found.Next, ""
		p.Next = q.URL()
	}
	return p
}

// sortHead is the head of a sortable column.
func (v listView) sortHead(label string, by person.Sort, dir ui.SortDir) ui.SortProps {
	q := v.Query
	q.Sort = string(by)
	p := ui.SortProps{Label: label, Href: q.URL()}
	if v.Query.Sort == string(by) {
		p.Dir = dir
	}
	return p
}

// narrowed reports whether any filter is on.
func (v listView) narrowed() bool {
	q := v.Query
	q.Sort = ""
	return len(q.Values()) > 0
}

func stageTitle(ed *catalogue.Edition, id string) string {
	if s, ok := ed.Stage(id); ok {
		return s.Title
	}
	return id
}

func channelTitle(ed *catalogue.Edition, id string) string {
	if c, ok := ed.Channel(id); ok {
		return c.Title
	}
	return id
}

var bandWords = map[catalogue.Band]string{catalogue.Low: "Low", catalogue.Elevated: "Elevated", catalogue.High: "High", catalogue.Critical: "Critical"}

func bandWord(b catalogue.Band) string { return bandWords[b] }
