package journeys

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/demo"
	"gatehouse/internal/platform/authz"
	"gatehouse/web"
	"gatehouse/web/path"
)

// samples gives the address of each page that has a parameter, by a query on the demo's rows. %USER% is the id of
// whoever looks. Roles other than the first that may are named after it.
var samples = map[string]struct {
	sql string
	by  authz.Role
}{
	"/candidates/{id}":                       {sql: `SELECT person_id FROM flags GROUP BY person_id ORDER BY count(*) DESC, person_id LIMIT 1`},
	"/candidates/{id}/checks":                {sql: `SELECT person_id FROM flags ORDER BY person_id LIMIT 1`},
	"/candidates/{id}/edit":                  {sql: `SELECT person_id FROM claims GROUP BY person_id ORDER BY count(*) DESC, person_id LIMIT 1`, by: authz.HR},
	"/candidates/{id}/apply":                 {sql: `SELECT person_id FROM applications WHERE status = 'active' ORDER BY id LIMIT 1`, by: authz.HR},
	"/flags/{id}":                            {sql: `SELECT id FROM flags WHERE state = 'open' AND answer = 'red-flag' ORDER BY id LIMIT 1`},
	"/jobs/{id}":                             {sql: `SELECT job_id FROM applications GROUP BY job_id ORDER BY count(*) DESC, job_id LIMIT 1`},
	"/jobs/{id}/edit":                        {sql: `SELECT id FROM jobs ORDER BY id LIMIT 1`, by: authz.HR},
	"/insights/jobs/{id}":                    {sql: `SELECT job_id FROM applications GROUP BY job_id ORDER BY count(*) DESC, job_id LIMIT 1`},
	"/applications/{id}/move":                {sql: `SELECT id FROM applications WHERE status = 'active' ORDER BY id LIMIT 1`, by: authz.HR},
	"/applications/{id}/override":            {sql: `SELECT id FROM applications WHERE status = 'active' ORDER BY id LIMIT 1`},
	"/applications/{id}/hire":                {sql: `SELECT id FROM applications WHERE status = 'active' ORDER BY id LIMIT 1`, by: authz.HR},
	"/applications/{id}/close":               {sql: `SELECT id FROM applications WHERE status = 'active' ORDER BY id LIMIT 1`, by: authz.HR},
	"/applications/{id}/reopen":              {sql: `SELECT id FROM applications WHERE status = 'closed' ORDER BY id LIMIT 1`, by: authz.HR},
	"/applications/{id}/interviews/new":      {sql: `SELECT id FROM applications WHERE status = 'active' AND stage_id = 'stage-screening-call' ORDER BY id LIMIT 1`, by: authz.HR},
	"/people/{id}":                           {sql: `SELECT id FROM engagements ORDER BY id LIMIT 1`},
	"/people/{id}/edit":                      {sql: `SELECT id FROM engagements WHERE ended_on IS NULL ORDER BY id LIMIT 1`},
	"/people/{id}/end":                       {sql: `SELECT id FROM engagements WHERE ended_on IS NULL ORDER BY id LIMIT 1`},
	"/people/{id}/escalate":                  {sql: `SELECT person_id FROM flags ORDER BY person_id LIMIT 1`},
	"/people/{id}/signals/new":               {sql: `SELECT id FROM engagements WHERE ended_on IS NULL ORDER BY id LIMIT 1`},
	"/interviews/{id}":                       {sql: `SELECT interview_id FROM scorecards GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`},
	"/interviews/{id}/plan":                  {sql: `SELECT id FROM interviews WHERE status = 'scheduled' ORDER BY id LIMIT 1`, by: authz.HR},
	"/interviews/{id}/submit":                {sql: `SELECT interview_id FROM interviewers WHERE user_id = '%USER%' AND submitted_at IS NULL ORDER BY 1 LIMIT 1`, by: authz.Interviewer},
	"/interviews/{id}/answers/{check}/amend": {sql: `SELECT interview_id || ' check-video-on' FROM scorecards WHERE user_id = '%USER%' ORDER BY 1 LIMIT 1`, by: authz.Interviewer},
	"/evidence/{id}":                         {sql: `SELECT id FROM evidence_items WHERE case_id IS NULL ORDER BY id LIMIT 1`},
	"/evidence/{id}/custody":                 {sql: `SELECT v.evidence_id FROM custody_events v JOIN evidence_items i ON i.id = v.evidence_id WHERE i.case_id IS NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`},
	"/privacy/holds/{id}":                    {sql: `SELECT id FROM legal_holds WHERE case_id IS NULL LIMIT 1`},
	"/candidates/{id}/privacy":               {sql: `SELECT person_id FROM legal_holds WHERE case_id IS NULL LIMIT 1`, by: authz.HR},
	"/cases/{id}/hold":                       {sql: `SELECT case_id FROM legal_holds WHERE case_id IS NOT NULL LIMIT 1`, by: authz.SecurityLead},
	"/signals/{place}":                       {sql: ``},
	"/cases/{id}":                            {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/timeline":                   {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/report":                     {sql: `SELECT id FROM cases WHERE status = 'closed' LIMIT 1`},
	"/cases/{id}/steps/{step}":               {sql: `SELECT id || ' step-confirmation-call' FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/access":                     {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/money":                      {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/dossier":                    {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/evidence":                   {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/notes":                      {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/outcome":                    {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/cases/{id}/members":                    {sql: `SELECT id FROM cases WHERE status = 'open' LIMIT 1`},
	"/library/{id}":                          {sql: `SELECT 'check-video-on'`},
	"/audit/{id}":                            {sql: `SELECT a.id FROM audit_entries a JOIN audit_values v ON v.entry_id = a.id WHERE a.case_id IS NULL ORDER BY a.id LIMIT 1`, by: authz.Auditor},
	"/admin/users/{id}":                      {sql: `SELECT id FROM users ORDER BY id LIMIT 1`},
}

// queries are pages that need a question to show what they are for.
var queries = map[string]string{
	path.NewEvidence:       "",
	path.InsightsOverrides: "?check=check-references-live",
	path.Search:            "?q=check",
	path.Views:             "?page=candidates",
}

// more are further faces of pages: tabs, filters, what another role sees.
func (s *sweep) more() []visit {
	candidate := "/candidates/" + s.one(samples["/candidates/{id}"].sql, account.User{})
	all := []visit{
		{authz.SecurityLead, candidate + "?tab=interviews"}, {authz.SecurityLead, candidate + "?tab=evidence"}, {authz.SecurityLead, candidate + "?tab=history"},
		{authz.HR, candidate}, {authz.SecurityLead, candidate + "/checks?check=check-cross-commits"},
		{authz.HR, path.InsightsVerification}, {authz.SecurityLead, path.LibraryExcluded}, {authz.SecurityLead, path.Library + "?q=camera"},
		{authz.Interviewer, "/interviews/" + s.one(samples["/interviews/{id}/submit"].sql, s.users[authz.Interviewer])},
		{authz.SecurityAnalyst, "/cases/" + s.one(samples["/cases/{id}/report"].sql, account.User{})}, {authz.SecurityLead, path.Signals + "?severity=critical"},
		{authz.HR, path.Candidates + "?q=nobody-of-this-name"},
	}
	for _, role := range authz.Roles {
		all = append(all, visit{role, path.Today})
	}
	return all
}

type visit struct {
	role authz.Role
	page string
}

// sweep looks at pages of the demo as one login per role.
type sweep struct {
	*world
	users map[authz.Role]account.User
}

// one runs a query for one text.
func (s *sweep) one(sql string, as account.User) string {
	s.t.Helper()
	var value string
	if err := s.DB.Pool().QueryRow(s.t.Context(), strings.ReplaceAll(sql, "%USER%", string(as.ID))).Scan(&value); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// visits are all pages of the route table that people open, each as somebody who may.
func (s *sweep) visits() []visit {
	s.t.Helper()
	server, ok := s.Handler().(*web.Server)
	if !ok {
		s.t.Fatal("the handler is not web.Server")
	}
	order := []authz.Role{authz.SecurityLead, authz.HR, authz.Administrator, authz.SecurityAnalyst}
	var all []visit
	for _, r := range server.Routes() {
		if r.Method != http.MethodGet || r.Permission == authz.Public || strings.HasSuffix(r.Pattern, ".csv") || strings.HasSuffix(r.Pattern, "/receipt") || r.Pattern == path.Cases+"/{id}/open" || strings.HasPrefix(r.Pattern, "/api/") {
			continue
		}
		sample, known := samples[r.Pattern]
		role := sample.by
		if role == "" {
			role = order[slices.IndexFunc(order, func(role authz.Role) bool { return s.users[role].Actor().May(r.Permission) })]
			if strings.HasPrefix(r.Pattern, path.Cases) {
				role = authz.SecurityAnalyst // who leads the demo's cases
			}
		}
		page := r.Pattern + queries[r.Pattern]
		if strings.Contains(r.Pattern, "{") {
			if !known {
				s.t.Errorf("give the sweep a sample for %s", r.Pattern)
				continue
			}
			if sample.sql == "" {
				page = s.firstSignal()
			} else {
				page = s.fill(r.Pattern, s.one(sample.sql, s.users[role]))
			}
		}
		all = append(all, visit{role, page})
	}
	return append(all, s.more()...)
}

// fill puts the values into the pattern's parameters.
func (s *sweep) fill(pattern, values string) string {
	parts := strings.Split(pattern, "/")
	list := strings.Fields(values)
	for i, part := range parts {
		if strings.HasPrefix(part, "{") && len(list) > 0 {
			parts[i], list = list[0], list[1:]
		}
	}
	return strings.Join(parts, "/")
}

// firstSignal is the address of the signal on top of the list.
func (s *sweep) firstSignal() string {
	s.t.Helper()
	r := s.plainlyWith(s.users[authz.SecurityLead], demo.Password)
	r.open(path.Signals)
	return attr(first(r.page, `main tbody a[href^="/signals/"]`), "href")
}

// TestEveryPageFitsAndIsAccessible visits each page of the route table as a role that may open it: no violation of
// axe's rules in light and in dark, nothing that scrolls sideways on a phone, and a silent console.
func TestEveryPageFitsAndIsAccessible(t *testing.T) {
	s := &sweep{world: newWorld(t), users: map[authz.Role]account.User{}}
	must(t, demo.Fill(t.Context(), s.App, demo.Plan{Ordinary: 20, Now: time.Now().UTC()}))
	s.settle()
	for _, login := range demo.Logins() {
		var id account.ID
		must(t, s.DB.Pool().QueryRow(t.Context(), `SELECT id FROM users WHERE email = $1`, login.Email).Scan(&id))
		u, err := s.Features.Accounts.ByID(t.Context(), id)
		must(t, err)
		s.users[login.Role] = u
	}
	work := map[authz.Role][]string{}
	for _, v := range s.visits() {
		if !slices.Contains(work[v.role], v.page) {
			work[v.role] = append(work[v.role], v.page)
		}
	}
	for role, pages := range work {
		for some := range slices.Chunk(pages, 16) { // so that no window has most of the work
			t.Run(string(role), func(t *testing.T) {
				t.Parallel()
				w := &world{World: s.World, t: t, browser: running.For(t)}
				d := &desk{Page: w.browser.Page(), w: w, user: s.users[role]}
				d.signIn(demo.Password)
				for _, page := range some {
					d.look(page, string(role))
				}
			})
		}
	}
}

// look opens a page once and looks at it in both themes and both widths.
func (d *desk) look(page, as string) {
	d.w.t.Helper()
	d.SetViewport(1440, 900)
	d.open(page)
	if here := d.here(); here != page {
		d.w.t.Errorf("%s as %s leads to %s", page, as, here)
	}
	if title := d.Text("h1"); strings.Contains(title, "not found") || strings.Contains(title, "may not") {
		d.w.t.Errorf("%s as %s: %s", page, as, title)
	}
	for _, theme := range []string{"light", "dark"} {
		d.SetTheme(theme)
		if theme == "dark" {
			d.MustHaveContrast() // the rest is the same in both themes
		} else {
			d.MustBeAccessible()
		}
		d.shot(page, as, theme, "1440")
	}
	d.SetViewport(390, 844)
	d.MustNotScrollSideways()
	d.shot(page, as, "dark", "390")
	d.SetTheme("light")
	d.shot(page, as, "light", "390")
	for _, problem := range d.TakeProblems() {
		d.w.t.Errorf("%s as %s: console: %s", page, as, problem)
	}
}

// shot keeps a picture when asked for, named by the page, the role, the theme and the width.
func (d *desk) shot(page, as, theme, width string) {
	d.w.t.Helper()
	folder := os.Getenv("GATEHOUSE_SCREENSHOTS")
	if folder == "" {
		return
	}
	name := strings.NewReplacer("/", "_", "?", "_", "=", "-", "&", "_").Replace(strings.Trim(page, "/"))
	if name == "" {
		name = "today"
	}
	d.Screenshot(filepath.Join(folder, as, name+"-"+theme+"-"+width+".png"))
}
