package insights

import (
	"net/url"
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/page"
	"gatehouse/web/parts"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// hiringView is the hiring dashboard with the bands it is narrowed to.
type hiringView struct {
	dashboard.Hiring
	bands        []string
	verification bool
	views        parts.SavedViews
}

func (v hiringView) query() url.Values {
	q := url.Values{}
	if len(v.bands) > 0 {
		q["band"] = v.bands
	}
	if v.verification {
		q.Set("view", "verification")
	}
	return q
}

func (v hiringView) csv() string { return path.WithQuery(path.InsightsHiringCSV, v.query()) }

// chips turn the bands on and off.
func (v hiringView) chips() []ui.Chip {
	var chips []ui.Chip
	for _, band := range catalogue.Bands() {
		chip := ui.Chip{Label: words(string(band))}
		q := v.query()
		if slices.Contains(v.bands, string(band)) {
			chip.State = ui.ChipOn
			q["band"] = slices.DeleteFunc(slices.Clone(v.bands), func(b string) bool { return b == string(band) })
		} else {
			q.Add("band", string(band))
		}
		chip.Href = path.WithQuery(path.InsightsHiring, q)
		chips = append(chips, chip)
	}
	return chips
}

func (v hiringView) tabs() []ui.Tab {
	overview, verification := url.Values{}, url.Values{"view": {"verification"}}
	if len(v.bands) > 0 {
		overview["band"], verification["band"] = v.bands, v.bands
	}
	tabs := []ui.Tab{
		{Label: "Overview", Href: path.WithQuery(path.InsightsHiring, overview)},
		{Label: "Verification", Href: path.WithQuery(path.InsightsHiring, verification)},
	}
	if v.verification {
		tabs[1].Here = ui.Current
	} else {
		tabs[0].Here = ui.Current
	}
	return tabs
}

// list is the list behind a row or a number: those in hiring, in the bands of the number or of the page.
func (v hiringView) list(narrow func(*path.CandidateQuery), bands ...string) string {
	q := path.CandidateQuery{Statuses: []string{string(person.Candidate)}, Bands: v.bands}
	if len(bands) > 0 {
		q.Bands = bands
	}
	narrow(&q)
	return q.URL()
}

// rows turns spreads into bars whose every number leads to its list. A row that no list can name has no link.
func (v hiringView) rows(spreads []dashboard.Spread, narrow func(dashboard.Spread) func(*path.CandidateQuery)) []ui.BandRow {
	var rows []ui.BandRow
	for _, s := range spreads {
		row := ui.BandRow{Label: s.Title, Counts: s.Counts}
		if n := narrow(s); n != nil {
			row.Href, row.Hrefs = v.list(n), map[string]string{}
			for _, band := range catalogue.Bands() {
				row.Hrefs[string(band)] = v.list(n, string(band))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (v hiringView) stages() []ui.BandRow {
	return v.rows(v.Stages, func(s dashboard.Spread) func(*path.CandidateQuery) {
		return func(q *path.CandidateQuery) { q.Stages = []string{s.Key} }
	})
}

func (v hiringView) coverage() []ui.BandRow {
	return v.rows(v.Coverage, func(s dashboard.Spread) func(*path.CandidateQuery) {
		return func(q *path.CandidateQuery) {
			switch s.Key {
			case dashboard.CoverageThin:
				q.CoverageBelow = dashboard.PartialFrom
			case dashboard.CoveragePartial:
				q.CoverageFrom, q.CoverageBelow = dashboard.PartialFrom, dashboard.KnownFrom
			default:
				q.CoverageFrom = dashboard.KnownFrom
			}
		}
	})
}

// channels leaves out the channels that nobody in hiring came by.
func (v hiringView) channels() []ui.BandRow {
	some := slices.DeleteFunc(slices.Clone(v.Channels), func(s dashboard.Spread) bool { return s.Total() == 0 })
	return v.rows(some, func(s dashboard.Spread) func(*path.CandidateQuery) {
		if s.Key == "" {
			return nil
		}
		return func(q *path.CandidateQuery) { q.Channel = s.Key }
	})
}

func (v hiringView) ageing() []ui.BandRow {
	return v.rows(v.Ageing, func(s dashboard.Spread) func(*path.CandidateQuery) {
		return func(q *path.CandidateQuery) { q.StageFrom, q.StageBefore = date(s.From), date(s.Before) }
	})
}

func (v hiringView) findings() []ui.Bar {
	var bars []ui.Bar
	for _, f := range v.Findings {
		bars = append(bars, ui.Bar{Label: f.Title, Href: path.FindingFlags(f.ItemID), Value: float64(f.N)})
	}
	return bars
}

func (v hiringView) waiting() []ui.Bar {
	var bars []ui.Bar
	for _, b := range v.Waiting {
		bars = append(bars, ui.Bar{Label: b.Title, Href: path.WaitingFlags(date(b.From), date(b.Before)), Value: float64(b.N)})
	}
	return bars
}

// most is the check left out most often, as a figure.
func (v hiringView) most() ui.StatProps {
	if len(v.Checks) == 0 {
		return ui.StatProps{Label: "Check left out most often", Value: "–", Href: path.InsightsVerification, Change: "None is left out."}
	}
	c := v.Checks[0]
	return ui.StatProps{Label: "Check left out most often", Value: ui.Thousands(c.Total()), Href: path.InsightsVerification, Change: c.Title,
		Definition: "Of the required checks, the one most often unanswered: people in hiring whose next stage waits for it, and gates passed without it."}
}

func (v hiringView) up() ui.StatProps {
	s := parts.BandsRose(v.Moves)
	for _, d := range v.Moves.Days {
		s.Trend = append(s.Trend, float64(d.Up))
	}
	return s
}

func (v hiringView) moves() ui.LineProps {
	l := ui.LineProps{Title: "Changes of band, last 14 days", Series: []ui.Series{{Name: "Up"}, {Name: "Down"}}}
	for _, d := range v.Moves.Days {
		l.Labels = append(l.Labels, d.Day.Format("2 Jan"))
		l.Series[0].Values = append(l.Series[0].Values, float64(d.Up))
		l.Series[1].Values = append(l.Series[1].Values, float64(d.Down))
	}
	return l
}

func (v hiringView) missingList(check string) string {
	return v.list(func(q *path.CandidateQuery) { q.MissingCheck, q.Bands = check, nil })
}

// responseView is the response dashboard.
type responseView struct{ dashboard.Response }

func (v responseView) phases() []ui.Bar {
	var bars []ui.Bar
	for _, p := range v.Phases {
		bars = append(bars, ui.Bar{Label: words(string(p.Phase)), Value: float64(p.N), Href: "#" + phaseID(p.Phase)})
	}
	return bars
}

func phaseID(p catalogue.Phase) string { return "phase-" + string(p) }

// casesIn are the open cases of a phase.
func (v responseView) casesIn(p catalogue.Phase) []dashboard.OpenCase {
	var cases []dashboard.OpenCase
	for _, c := range v.Cases {
		if c.Phase == p {
			cases = append(cases, c)
		}
	}
	return cases
}

func (v responseView) ageing() []ui.Bar { return buckets(v.Ageing, path.Cases) }

func buckets(list []dashboard.Bucket, href string) []ui.Bar {
	var bars []ui.Bar
	for _, b := range list {
		bars = append(bars, ui.Bar{Label: b.Title, Value: float64(b.N), Href: href})
	}
	return bars
}

func (v responseView) signals() ui.LineProps {
	l := ui.LineProps{Title: "Signals by severity, last 30 days"}
	for _, d := range v.Signals {
		l.Labels = append(l.Labels, d.Day.Format("2 Jan"))
	}
	severities := slices.Clone(catalogue.Severities())
	slices.Reverse(severities)
	for _, severity := range severities {
		s := ui.Series{Name: words(string(severity))}
		for _, d := range v.Signals {
			s.Values = append(s.Values, float64(d.N[severity]))
		}
		l.Series = append(l.Series, s)
	}
	return l
}

func (v responseView) kinds() []ui.Bar {
	var bars []ui.Bar
	for _, k := range v.Kinds {
		bars = append(bars, ui.Bar{Label: k.Title, Value: float64(k.N), Href: path.WithQuery(path.Signals, url.Values{"signal": {k.ID}})})
	}
	return bars
}

func (v responseView) opened() ui.LineProps {
	l := ui.LineProps{Title: "Cases opened a week", Series: []ui.Series{{Name: "Opened"}}}
	for _, b := range v.Opened {
		l.Labels = append(l.Labels, b.Title)
		l.Series[0].Values = append(l.Series[0].Values, float64(b.N))
	}
	return l
}

// The views of the lists behind numbers.
type (
	flagsView struct {
		title, item, next string
		csv               string // the list as a file
		filter            dashboard.FlagFilter
		list              page.Slice[dashboard.OpenFlag]
	}
	movementView struct {
		list page.Slice[dashboard.Move]
		way  dashboard.Direction
		from time.Time
		next string
		csv  string
	}
	overridesView struct {
		ed    *catalogue.Edition
		check catalogue.Item
		list  page.Slice[dashboard.Override]
		next  string
		csv   string
	}
)

func (v movementView) title() string {
	switch v.way {
	case dashboard.Upwards:
		return "Bands that rose"
	case dashboard.Down:
		return "Bands that fell"
	}
	return "Changes of band"
}

func (v movementView) chips() []ui.Chip {
	from := date(v.from)
	chips := []ui.Chip{
		{Label: "Up", Href: path.Movement("up", from)}, {Label: "Down", Href: path.Movement("down", from)},
	}
	for i, way := range []dashboard.Direction{dashboard.Upwards, dashboard.Down} {
		if v.way == way {
			chips[i].State, chips[i].Href = ui.ChipOn, path.Movement("", from)
		}
	}
	return chips
}

func (v flagsView) span() string {
	from, before := v.filter.From, v.filter.Before
	switch {
	case !from.IsZero() && !before.IsZero():
		return "Raised from " + shown(from) + " to " + shown(before.AddDate(0, 0, -1))
	case !from.IsZero():
		return "Raised since " + shown(from)
	case !before.IsZero():
		return "Raised before " + shown(before)
	}
	return ""
}

func shown(day time.Time) string { return day.Format("2 Jan 2006") }

// date writes a day for an address; the zero time is left out.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func share(percent int) float64 { return float64(percent) / 100 }
