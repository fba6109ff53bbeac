package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/platform/page"
	"gatehouse/web/path"
)

// bench is one run.
type bench struct {
	plan
	small, large *installation
	rows         []row
}

// row is one line of the table: what was measured against what, and the bar.
type row struct {
	what     string
	measured float64
	bar      float64
	atMost   bool   // the bar is an upper one
	unit     string // of both figures
	detail   string
	missing  bool // the part is not there to be measured
	only     bool // printed without a bar
}

func (r row) met() bool {
	if r.only || r.missing {
		return r.only
	}
	if r.atMost {
		return r.measured <= r.bar
	}
	return r.measured >= r.bar
}

func (b *bench) failed() bool {
	return slices.ContainsFunc(b.rows, func(r row) bool { return !r.met() })
}

func (b *bench) print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nWhat\tMeasured\tBar\t\tDetail")
	for _, r := range b.rows {
		verdict, bar := "pass", fmt.Sprintf("at least %.4g %s", r.bar, r.unit)
		if r.atMost {
			bar = fmt.Sprintf("at most %.4g %s", r.bar, r.unit)
		}
		measured := fmt.Sprintf("%.4g %s", r.measured, r.unit)
		switch {
		case r.missing:
			verdict, measured = "NOT THERE", "-"
		case r.only:
			verdict, bar = "", ""
		case !r.met():
			verdict = "FAIL"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.what, measured, bar, verdict, r.detail)
	}
	if err := table.Flush(); err != nil {
		fmt.Fprintln(w, err)
	}
}

// person is somebody to look at.
type somebody struct {
	id      string
	updated time.Time
}

// sample draws people at random.
func (in *installation) sample(ctx context.Context, n int) ([]somebody, error) {
	rows, _ := in.pool.Query(ctx, `SELECT id::text, updated_at FROM people ORDER BY random() LIMIT $1`, n)
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (s somebody, err error) { return s, r.Scan(&s.id, &s.updated) })
}

// sampleSize is how many different pages of a kind are asked for.
const sampleSize = 4000

// aims are the targets of each kind of page of an installation.
type aims map[string][]target

func (in *installation) aims(ctx context.Context) (aims, error) {
	people, err := in.sample(ctx, sampleSize)
	if err != nil {
		return nil, err
	}
	all := aims{}
	add := func(kind, path string, n int) {
		all[kind] = append(all[kind], target{path, cookieHeader(in.logins[n%len(in.logins)].cookie)})
	}
	first := path.Candidate(people[0].id)
	for n, p := range people {
		list := path.CandidateQuery{After: page.Cursor[time.Time]{Key: p.updated, ID: p.id}.String()}
		narrow(&list, n)
		add("list", list.URL(), n)
		add("candidate", path.Candidate(p.id), n)
		if in.logins[n%len(in.logins)].lead {
			add("hiring dashboard", path.InsightsHiring, n)
			add("response dashboard", path.InsightsCases, n)
		}
		for floor, of := range map[string]string{"list": path.Candidates, "candidate": first} {
			add("F2 "+floor, "/floor/static?id="+p.id+"&of="+url.QueryEscape(of), n)
			add("F1 "+floor, "/floor/templ?id="+p.id+"&of="+url.QueryEscape(of), n)
		}
	}
	return all, in.aimAtCases(ctx, all, people)
}

// narrow gives every second list a filter, turn by turn.
func narrow(q *path.CandidateQuery, n int) {
	switch n % 8 {
	case 1:
		q.Bands = []string{"low"}
	case 3:
		q.Statuses = []string{"closed"}
	case 5:
		q.Stages = []string{"stage-employed"}
	case 7:
		q.Statuses = []string{"candidate"}
	}
}

// aimAtCases adds the cases, each as somebody who is a member of it.
func (in *installation) aimAtCases(ctx context.Context, all aims, people []somebody) error {
	rows, _ := in.pool.Query(ctx, `SELECT m.case_id::text, m.user_id::text FROM case_members m WHERE m.removed_at IS NULL AND m.sees = 'whole'`)
	type seen struct{ CaseID, UserID string }
	pairs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[seen])
	if err != nil {
		return err
	}
	cookies := map[string]string{}
	for _, l := range in.logins {
		cookies[l.user] = l.cookie
	}
	var of string
	for _, p := range pairs {
		if cookie, ok := cookies[p.UserID]; ok {
			all["case"] = append(all["case"], target{path.Case(p.CaseID), cookieHeader(cookie)})
			if p.UserID == in.logins[0].user {
				of = path.Case(p.CaseID) // a case that the floors' own session may see
			}
		}
	}
	for n, p := range people {
		cookie := cookieHeader(in.logins[n%len(in.logins)].cookie)
		all["F2 case"] = append(all["F2 case"], target{"/floor/static?id=" + p.id + "&of=" + url.QueryEscape(of), cookie})
		all["F1 case"] = append(all["F1 case"], target{"/floor/templ?id=" + p.id + "&of=" + url.QueryEscape(of), cookie})
	}
	return nil
}

// there reports whether a page of the kind is in this build.
func (in *installation) there(ctx context.Context, targets []target) bool {
	return len(targets) > 0 && get(ctx, in.base+targets[0].Path, targets[0].Cookie) == nil
}

// cookieHeader is the session cookie as it is sent; the servers under test do not run behind HTTPS.
func cookieHeader(token string) string { return plainCookie + "=" + token }

// median of some figures.
func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// grown are the pages that are compared between the two sizes.
var grown = []string{"list", "candidate", "case"}

// medianRatio is the median of the ratios of figures that were measured next to each other.
func medianRatio(list, floors []float64) float64 {
	ratios := slices.Clone(list)
	for turn, floor := range floors {
		ratios[turn] /= floor
	}
	return median(ratios)
}

// compared are the kinds that take turns with one another in each round.
var compared = [][]string{
	{"F2 list", "list", "F1 list", "small list"},
	{"F2 candidate", "candidate", "F1 candidate", "small candidate"},
	{"F2 case", "case", "F1 case", "small case"},
	{"candidate for dashboards", "hiring dashboard", "response dashboard"},
}

// pageTurns is how often the kinds that are compared take turns in a round. A shared machine is fast for a while and
// slow for a while: what is compared must meet the same of both, and what counts is the median of the turns' own ratios.
const pageTurns = 5

// figures are what the turns of one kind of page measured, in the order of the turns.
type figures struct{ perSecond, p95 []float64 }

// pages measures the pages of both installations.
func (b *bench) pages(ctx context.Context) error {
	small, err := b.small.aims(ctx)
	if err != nil {
		return err
	}
	large, err := b.large.aims(ctx)
	if err != nil {
		return err
	}
	at := map[string]*figures{}
	missing := map[string]bool{}
	for _, kind := range append(slices.Clone(grown), "hiring dashboard", "response dashboard") {
		missing[kind] = !b.large.there(ctx, large[kind])
	}
	measure := func(name string) error {
		in, targets := b.large, large[strings.TrimSuffix(name, " for dashboards")]
		page := strings.TrimSuffix(name, " for dashboards")
		for _, prefix := range []string{"F1 ", "F2 ", "small "} {
			page = strings.TrimPrefix(page, prefix)
		}
		if strings.HasPrefix(name, "small ") {
			in, targets = b.small, small[page]
		}
		if missing[page] || len(targets) == 0 {
			missing[name] = true
			return nil
		}
		r, err := in.load(ctx, targets, b.connections, b.measure/pageTurns)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if at[name] == nil {
			at[name] = &figures{}
		}
		at[name].perSecond, at[name].p95 = append(at[name].perSecond, r.PerSecond), append(at[name].p95, r.P95)
		return nil
	}
	for _, warm := range []struct {
		in *installation
		of aims
	}{{b.small, small}, {b.large, large}} {
		for _, kind := range grown {
			if _, err := warm.in.load(ctx, warm.of[kind], b.connections, b.warm); err != nil {
				return fmt.Errorf("warm up %s: %w", kind, err)
			}
		}
	}
	for range b.rounds {
		for _, kinds := range compared {
			for turn := range len(kinds) * pageTurns {
				if err := measure(kinds[turn%len(kinds)]); err != nil {
					return err
				}
			}
		}
	}
	b.judgePages(at, missing)
	return b.judgeMemory()
}

func (b *bench) judgePages(at map[string]*figures, missing map[string]bool) {
	ratio := func(a, c string, figure func(*figures) []float64) (float64, bool) {
		if at[a] == nil || at[c] == nil || missing[a] || missing[c] {
			return 0, true
		}
		return medianRatio(figure(at[a]), figure(at[c])), false
	}
	rate := func(f *figures) []float64 { return f.perSecond }
	tail := func(f *figures) []float64 { return f.p95 }
	for _, kind := range grown {
		r, none := ratio(kind, "F2 "+kind, rate)
		detail := ""
		if !none {
			detail = fmt.Sprintf("%.0f of %.0f req/s, p95 %.2f ms", median(at[kind].perSecond), median(at["F2 "+kind].perSecond), median(at[kind].p95))
		}
		b.rows = append(b.rows, row{what: kind + " of F2", measured: 100 * r, bar: 25, unit: "%", missing: none, detail: detail})
		r, none = ratio(kind, "F1 "+kind, rate)
		b.rows = append(b.rows, row{what: kind + " of F1", measured: 100 * r, unit: "%", missing: none, only: !none})
	}
	sizes := fmt.Sprintf("%d to %d people", b.plan.small, b.plan.large)
	for _, kind := range grown {
		r, none := ratio(kind, "small "+kind, rate)
		b.rows = append(b.rows, row{what: kind + ", throughput kept", measured: 100 * r, bar: 90, unit: "%", missing: none, detail: sizes})
		r, none = ratio(kind, "small "+kind, tail)
		b.rows = append(b.rows, row{what: kind + ", p95 grown", measured: r, bar: 1.2, unit: "x", atMost: true, missing: none, detail: sizes})
	}
	for _, kind := range []string{"hiring dashboard", "response dashboard"} {
		r, none := ratio(kind, "candidate for dashboards", tail)
		b.rows = append(b.rows, row{what: kind + " p95 of the candidate page's", measured: r, bar: 3, unit: "x", atMost: true, missing: none})
	}
}

func (b *bench) judgeMemory() error {
	bytes, err := b.large.resident()
	b.rows = append(b.rows, row{what: "server memory under that load", measured: float64(bytes) / (1 << 20), bar: 100, unit: "MB", atMost: true})
	return err
}
