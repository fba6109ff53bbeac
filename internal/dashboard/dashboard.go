// Package dashboard reads across features what somebody needs to see at a glance: the hiring and response dashboards
// with the lists behind their numbers, the day's work (Today, Waiting), and search from anywhere. It owns the tables
// tallies, tally_deltas, job_checks, job_comparisons and saved_views.
//
// No page of it counts the rows of a large table. The tallies follow every write through triggers, which append what
// changed to tally_deltas; Fold adds the deltas up in the background, and a reader sums both. Whether the candidates
// of a job got the same checks takes more than a sum and is compared in the background (CompareJobs).
//
// Numbers about people are for those who see all people, as the permissions of the pages have it; lists of people
// narrow by person.Visible. Numbers about cases count only the cases that the reader is a member of.
package dashboard

import (
	"slices"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/recall"
)

// Service reads the dashboards and keeps saved views.
type Service struct {
	db        *db.DB
	lib       *catalogue.Library
	order     stepOrder
	hiring    *recall.Memory[Hiring]
	responses *recall.Memory[Response]
	// rested is when CompareJobs may go on.
	rested time.Time
}

// fresh is how long a dashboard is answered from memory: its numbers are a moment old anyway when somebody has read them.
// A write that reaches this process ends it at once (Forget); one that reaches another is seen after that time.
const fresh = 5 * time.Second

// NewService returns the service.
func NewService(d *db.DB, lib *catalogue.Library) *Service {
	return &Service{db: d, lib: lib, order: orderOf(lib), hiring: recall.For[Hiring](fresh), responses: recall.For[Response](fresh)}
}

// Forget makes the dashboards read anew: somebody has written something.
func (s *Service) Forget() {
	s.hiring.Forget()
	s.responses.Forget()
}

// Cap is the most that a count of what waits goes up to: beyond it, more is simply much.
const Cap = 99

// Spread says how many people are in each band, in one row of a figure.
type Spread struct {
	Key    string
	Title  string
	Counts map[string]int
	// From and Before bound the days of the last move, where the row is a bucket of days; zero is open.
	From, Before time.Time
}

// Total is how many people the row has.
func (s Spread) Total() int {
	sum := 0
	for _, n := range s.Counts {
		sum += n
	}
	return sum
}

// Bucket is a count over a span of days; a zero From is open.
type Bucket struct {
	Title        string
	N            int
	From, Before time.Time
}

// count is one line of the tallies.
type count struct {
	Figure string
	A, B   string
	N      int
}

// figures are the tallies by figure.
type figures map[string][]count

func collect(counts []count) figures {
	f := figures{}
	for _, c := range counts {
		f[c.Figure] = append(f[c.Figure], c)
	}
	return f
}

// spread gives one row per key, in the keys' order; only the given bands are counted, all when there are none.
func (f figures) spread(figure string, keys []Spread, bands []string) []Spread {
	at := make(map[string]int, len(keys))
	for i := range keys {
		keys[i].Counts = map[string]int{}
		at[keys[i].Key] = i
	}
	for _, c := range f[figure] {
		i, known := at[c.A]
		if !known || len(bands) > 0 && !slices.Contains(bands, c.B) {
			continue
		}
		keys[i].Counts[c.B] += c.N
	}
	return keys
}

// midnight is the beginning of t's day in UTC, which the tallies count days by.
func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// dayOf reads a day of the tallies; what is no day is the zero time.
func dayOf(s string) time.Time {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return day
}

// within reports whether the day lies from from up to, not including, before; a zero bound is open.
func within(day, from, before time.Time) bool {
	return (from.IsZero() || !day.Before(from)) && (before.IsZero() || day.Before(before))
}

// ages are the spans in which days are grouped: from is more days ago, before fewer.
var ages = []struct {
	key, title   string
	from, before int
}{
	{"week", "Up to 7 days", 7, 0},
	{"fortnight", "8 to 14 days", 14, 8},
	{"month", "15 to 30 days", 30, 15},
	{"longer", "More than 30 days", 0, 31},
}

// spans turns the ages into days as seen from now. The youngest span has no end, so that nothing falls out of it
// while clocks differ.
func spans(now time.Time) []Spread {
	today := midnight(now)
	var rows []Spread
	for _, a := range ages {
		row := Spread{Key: a.key, Title: a.title}
		if a.from > 0 {
			row.From = today.AddDate(0, 0, -a.from)
		}
		if a.before > 0 {
			row.Before = today.AddDate(0, 0, 1-a.before)
		}
		rows = append(rows, row)
	}
	return rows
}
