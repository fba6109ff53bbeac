package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
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
