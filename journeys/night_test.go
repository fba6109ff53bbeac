package journeys

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// engaged hires somebody whose hiring went without a finding, with an account on the endpoint tool.
func (w *world) engaged(name, accountName string, manager account.User) (person.ID, hiring.EngagementID) {
	w.t.Helper()
	id, app := w.applicant(w.job("Platform engineer", manager), name, "stage-screening-call")
	w.answer(id, catalogue.Clear, "", "check-video-on", "check-same-person-throughout", "check-id-next-to-face", "check-document-authenticity",
		"check-document-story-fit", "check-liveness-challenge", "check-background-check", "check-references-live", "check-employer-direct", "check-bank-account-owner")
	w.move(app, hiring.StageOffer)
	a, err := w.Features.Hiring.Application(w.t.Context(), system, app)
	must(w.t, err)
	engagement, err := w.Features.Hiring.Hire(w.t.Context(), system, hiring.Hire{ApplicationID: app, Version: a.Version, Terms: hiring.Terms{
		Kind: hiring.Employee, Title: "Platform engineer", ManagerID: string(manager.ID), StartedOn: w.DB.Now().AddDate(0, -8, 0),
		Accounts: []hiring.Account{{System: "Endpoint", Account: accountName}}}})
	must(w.t, err)
	return id, engagement
}

// TestNightShift: a machine's signals join on the person, beside a colleague's by hand; the analyst looks at what else
// could explain them and escalates. What others hear of it names nobody.
func TestNightShift(t *testing.T) {
	w := newWorld(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	id, engagement := w.engaged("Jo Sandell", "jo@example.com", manager)

	admin := w.plainly(w.User("Alma Roth", authz.Administrator))
	admin.open(path.Tokens)
	if status := admin.try("Create token", "System", "endpoint tool"); status != http.StatusCreated {
		t.Fatalf("a token is answered %d", status)
	}
	token := attr(first(admin.page, "[data-copy]"), "data-copy")
	if token == "" {
		t.Fatalf("no token to copy at %s:\n%.1500s", admin.at, admin.words())
	}
	seen := w.DB.Now().Add(-40 * time.Minute)
	body := ""
	for i, kind := range []string{"signal-remote-access-tool", "signal-endpoint-geolocation"} {
		body += fmt.Sprintf(`{"source":"edr","external_id":"night-%d","occurred_at":%q,"signal":%q,"account":"jo@example.com","detail":{"host":"wks-4471"}}`+"\n",
			i, seen.Add(time.Duration(i)*10*time.Minute).Format(time.RFC3339), kind)
	}
	for range 2 { // sent twice: the second time adds nothing
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path.SignalsAPI, strings.NewReader(body))
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/x-ndjson")
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("the signals are answered %d", resp.StatusCode)
		}
	}
	w.settle()

	analyst := w.arrive("Ana Voss", authz.SecurityAnalyst)
	analyst.open(path.Signals)
	analyst.sees(w.title("signal-remote-access-tool"), w.title("signal-endpoint-geolocation"), "Jo Sandell", "edr")
	if n := strings.Count(analyst.words(), "Jo Sandell"); n != 2 {
		t.Errorf("%d signals are listed, want 2", n)
	}
	analyst.follow(w.title("signal-endpoint-geolocation"))
	analyst.sees("Innocent causes", "wks-4471", w.title("signal-remote-access-tool"))
	analyst.picture("signal")

	analyst.open(path.Engagement(engagement))
	analyst.sees("Signals", w.title("signal-remote-access-tool"))
	analyst.follow("Record")
	analyst.choose("Signal", w.title("signal-mouse-jiggler"))
	analyst.write("Seen", seen.Format("2006-01-02T15:04"))
	analyst.write("What was seen", "A small device moves the pointer every thirty seconds; seen in the log of attached devices.")
	analyst.follow("Record signal")
	analyst.sees(w.title("signal-mouse-jiggler"))
	w.settle()
	analyst.open(path.Candidate(id))
	analyst.sees(w.title("signal-remote-access-tool"), w.title("signal-endpoint-geolocation"), "Signal")

	analyst.press("More")
	analyst.follow("Escalate")
	analyst.write("Reason", "A remote-access program and an endpoint in another place; no travel is announced.")
	analyst.tick(w.title("signal-remote-access-tool"))
	analyst.follow("Open the case")
	code := analyst.Text("h1")
	page, _, _ := strings.Cut(analyst.here(), "?")
	analyst.sees("Only you can see this case")
	lead := w.User("Lea Stone", authz.SecurityLead)
	analyst.open(page + "/members")
	analyst.choose("Who", "Lea Stone")
	analyst.choose("Function", "Deputy")
	analyst.tick("The whole case")
	analyst.follow("Add to the case")

	d := w.sit(lead)
	d.sees(code)
	d.within(code) // the line of the case; the flags beside it are everybody's
	d.misses("Jo Sandell")
	d.open(page)
	d.sees(w.title("step-open-case"))
}
