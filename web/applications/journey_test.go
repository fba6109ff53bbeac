package applications_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// world is an installation with the people of the hiring journey signed in.
type world struct {
	*apptest.World
	t                  *testing.T
	hr, manager, lead  *apptest.Browser
	managerUser, other account.User
}

func setup(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{World: apptest.New(t), t: t}
	w.managerUser, w.other = w.User("Mara Lind", authz.HiringManager), w.User("Otto Reyes", authz.HiringManager)
	w.hr, w.manager = w.SignIn(w.User("Hanna Cole", authz.HR)), w.SignIn(w.managerUser)
	w.lead = w.SignIn(w.User("Lea Stone", authz.SecurityLead))
	return w
}

// shows fails unless the page has the status and every text.
func (w *world) shows(p apptest.Page, status int, texts ...string) apptest.Page {
	w.t.Helper()
	if p.Status != status {
		w.t.Fatalf("status %d, want %d: %.400s", p.Status, status, p.Body)
	}
	for _, text := range texts {
		if !strings.Contains(p.Body, html.EscapeString(text)) && !strings.Contains(p.Body, text) {
			w.t.Errorf("the page lacks %q", text)
		}
	}
	return p
}

// leads fails unless the answer is a redirect, and returns where to.
func (w *world) leads(p apptest.Page) string {
	w.t.Helper()
	if p.Status != http.StatusSeeOther {
		w.t.Fatalf("status %d, want a redirect: %.2000s", p.Status, p.Body)
	}
	return p.Header.Get("Location")
}

// last is the last part of a path.
func last(p string) string { return p[strings.LastIndex(p, "/")+1:] }

func (w *world) job(level string) string {
	w.t.Helper()
	return last(w.leads(w.hr.Post(path.Jobs, url.Values{"title": {"Smart-contract engineer"}, "level": {level}, "manager": {string(w.managerUser.ID)}})))
}

func (w *world) candidate(job string) (person.ID, hiring.ApplicationID) {
	w.t.Helper()
	to := w.leads(w.hr.Post(path.Candidates, url.Values{"job": {job}, "name": {"Ada Berg"}, "channel": {"channel-recommendation"},
		"referrer_name": {"Sam Okafor"}, "location": {"Toronto"}, "rows": {"0"}}))
	personID := person.ID(last(to))
	return personID, w.app(personID).ID
}

func (w *world) app(personID person.ID) hiring.Application {
	w.t.Helper()
	apps, err := w.Features.Hiring.Applications(context.Background(), authz.System("test"), personID)
	if err != nil || len(apps) == 0 {
		w.t.Fatalf("applications: %v", err)
	}
	return apps[0]
}

func (w *world) title(check string) string {
	c, ok := w.Features.Catalogue.Current().Check(check)
	if !ok {
		w.t.Fatalf("no check %s", check)
	}
	return c.Title
}

func (w *world) answer(personID person.ID, checks ...string) {
	w.t.Helper()
	for _, check := range checks {
		if err := w.Features.Assess.RecordCheck(context.Background(), authz.System("test"), personID,
			assessment.RecordedCheck{CheckID: check, Answer: catalogue.Clear}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestFromTheJobToTheEngagement is the hiring of the third story: blocked at the offer, two checks let pass by the
// security lead, hired with the overrides in sight.
func TestFromTheJobToTheEngagement(t *testing.T) {
	w := setup(t)
	job := w.job("level-verified")
	personID, appID := w.candidate(job)
	w.shows(w.manager.Get(path.Job(job)), http.StatusOK, "Ada Berg", "Required checks", w.title("check-video-on"))

	move := func(b *apptest.Browser, to string, more ...string) apptest.Page {
		form := url.Values{"to": {to}, "version": {strconv.Itoa(w.app(personID).Version)}}
		for i := 0; i+1 < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return b.Post(path.Application(appID, "move"), form)
	}
	if to := w.leads(move(w.manager, "stage-application-review", "back", "board")); to != path.Board {
		t.Errorf("back to %q, want the board", to)
	}
	w.answer(personID, "check-video-on", "check-same-person-throughout", "check-id-next-to-face", "check-document-authenticity",
		"check-document-story-fit", "check-liveness-challenge", "check-background-check")
	blocked := w.shows(move(w.manager, hiring.StageOffer, "reason", "typed and kept"), http.StatusConflict,
		"Offer is blocked.", w.title("check-references-live"), "Not answered yet:", "typed and kept")
	if strings.Contains(blocked.Body, "override_reason") {
		t.Error("a hiring manager is offered the override")
	}
	if p := w.manager.Get(path.ApplicationTo(appID, "override", hiring.StageOffer)); p.Status != http.StatusForbidden {
		t.Errorf("the override page for a hiring manager: %d", p.Status)
	}

	const reason = "Both are checked by our counsel in person next week."
	w.shows(w.lead.Get(path.ApplicationTo(appID, "override", hiring.StageOffer)), http.StatusOK, "check-references-live", "check-employer-direct")
	form := url.Values{"to": {hiring.StageOffer}, "version": {strconv.Itoa(w.app(personID).Version)},
		"items": {"check-references-live", "check-employer-direct"}, "reason": {"short"}}
	w.shows(w.lead.Post(path.Application(appID, "override"), form), http.StatusUnprocessableEntity, "at least 10 characters", "short")
	form.Set("reason", reason)
	w.leads(w.lead.Post(path.Application(appID, "override"), form))
	w.leads(move(w.manager, hiring.StageOffer))

	hire := url.Values{"version": {strconv.Itoa(w.app(personID).Version)}, "kind": {"employee"}, "title": {"Engineer"}, "manager": {string(w.managerUser.ID)},
		"started_on": {"2026-11-02"}, "device": {"Laptop"}, "accounts": {"GitHub: ada-berg\nSlack: ada"}}
	w.shows(w.hr.Get(path.Application(appID, "hire")), http.StatusOK, "Smart-contract engineer", "Not answered")
	w.shows(w.hr.Post(path.Application(appID, "hire"), hire), http.StatusConflict, "Employed is blocked.", "GitHub: ada-berg")
	w.answer(personID, "check-bank-account-owner")
	hire.Set("started_on", "soon")
	w.shows(w.hr.Post(path.Application(appID, "hire"), hire), http.StatusUnprocessableEntity, "Enter the first day of work.", "GitHub: ada-berg")
	hire.Set("started_on", "2026-11-02")
	engagement := w.leads(w.hr.Post(path.Application(appID, "hire"), hire))
	w.shows(w.hr.Get(engagement), http.StatusOK, "Let pass in hiring", reason, "Lea Stone", "Never answered", "ada-berg", "Mara Lind")
	w.shows(w.hr.Get(path.People+"?q=ada-b"), http.StatusOK, "Ada Berg", "Engineer")
	if to := w.leads(w.hr.Get(path.Engagement(personID))); to != engagement {
		t.Errorf("the person's address leads to %q", to)
	}

	// The engagement is edited and ended.
	id := last(engagement)
	edit := url.Values{"version": {"1"}, "kind": {"contractor"}, "title": {"Auditor"}, "manager": {string(w.managerUser.ID)}, "started_on": {"2026-11-02"}, "accounts": {"no colon"}}
	w.shows(w.hr.Post(path.EngagementAct(id, "edit"), edit), http.StatusUnprocessableEntity, "system: account", "no colon")
	edit.Set("accounts", "GitHub: ada")
	w.leads(w.hr.Post(path.EngagementAct(id, "edit"), edit))
	w.shows(w.hr.Post(path.EngagementAct(id, "edit"), edit), http.StatusConflict, "changed this engagement meanwhile", "Auditor")
	w.shows(w.hr.Get(path.EngagementAct(id, "end")), http.StatusOK, "Last day")
	end := url.Values{"version": {"2"}, "ended_on": {"2026-01-01"}, "reason": {"The contract ran out."}}
	w.shows(w.hr.Post(path.EngagementAct(id, "end"), end), http.StatusUnprocessableEntity, "before the engagement began", "The contract ran out.")
	end.Set("ended_on", "2026-11-02")
	w.leads(w.hr.Post(path.EngagementAct(id, "end"), end))
	w.shows(w.hr.Get(path.People+"?state=ended"), http.StatusOK, "Auditor")
}

func TestOnlyTheOwnJobs(t *testing.T) {
	w := setup(t)
	personID, appID := w.candidate(w.job("level-verified"))
	stranger := w.SignIn(w.other)
	for _, p := range []string{path.Job(w.app(personID).JobID), path.Application(appID, "move"), path.Application(appID, "hire"),
		path.Application(appID, "close"), path.Application(appID, "reopen"), path.EditCandidate(personID), path.Apply(personID)} {
		if got := stranger.Get(p); got.Status != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", p, got.Status)
		}
	}
	for _, act := range []string{"move", "hire", "close", "reopen"} {
		got := stranger.Post(path.Application(appID, act), url.Values{"to": {"stage-offer"}, "version": {"1"}, "reason": {"Long enough a reason."}})
		if got.Status != http.StatusNotFound {
			t.Errorf("POST %s: status %d, want 404", act, got.Status)
		}
	}
	if strings.Contains(stranger.Get(path.Jobs).Body, "Smart-contract") {
		t.Error("the list shows somebody else's job")
	}
	if got := stranger.Get(path.NewCandidate); strings.Contains(got.Body, "Smart-contract") {
		t.Error("the form offers somebody else's job")
	}
}

func TestCloseAndReopen(t *testing.T) {
	w := setup(t)
	personID, appID := w.candidate(w.job("level-verified"))
	form := url.Values{"version": {"1"}, "who": {"candidate"}, "reason": {"no"}}
	w.shows(w.manager.Get(path.Application(appID, "close")), http.StatusOK, "Whose decision")
	p := w.shows(w.manager.Post(path.Application(appID, "close"), form), http.StatusUnprocessableEntity, "at least 10 characters")
	if !regexp.MustCompile(`value="candidate" checked`).MatchString(p.Body) {
		t.Error("whose decision it was is forgotten")
	}
	form.Set("reason", "Took another offer.")
	w.leads(w.manager.Post(path.Application(appID, "close"), form))
	w.formless(w.shows(w.manager.Post(path.Application(appID, "close"), form), http.StatusConflict, "ended meanwhile", "Took another offer.", "This application has ended"))
	w.formless(w.shows(w.manager.Get(path.Application(appID, "close")), http.StatusOK, "This application has ended"))
	w.shows(w.manager.Get(path.Application(appID, "move")), http.StatusOK, "This application has ended")
	w.leads(w.manager.Post(path.Application(appID, "reopen"), url.Values{"version": {"2"}, "reason": {"The other offer fell through."}}))
	if a := w.app(personID); a.Status != hiring.Active {
		t.Errorf("status %s", a.Status)
	}
	again := url.Values{"version": {"2"}, "reason": {"Seen in another tab."}}
	w.formless(w.shows(w.manager.Post(path.Application(appID, "reopen"), again), http.StatusConflict, "under way", "Seen in another tab."))
}

// formless fails if the page has a form that asks for something.
func (w *world) formless(p apptest.Page) {
	w.t.Helper()
	_, main, _ := strings.Cut(p.Body, "<main")
	if main, _, _ = strings.Cut(main, "</main>"); strings.Contains(main, "<form") {
		w.t.Error("the page has a form that leads nowhere")
	}
}

// TestHiredTwice: the second tab says that they are hired, to whoever may see it, and offers no form.
func TestHiredTwice(t *testing.T) {
	w := setup(t)
	personID, appID := w.candidate(w.job("level-pseudonymous"))
	var required []string
	for _, c := range w.Features.Catalogue.Current().Required("level-pseudonymous") {
		required = append(required, c.ID)
	}
	w.answer(personID, required...)
	w.leads(w.manager.Post(path.Application(appID, "move"), url.Values{"to": {hiring.StageOffer}, "version": {strconv.Itoa(w.app(personID).Version)}}))
	hire := url.Values{"version": {strconv.Itoa(w.app(personID).Version)}, "kind": {"employee"}, "title": {"Designer"},
		"manager": {string(w.managerUser.ID)}, "started_on": {"2026-11-02"}}

	w.manager.Get(path.Board) // takes the message of the move away

	pages := make(chan apptest.Page)
	for range 3 {
		go func() { pages <- w.hr.Post(path.Application(appID, "hire"), hire) }()
	}
	hired := 0
	for range 3 {
		p := <-pages
		if p.Status == http.StatusSeeOther {
			hired++
			continue
		}
		w.formless(w.shows(p, http.StatusConflict, "Ada Berg is hired already", path.Engagement(personID)))
	}
	if hired != 1 {
		t.Errorf("hired %d times", hired)
	}

	for _, act := range []string{"hire", "close", "reopen", "move"} {
		w.formless(w.shows(w.hr.Get(path.Application(appID, act)), http.StatusOK, "Ada Berg is hired already", path.Engagement(personID)))
		p := w.shows(w.manager.Get(path.Application(appID, act)), http.StatusConflict, "ended with the hire")
		if strings.Contains(p.Body, "Ada Berg") {
			t.Errorf("%s: a colleague is shown to their former hiring manager", act)
		}
	}
	w.shows(w.manager.Post(path.Application(appID, "hire"), hire), http.StatusConflict, "ended with the hire")
	w.formless(w.shows(w.hr.Post(path.Application(appID, "close"), url.Values{"version": {"2"}, "reason": {"Typed in vain here."}}), http.StatusConflict,
		"is hired already", "Typed in vain here."))
}

func TestARefusedMoveOnTheBoardIsAFragment(t *testing.T) {
	w := setup(t)
	_, appID := w.candidate(w.job("level-verified"))
	req, err := http.NewRequest(http.MethodPost, w.URL+path.Application(appID, "move"), strings.NewReader("version=1&to=stage-offer"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("HX-Request", "true")
	resp, err := w.manager.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := make([]byte, 1<<16)
	n, _ := resp.Body.Read(body)
	if got := string(body[:n]); resp.StatusCode != http.StatusConflict || strings.Contains(got, "<html") || !strings.Contains(got, "Offer is blocked.") {
		t.Errorf("status %d: %s", resp.StatusCode, got)
	}
}
