package path

import (
	"net/url"
	"strconv"
	"time"
)

// CandidateQuery is the candidate list's filter as its address spells it. Zero fields do not narrow. It is spelled
// and read here, so that a number on a dashboard and the list behind it cannot drift apart.
type CandidateQuery struct {
	Text            string
	Statuses, Bands []string
	Stages          []string
	Job, Channel    string
	Flagged         bool   // with open flags
	Missing         bool   // blocked by a missing check
	MissingCheck    string // blocked by this one
	CoverageFrom    int    // percent, included
	CoverageBelow   int    // percent, left out
	StageFrom       string // days of the last move, 2026-11-22: from this one
	StageBefore     string // before this one
	Sort            string
	After, Before   string // cursors
}

// URL is the list narrowed by the query.
func (q CandidateQuery) URL() string { return withQuery(Candidates, q.Values()) }

// CSV is the same list as a file.
func (q CandidateQuery) CSV() string { return withQuery(CandidatesCSV, q.Values()) }

func withQuery(page string, v url.Values) string {
	if len(v) == 0 {
		return page
	}
	return page + "?" + v.Encode()
}

// Values are the address's parameters. They are written out, not looped over: the list spells some twenty of its own addresses on each page.
func (q CandidateQuery) Values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v[name] = []string{value}
		}
	}
	list := func(name string, values []string) {
		if len(values) > 0 {
			v[name] = values
		}
	}
	flag := func(name string, on bool) {
		if on {
			set(name, "1")
		}
	}
	number := func(name string, n int) {
		if n > 0 {
			set(name, strconv.Itoa(n))
		}
	}
	set("q", q.Text)
	list("status", q.Statuses)
	list("band", q.Bands)
	list("stage", q.Stages)
	set("job", q.Job)
	set("channel", q.Channel)
	flag("flags", q.Flagged)
	flag("missing", q.Missing)
	set("check", q.MissingCheck)
	number("coverage_from", q.CoverageFrom)
	number("coverage_below", q.CoverageBelow)
	set("in_stage_from", q.StageFrom)
	set("in_stage_before", q.StageBefore)
	set("sort", q.Sort)
	set("after", q.After)
	set("before", q.Before)
	return v
}

// ReadCandidateQuery is the inverse of URL. What it cannot read does not narrow.
func ReadCandidateQuery(v url.Values) CandidateQuery {
	return CandidateQuery{
		Text: v.Get("q"), Statuses: v["status"], Bands: v["band"], Stages: v["stage"],
		Job: v.Get("job"), Channel: v.Get("channel"), Flagged: v.Get("flags") != "", Missing: v.Get("missing") != "",
		MissingCheck: v.Get("check"), CoverageFrom: percent(v.Get("coverage_from")), CoverageBelow: percent(v.Get("coverage_below")),
		StageFrom: day(v.Get("in_stage_from")), StageBefore: day(v.Get("in_stage_before")),
		Sort: v.Get("sort"), After: v.Get("after"), Before: v.Get("before"),
	}
}

func percent(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 100 {
		return 0
	}
	return n
}

func day(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}
