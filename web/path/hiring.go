package path

import "net/url"

// Applications is the root of what is done with applications; they have no list of their own.
const Applications = "/applications"

// JobAct is an act on a job: close, reopen.
func JobAct[ID ~string](id ID, act string) string { return Job(id) + "/" + act }

// NewCandidateFor is the form for a new candidate of a job.
func NewCandidateFor[ID ~string](job ID) string {
	return NewCandidate + "?job=" + url.QueryEscape(string(job))
}

// Apply is the form by which a known person applies for another job.
func Apply[ID ~string](person ID) string { return Candidate(person) + "/apply" }

// ApplicationTo is the form of an act on an application that leads to a stage: move, override.
func ApplicationTo[ID ~string](id ID, act, stage string) string {
	return Application(id, act) + "?to=" + url.QueryEscape(stage)
}

// EngagementAct is an act on an engagement: edit, end.
func EngagementAct[ID ~string](id ID, act string) string { return Engagement(id) + "/" + act }

// JobQuery is the list of jobs as its address spells it. Zero fields do not narrow.
type JobQuery struct{ Text, Status, Level, After, Before string }

// URL is the list narrowed by the query.
func (q JobQuery) URL() string {
	return withQuery(Jobs, set("q", q.Text, "status", q.Status, "level", q.Level, "after", q.After, "before", q.Before))
}

// ReadJobQuery is the inverse of URL.
func ReadJobQuery(v url.Values) JobQuery {
	return JobQuery{Text: v.Get("q"), Status: v.Get("status"), Level: v.Get("level"), After: v.Get("after"), Before: v.Get("before")}
}

// EngagementQuery is the list of engagements as its address spells it. Zero fields do not narrow.
type EngagementQuery struct{ Text, State, Kind, After, Before string }

// URL is the list narrowed by the query.
func (q EngagementQuery) URL() string {
	return withQuery(People, set("q", q.Text, "state", q.State, "kind", q.Kind, "after", q.After, "before", q.Before))
}

// ReadEngagementQuery is the inverse of URL.
func ReadEngagementQuery(v url.Values) EngagementQuery {
	return EngagementQuery{Text: v.Get("q"), State: v.Get("state"), Kind: v.Get("kind"), After: v.Get("after"), Before: v.Get("before")}
}

// set makes a query of names and values in turn, without the empty ones.
func set(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}
