package candidates

import (
	"net/http"
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
	"gatehouse/web/request"
)

// thin is the coverage in percent below which little is known.
const thin = 40

// parseQuery reads the list's state from the address. What does not fit is left out: an address that somebody cut
// off or invented still shows a list.
func parseQuery(r *http.Request) path.CandidateQuery {
	q := path.ReadCandidateQuery(r.URL.Query())
	q.Text = request.Text(r, "q")
	q.Statuses = known(q.Statuses, person.Statuses())
	q.Bands = known(q.Bands, catalogue.Bands())
	q.Stages = slices.DeleteFunc(slices.Clone(q.Stages), func(s string) bool { return s == "" })
	q.Job, _ = id.Parse(q.Job)
	if sort := person.Sort(q.Sort); sort != person.ByName && sort != person.ByScore {
		q.Sort = string(person.ByUpdate)
	}
	return q
}

// filterOf is the query as people are listed by it.
func filterOf(q path.CandidateQuery) person.Filter {
	return person.Filter{
		Text: q.Text, Statuses: typed[person.Status](q.Statuses), Bands: typed[catalogue.Band](q.Bands), Stages: q.Stages,
		JobID: q.Job, ChannelID: q.Channel, OpenFlags: q.Flagged, Missing: q.Missing, MissingCheck: q.MissingCheck,
		MinCoverage: q.CoverageFrom, BelowCoverage: q.CoverageBelow, StageFrom: dayOf(q.StageFrom), StageBefore: dayOf(q.StageBefore),
		Sort: person.Sort(q.Sort), After: q.After, Before: q.Before,
	}
}

// dayOf is the beginning of a day that ReadCandidateQuery has looked at; nil without one.
func dayOf(s string) *time.Time {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return nil
	}
	return &day
}

// known keeps the values that are among all, in that order and once.
func known[T ~string](values []string, all []T) []string {
	var kept []string
	for _, v := range all {
		if slices.Contains(values, string(v)) {
			kept = append(kept, string(v))
		}
	}
	return kept
}

func typed[T ~string](values []string) []T {
	list := make([]T, len(values))
	for i, v := range values {
		list[i] = T(v)
	}
	return list
}
