package insights_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
)

// fill loads people spread over stages, bands, coverage, channels and time, with flags, moves and a gate passed.
func fill(t *testing.T, w *apptest.World) {
	t.Helper()
	ctx := context.Background()
	ed := w.Features.Catalogue.Current()
	bands := []string{"low", "elevated", "high", "critical"}
	now := time.Now().UTC()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := w.DB.Pool().Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	manager := w.User("Manager Of Jobs", authz.HiringManager)
	jobID := id.New()
	exec(`INSERT INTO jobs (id, title, level_id, edition, manager_id, created_at) VALUES ($1, 'Engineer', $2, $3, $4, $5)`,
		jobID, ed.Levels[1].ID, ed.Version(), manager.ID, now)
	for i := range 40 {
		personID, appID := id.New(), id.New()
		since := now.AddDate(0, 0, -(i*2)%50).Add(-time.Minute)
		stage := ed.Stages[i%4].ID
		missing := []string{}
		if i%3 == 0 {
			missing = []string{ed.Checks[0].ID}
		}
		status := "candidate"
		if i%10 == 9 {
			status = "closed"
		}
		exec(`INSERT INTO people (id, name, channel_id, status, job_id, job_title, stage_id, stage_since, missing_checks, missing, band, coverage, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, 'Engineer', $6, $7, $8, $9, $10, $11, $7, $7)`,
			personID, "Person "+strconv.Itoa(i), ed.Channels[i%3].ID, status, jobID, stage, since, missing, len(missing), bands[(i/2)%4], (i*7)%101)
		exec(`INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, applied_at) VALUES ($1, $2, $3, $4, $5, $6, $6)`,
			appID, personID, jobID, ed.Version(), stage, since)
		if i%4 == 0 {
			exec(`INSERT INTO flags (id, person_id, item_id, answer, strength, group_id, origin_kind, origin_id, raised_at, state)
				VALUES ($1::uuid, $2, $3, $4, 'strong', 'camera', 'check', $1::uuid::text, $5, $6)`, id.New(), personID, ed.Checks[i%8].ID,
				[]string{"red-flag", "concern"}[i%8/4], since, []string{"open", "open", "confirmed", "explained"}[i/4%4])
			exec(`INSERT INTO assessment_moves (id, person_id, at, from_band, to_band, score, coverage, cause)
				VALUES ($1, $2, $3, $4, $5, 10, 20, 'test')`, id.New(), personID, now.AddDate(0, 0, -i/3), bands[i/4%4], bands[(i/4+1)%4])
		}
		if i%13 == 0 {
			exec(`INSERT INTO gate_overrides (application_id, check_id, stage_id, reason, overridden_by, overridden_at)
				VALUES ($1, $2, $3, 'In a hurry.', $4, $5)`, appID, ed.Checks[1].ID, stage, manager.ID, now)
		}
	}
	// Of those past the first stage, some were asked and others not.
	exec(`INSERT INTO outcomes (person_id, item_id, origin_kind, origin_id, answer, noted_at)
		SELECT person_id, unnest($1::text[]), 'check', person_id::text, 'clear', now() FROM (SELECT person_id FROM applications ORDER BY id LIMIT 20) a`, ed.Levels[1].RequiredChecks)
	if err := w.Features.Dashboards.Fold(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Features.Dashboards.CompareJobs(ctx); err != nil {
		t.Fatal(err)
	}
}

// linked are the numbers that lead somewhere: <a href="…">12</a>, in tables and figures.
var linked = regexp.MustCompile(`<a href="([^"]+)"(?: aria-label="[^"]*")?>([0-9\x{202f}]+)</a>`)

var bodyRows = regexp.MustCompile(`(?s)<tbody[^>]*>(.*?)</tbody>`)

// rows counts the rows of the tables of a page.
func rows(body string) int {
	n := 0
	for _, m := range bodyRows.FindAllStringSubmatch(body, -1) {
		n += strings.Count(m[1], "<tr")
	}
	return n
}

// TestEachNumberLeadsToAListOfThatSize follows every number of the hiring dashboard that has a list.
func TestEachNumberLeadsToAListOfThatSize(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	fill(t, w)
	hr := w.SignIn(w.User("Hanna Reyes", authz.HR))
	followed := map[string]int{}
	for _, page := range []string{path.InsightsHiring, path.InsightsHiring + "?band=high&band=critical", path.InsightsVerification} {
		got := hr.Get(page)
		if got.Status != http.StatusOK {
			t.Fatalf("%s: %d", page, got.Status)
		}
		for _, m := range linked.FindAllStringSubmatch(got.Body, -1) {
			href := html.UnescapeString(m[1])
			want, err := strconv.Atoi(strings.ReplaceAll(m[2], "\u202f", ""))
			if err != nil || strings.HasPrefix(href, path.InsightsHiring) { // a part of this dashboard, not a list
				continue
			}
			list := hr.Get(href)
			if list.Status != http.StatusOK {
				t.Errorf("%s: status %d", href, list.Status)
				continue
			}
			if n := rows(list.Body); n != want {
				t.Errorf("%s says %d, %s lists %d", page, want, href, n)
			}
			u, _ := url.Parse(href)
			followed[u.Path]++
		}
	}
	for _, p := range []string{path.Candidates, path.InsightsFlags, path.InsightsMovement, path.InsightsOverrides} {
		if followed[p] == 0 {
			t.Errorf("no number led to %s: %v", p, followed)
		}
	}
	if followed[path.Candidates] < 30 {
		t.Errorf("only %d numbers led to candidates", followed[path.Candidates])
	}
}

func TestUnequalChecksAreShownWithWhoWasNotAsked(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	fill(t, w)
	hr := w.SignIn(w.User("Hanna Reyes", authz.HR))
	page := hr.Get(path.InsightsVerification)
	m := regexp.MustCompile(path.InsightsJobs + `/[0-9a-f-]{36}`).FindString(page.Body)
	if m == "" {
		t.Fatal("the uneven job is not shown")
	}
	job := hr.Get(m)
	if job.Status != http.StatusOK || !strings.Contains(job.Body, "Unequal") || !strings.Contains(job.Body, "not asked; now in") {
		t.Errorf("status %d; does it say who was not asked? %v", job.Status, strings.Contains(job.Body, "not asked"))
	}
}

func TestDashboardAsAFile(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	fill(t, w)
	hr := w.SignIn(w.User("Hanna Reyes", authz.HR))
	lines, err := csv.NewReader(strings.NewReader(hr.Get(path.InsightsHiringCSV).Body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, line := range lines {
		if line[0] == "Candidates by stage" {
			n, _ := strconv.Atoi(line[3])
			sum += n
		}
	}
	if sum != 36 {
		t.Errorf("the stages hold %d people, want 36", sum)
	}
	lead := w.SignIn(w.User("Sam Lead", authz.SecurityLead))
	if got := lead.Get(path.InsightsCasesCSV); got.Status != http.StatusOK || !strings.HasPrefix(got.Body, "figure,row,column,number") {
		t.Errorf("response: %d %.80s", got.Status, got.Body)
	}
}

// TestViewsAreSavedSharedAndRemoved: a view is its owner's until shared, and only the owner changes it.
// TestListsBehindTheNumbersAsFiles: each list is a file of as many rows, narrowed in the same way, and for the same readers.
func TestListsBehindTheNumbersAsFiles(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	fill(t, w)
	hr, interviewer := w.SignIn(w.User("Hanna Reyes", authz.HR)), w.SignIn(w.User("Ivo Brandt", authz.Interviewer))
	fileRows := func(address string) int {
		t.Helper()
		lines, err := csv.NewReader(strings.NewReader(hr.Get(address).Body)).ReadAll()
		if err != nil || len(lines) == 0 {
			t.Fatalf("%s: %v, %d lines", address, err, len(lines))
		}
		return len(lines) - 1
	}
	for _, address := range []string{path.WaitingFlags("", ""), path.InsightsFlags, path.InsightsMovement, path.Movement("up", ""), path.Movement("down", ""),
		path.CheckOverrides("check-references-live")} {
		p := hr.Get(address)
		place, query, _ := strings.Cut(address, "?")
		file := place + ".csv"
		if query != "" {
			file += "?" + query
		}
		shown := strings.Count(p.Body, "<tr data-href=")
		if got := fileRows(file); got != shown {
			t.Errorf("%s shows %d and its file has %d", address, shown, got)
		}
		if link := strings.ReplaceAll(file, "&", "&amp;"); shown > 0 != strings.Contains(p.Body, `href="`+link+`"`) {
			t.Errorf("%s, which shows %d, leads to its file: %v", address, shown, shown == 0)
		}
		if got := interviewer.Get(file).Status; got != http.StatusForbidden {
			t.Errorf("%s answers an interviewer with %d", file, got)
		}
	}
	if hr.Get(path.InsightsOverridesCSV+"?check=nonsense").Status != http.StatusNotFound {
		t.Error("a check that is not there has a file")
	}
}

func TestViewsAreSavedSharedAndRemoved(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	owner, other := w.SignIn(w.User("Hanna Reyes", authz.HR)), w.SignIn(w.User("Omar Haddad", authz.HR))
	got := owner.Post(path.Views, url.Values{"page": {"insights-hiring"}, "name": {"Grave ones"}, "query": {"band=high&band=critical"}})
	if got.Status != http.StatusSeeOther || got.Header.Get("Location") != path.InsightsHiring+"?band=high&band=critical" {
		t.Fatalf("saved: %d to %s", got.Status, got.Header.Get("Location"))
	}
	if !strings.Contains(owner.Get(path.InsightsHiring).Body, "Grave ones") || strings.Contains(other.Get(path.InsightsHiring).Body, "Grave ones") {
		t.Error("a private view must be its owner's alone")
	}
	viewID := regexp.MustCompile(path.Views + `/([0-9a-f-]{36})/share`).FindStringSubmatch(owner.Get(path.InsightsHiring).Body)[1]
	for name, to := range map[string]string{"share": path.ShareView(viewID), "remove": path.RemoveView(viewID)} {
		if got := other.Post(to, url.Values{"with": {"everybody"}}); got.Status != http.StatusNotFound {
			t.Errorf("another may %s it: %d", name, got.Status)
		}
	}
	owner.Post(path.ShareView(viewID), url.Values{"with": {"everybody"}, "page": {"insights-hiring"}})
	if !strings.Contains(other.Get(path.InsightsHiring).Body, "Grave ones") {
		t.Error("a shared view must show to others")
	}
	// A list's views have a page of their own, where its filters are saved without their cursor.
	filters := path.CandidateQuery{Bands: []string{"high"}, After: "x"}.Values()
	form := owner.Get(path.ViewsOf("candidates", filters))
	if form.Status != http.StatusOK || !strings.Contains(form.Body, `value="after=x&amp;band=high"`) {
		t.Errorf("the page of views: %d", form.Status)
	}
	owner.Post(path.Views, url.Values{"page": {"candidates"}, "name": {"High"}, "query": {"after=x&band=high"}})
	if !strings.Contains(owner.Get(path.ViewsOf("candidates", nil)).Body, `href="/candidates?band=high"`) {
		t.Error("the saved view of candidates does not lead to its filters")
	}
	// A used name takes the other view's place only when that is asked for.
	again := url.Values{"page": {"candidates"}, "name": {"HIGH"}, "query": {"band=critical"}}
	if got := owner.Post(path.Views, again); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, `name="replace"`) ||
		!strings.Contains(got.Body, `value="HIGH"`) {
		t.Errorf("a used name: %d", got.Status)
	}
	again.Set("replace", "on")
	owner.Post(path.Views, again)
	if got := owner.Get(path.ViewsOf("candidates", nil)).Body; strings.Contains(got, `href="/candidates?band=high"`) || !strings.Contains(got, `href="/candidates?band=critical"`) {
		t.Error("the view was not replaced")
	}
	owner.Post(path.RemoveView(viewID), url.Values{"page": {"insights-hiring"}})
	if strings.Contains(owner.Get(path.InsightsHiring).Body, "Grave ones") {
		t.Error("a removed view still shows")
	}
	for name, form := range map[string]url.Values{
		"without a name": {"page": {"insights-hiring"}, "name": {" "}},
		"no such page":   {"page": {"https://elsewhere.example"}, "name": {"x"}},
	} {
		if got := owner.Post(path.Views, form); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", name, got.Status)
		}
	}
}

// TestACaseIsInvisibleToNonMembers: no page of the dashboards, of Today, of search or of the log shows or counts it.
func TestACaseIsInvisibleToNonMembers(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	ctx := context.Background()
	member, outsider := w.User("Mia Member", authz.SecurityLead), w.User("Otto Outsider", authz.SecurityLead)
	personID, caseID := id.New(), id.New()
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO people (id, name, status, created_at, updated_at) VALUES ($1, 'Robin Vale', 'engaged', now(), now())`, []any{personID}},
		{`INSERT INTO cases (id, code_name, person_id, edition, reason, opened_at) VALUES ($1, 'Zephyr Lantern', $2, '1.0.0', 'x', now())`, []any{caseID, personID}},
		{`INSERT INTO case_members (case_id, user_id, function, added_at) VALUES ($1, $2, 'lead', now())`, []any{caseID, member.ID}},
		{`INSERT INTO case_steps (case_id, step_id, position, owner_role, owner_id, due_at) VALUES ($1, 'step-open-case', 0, 'security', $2, now() - interval '1 hour')`, []any{caseID, member.ID}},
		{`INSERT INTO audit_entries (id, at, actor_kind, action, subject_kind, subject_id, case_id) VALUES (gen_random_uuid(), now(), 'system', 'zephyr.noted', 'case', $1::text, $1::uuid)`, []any{caseID}},
		{`INSERT INTO flags (id, person_id, item_id, answer, strength, group_id, origin_kind, origin_id, raised_at, state, disposed_at)
			VALUES (gen_random_uuid(), $1, 'check-cross-commits', 'red-flag', 'strong', 'code-host-network', 'check', 'x', now() - interval '2 days', 'confirmed', now() - interval '1 day')`, []any{personID}},
	} {
		if _, err := w.DB.Pool().Exec(ctx, q.sql, q.args...); err != nil {
			t.Fatal(err)
		}
	}
	in, out := w.SignIn(member), w.SignIn(outsider)
	shows := map[string]string{path.Today: "Zephyr Lantern", path.InsightsCases: "Zephyr Lantern", path.Search + "?q=zephyr": caseID, path.Audit: "zephyr noted"}
	for page, sign := range shows {
		if got := in.Get(page); got.Status != http.StatusOK || !strings.Contains(got.Body, sign) {
			t.Errorf("the member does not see %q on %s (%d)", sign, page, got.Status)
		}
		got := out.Get(page)
		if got.Status != http.StatusOK {
			t.Errorf("%s: %d", page, got.Status)
		}
		for _, trace := range []string{"Zephyr Lantern", caseID, "zephyr noted"} {
			if strings.Contains(got.Body, trace) {
				t.Errorf("%s shows %q to somebody who is no member", page, trace)
			}
		}
	}
	// The proposal stays for the outsider: that it went would tell of the case.
	escalate := html.EscapeString(path.Escalate(personID))
	if !strings.Contains(out.Get(path.InsightsCases).Body, escalate) {
		t.Error("the finding is no longer proposed to somebody who knows of no case")
	}
	if strings.Contains(in.Get(path.InsightsCases).Body, escalate) {
		t.Error("the finding is still proposed to a member of the case")
	}
	waiting, err := w.Features.Dashboards.Waiting(ctx, outsider.Actor())
	if err != nil || waiting["cases"] != 0 {
		t.Errorf("the outsider has %v waiting, %v", waiting, err)
	}
	waiting, err = w.Features.Dashboards.Waiting(ctx, member.Actor())
	if err != nil || waiting["cases"] != 1 {
		t.Errorf("the member has %v waiting, %v", waiting, err)
	}
}

func TestTodayForEveryRole(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	fill(t, w)
	says := map[authz.Role]string{
		authz.HR: "Overdue verifications", authz.SecurityLead: "Cases proposed", authz.SecurityAnalyst: "Signals in the last seven days",
		authz.HiringManager: "Candidates blocked", authz.Interviewer: "Scorecards you owe", authz.Finance: "No step waits for you",
		authz.Legal: "No step waits for you", authz.Auditor: "Where to begin reading", authz.Administrator: "Signed in now",
	}
	for i, role := range authz.Roles {
		got := w.SignIn(w.User(fmt.Sprintf("User Number %d", i), role)).Get(path.Today)
		if got.Status != http.StatusOK || !strings.Contains(got.Body, says[role]) {
			t.Errorf("%s: status %d, says %q: %v", role, got.Status, says[role], strings.Contains(got.Body, says[role]))
		}
		if role == authz.Administrator && strings.Contains(got.Body, "Person 1") {
			t.Error("an administrator sees names of people")
		}
	}
}

// TestBandsThatRoseReadAlikeEverywhere: the same words and the same two numbers.
func TestBandsThatRoseReadAlikeEverywhere(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	fill(t, w)
	hr := w.SignIn(w.User("Hanna Reyes", authz.HR))
	figure := regexp.MustCompile(`aria-label="(Bands that rose[^"]*)".*?<span>(\d+ in the 7 days before)</span>`)
	var first []string
	for _, page := range []string{path.Today, path.InsightsHiring} {
		m := figure.FindStringSubmatch(hr.Get(page).Body)
		if m == nil {
			t.Fatalf("%s does not say how many bands rose, and how many before", page)
		}
		if first == nil {
			first = m[1:]
		}
		if !slices.Equal(first, m[1:]) {
			t.Errorf("%s says %q, Today %q", page, m[1:], first)
		}
	}
}

func TestSearchShowsWhatTheReaderMaySee(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	fill(t, w)
	hr, finance := w.SignIn(w.User("Hanna Reyes", authz.HR)), w.SignIn(w.User("Fay Finance", authz.Finance))
	for _, tt := range []struct {
		who  *apptest.Browser
		q    string
		sees []string
		not  []string
	}{
		{hr, "person 1", []string{"Person 1"}, nil},
		{hr, "engin", []string{"Jobs"}, nil},
		{hr, "board", []string{path.Board}, nil},
		{hr, "mouse jiggler", []string{path.LibraryItem("signal-mouse-jiggler")}, nil},
		{finance, "person 1", nil, []string{`href="/candidates/`}},
		{finance, "engineer", nil, []string{`href="/jobs/`}},
		{finance, "hiring risk", nil, []string{path.InsightsHiring}},
		{hr, "100%_zz", []string{"Nothing that you may see fits"}, nil},
	} {
		page := tt.who.Get(path.Search + "?q=" + url.QueryEscape(tt.q))
		_, main, _ := strings.Cut(page.Body, "<main")
		for _, want := range tt.sees {
			if !strings.Contains(main, want) {
				t.Errorf("%q does not find %s", tt.q, want)
			}
		}
		if i := slices.IndexFunc(tt.not, func(not string) bool { return strings.Contains(main, not) }); i >= 0 {
			t.Errorf("%q finds %s", tt.q, tt.not[i])
		}
	}
}
