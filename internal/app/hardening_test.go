package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/static"
	"gatehouse/web/path"
	"gatehouse/web/session"
)

// TestSignInRotatesTheSession: a cookie that somebody planted in a browser is worth nothing after its owner signs in,
// whether it names no session, or one of the planter's own.
func TestSignInRotatesTheSession(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	victim, planter := w.User("Vic Tim", authz.HR), w.User("Plan Ter", authz.HR)
	server := mustParse(t, w.URL)
	name := session.NewStore(w.Features.Signin, "").CookieName()
	own := w.SignIn(planter).Jar.Cookies(server)
	for what, planted := range map[string]string{"an invented token": strings.Repeat("a", 43), "a session of the planter": own[0].Value} {
		b := w.Visitor()
		b.Jar.SetCookies(server, []*http.Cookie{{Name: name, Value: planted, Path: "/"}})
		if got := b.Post(path.SignIn, url.Values{"email": {victim.Email}, "password": {apptest.Password}}); got.Status != http.StatusSeeOther {
			t.Fatalf("%s: status %d", what, got.Status)
		}
		var after []string
		for _, c := range b.Jar.Cookies(server) {
			if c.Name == name {
				after = append(after, c.Value)
			}
		}
		if len(after) != 1 || after[0] == planted {
			t.Errorf("%s is the session after signing in", what)
		}
		if got := b.Get(path.Account); !strings.Contains(got.Body, victim.Email) {
			t.Errorf("%s: the victim is not signed in", what)
		}
		thief := w.Visitor()
		thief.Jar.SetCookies(server, []*http.Cookie{{Name: name, Value: planted, Path: "/"}})
		if got := thief.Get(path.Account); got.Status != http.StatusSeeOther || strings.Contains(got.Body, victim.Email) {
			t.Errorf("%s still opens a session: status %d", what, got.Status)
		}
	}
}

// TestFieldsThatAFormDoesNotHaveDoNothing sends what the tables have and the forms have not.
func TestFieldsThatAFormDoesNotHaveDoNothing(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	analyst := w.User("Ana Lyst", authz.SecurityAnalyst)
	b := w.SignIn(analyst)
	var subject person.ID
	err := w.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) (err error) {
		tx.Record(db.Entry{Action: "person.added", SubjectKind: "person", SubjectID: "x"})
		if subject, err = w.Features.People.Add(t.Context(), tx, person.New{Name: "Mara Okafor"}); err != nil {
			return err
		}
		return w.Features.People.SetPlace(t.Context(), tx, subject, person.Place{Status: person.Engaged, JobTitle: "Engineer"})
	})
	if err != nil {
		t.Fatal(err)
	}
	value := func(sql string, args ...any) (v string) {
		t.Helper()
		if err := w.DB.Pool().QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	posted := func(to string, form url.Values) apptest.Page {
		t.Helper()
		got := b.Post(to, form)
		if got.Status != http.StatusSeeOther {
			t.Fatalf("POST %s: status %d", to, got.Status)
		}
		return got
	}

	fake := id.New()
	got := posted(path.Escalate(subject), url.Values{"reason": {"Two findings."}, "id": {fake}, "person_id": {fake}, "code_name": {"Mine"}, "status": {"closed"},
		"outcome": {"confirmed"}, "agreed_by": {fake}, "opened_by": {fake}, "PersonID": {fake}, "function": {"observer"}})
	caseID := strings.TrimPrefix(got.Header.Get("Location"), path.Cases+"/")
	if got := value(`SELECT concat_ws(' ', status, outcome, agreed_by, opened_by, person_id) FROM cases WHERE id = $1`, caseID); got != "open "+string(analyst.ID)+" "+string(subject) {
		t.Errorf("the case is %q", got)
	}
	posted(path.CaseStepAct(caseID, "step-open-case", "done"), url.Values{"version": {"1"}, "note": {"Agreed."}, "done_by": {fake}, "due_at": {"2030-01-01"},
		"owner_role": {"finance"}, "state": {"skipped"}, "step": {"step-decide"}, "step_id": {"step-decide"}, "case_id": {fake}})
	if got := value(`SELECT concat_ws(' ', state, owner_role, done_by) FROM case_steps WHERE case_id = $1 AND step_id = 'step-open-case'`, caseID); got != "done security "+string(analyst.ID) {
		t.Errorf("the step is %q", got)
	}
	if got := value(`SELECT state FROM case_steps WHERE case_id = $1 AND step_id = 'step-decide'`, caseID); got != "open" {
		t.Errorf("another step is %q", got)
	}
	posted(path.Account+"/password", url.Values{"current": {apptest.Password}, "password": {"another long test password"}, "roles": {"administrator"},
		"email": {"root@example.com"}, "id": {fake}, "user_id": {fake}, "person_id": {string(subject)}})
	if got := value(`SELECT concat_ws(' ', email, roles::text, person_id) FROM users WHERE id = $1`, string(analyst.ID)); got != analyst.Email+" {security_analyst}" {
		t.Errorf("the user is %q", got)
	}
}

// TestASessionIsEndedFromAnother: whoever lost a laptop ends what runs on it from the next, and it is over at once.
func TestASessionIsEndedFromAnother(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	owner := w.User("Hanna Reyes", authz.HR)
	here, lost, stranger := w.SignIn(owner), w.SignIn(owner), w.SignIn(w.User("Omar Haddad", authz.HR))
	page := here.Get(path.Account)
	ends := regexp.MustCompile(path.Sessions+`/[0-9a-f-]{36}/end`).FindAllString(page.Body, -1)
	if page.Status != http.StatusOK || len(ends) != 1 || !strings.Contains(page.Body, "This one") || !strings.Contains(page.Body, "End all others") {
		t.Fatalf("status %d, %d sessions to end", page.Status, len(ends))
	}
	if got := stranger.Post(ends[0], nil); got.Status != http.StatusNotFound {
		t.Errorf("another user's session: status %d", got.Status)
	}
	if got := here.Post(ends[0], nil); got.Status != http.StatusSeeOther {
		t.Errorf("ending it: status %d", got.Status)
	}
	if got := lost.Get(path.Account); got.Status != http.StatusSeeOther {
		t.Errorf("the ended session still reads: status %d", got.Status)
	}
	if got := here.Post(ends[0], nil); got.Status != http.StatusNotFound {
		t.Errorf("ending it twice: status %d", got.Status)
	}
	again := w.SignIn(owner)
	if got := here.Post(path.OtherSessions, nil); got.Status != http.StatusSeeOther {
		t.Errorf("ending all others: status %d", got.Status)
	}
	if got := again.Get(path.Account); got.Status != http.StatusSeeOther {
		t.Errorf("an ended session still reads: status %d", got.Status)
	}
	if got := here.Get(path.Account); got.Status != http.StatusOK || strings.Contains(got.Body, "End all others") {
		t.Errorf("the session that stays: status %d", got.Status)
	}
}

// TestEveryAnswerCarriesItsHeaders: pages, files, refusals and faults alike, where people come over HTTPS.
func TestEveryAnswerCarriesItsHeaders(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	w.Config.BaseURL = "https://gatehouse.example"
	server := w.Handler()
	ask := func(method, to string, head map[string]string) *http.Response {
		r := httptest.NewRequest(method, to, nil)
		for name, value := range head {
			r.Header.Set(name, value)
		}
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		return rec.Result()
	}
	style := regexp.MustCompile(static.Prefix + `[^"]+\.css`).FindString(w.Visitor().Get(path.SignIn).Body)
	for name, got := range map[string]*http.Response{
		"a page":                    ask("GET", path.SignIn, nil),
		"a redirect":                ask("GET", path.Candidates, nil),
		"an address that is none":   ask("GET", "/nowhere", nil),
		"the API without a token":   ask("POST", path.SignalsAPI, nil),
		"a write from another site": ask("POST", path.SignIn, map[string]string{"Sec-Fetch-Site": "cross-site"}),
		"a method that is none":     ask("TRACE", path.SignIn, nil),
		"a file":                    ask("GET", style, nil),
		"health":                    ask("GET", path.Health, nil),
	} {
		h := got.Header
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000; includeSubDomains"} {
			if h.Get(header) != want {
				t.Errorf("%s: %s is %q", name, header, h.Get(header))
			}
		}
		for _, directive := range []string{"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), directive) {
				t.Errorf("%s: the content policy lacks %s", name, directive)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") || h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" {
			t.Errorf("%s: %v", name, h)
		}
		if name != "a file" && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", name, h.Get("Cache-Control"))
		}
		if kind := h.Get("Content-Type"); strings.HasPrefix(kind, "text/") && !strings.HasSuffix(kind, "charset=utf-8") {
			t.Errorf("%s: Content-Type is %q", name, kind)
		}
	}
}

// TestMethodsThatNoRouteHasAreRefused, TRACE above all.
func TestMethodsThatNoRouteHasAreRefused(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Ada Admin", authz.Administrator))
	for _, method := range []string{"TRACE", "TRACK", "PUT", "DELETE", "PROPFIND"} {
		for _, to := range []string{path.SignIn, path.Health, path.Candidates} {
			if got := b.Send(method, to, "", nil); got.Status != http.StatusNotFound || strings.Contains(got.Body, "User-Agent") {
				t.Errorf("%s %s: status %d", method, to, got.Status)
			}
		}
	}
}

// TestCookiesAreBoundToThisHost where people come over HTTPS: every cookie that the server sets, by its name too.
func TestCookiesAreBoundToThisHost(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	w.Config.BaseURL = "https://gatehouse.example"
	server, u := w.Handler(), w.User("Ada Admin", authz.Administrator)
	var jar []*http.Cookie
	post := func(to string, form url.Values) {
		r := httptest.NewRequest(http.MethodPost, to, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range jar {
			r.AddCookie(c)
		}
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		jar = append(jar, rec.Result().Cookies()...)
	}
	post(path.SignIn, url.Values{"email": {u.Email}, "password": {apptest.Password}})
	post(path.Views, url.Values{"page": {"candidates"}, "name": {"Mine"}})
	if len(jar) != 3 { // the session, the mark of the browser, and the message for the next page
		t.Fatalf("%d cookies: %v", len(jar), jar)
	}
	for name, dark := range map[string]bool{"__Host-theme": true, "theme": false} {
		r := httptest.NewRequest(http.MethodGet, path.SignIn, nil)
		r.AddCookie(&http.Cookie{Name: name, Value: "dark"})
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		if strings.Contains(rec.Body.String(), `data-theme="dark"`) != dark {
			t.Errorf("a preference in the cookie %s counts: %v, want %v", name, !dark, dark)
		}
	}
	for _, c := range jar {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %v", c)
		}
	}
}
