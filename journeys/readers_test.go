package journeys

import (
	"strings"
	"testing"

	"gatehouse/internal/browsertest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// index is where text stands in the words, whatever its case is; -1 when it does not.
func index(words, text string) int {
	return strings.Index(strings.ToLower(words), strings.ToLower(text))
}

// TestBeforeTheWeeklyMeeting: HR reads the dashboard, opens the list behind each number, takes one away as CSV, and
// saves a view that a colleague finds.
func TestBeforeTheWeeklyMeeting(t *testing.T) {
	w := newWorld(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	job := w.job("Front-end engineer", manager)
	ada, first := w.applicant(job, "Ada Berg", "stage-screening-call")
	_, _ = w.applicant(job, "Noor Aziz", "stage-screening-call")
	kim, _ := w.applicant(w.job("Auditor", manager), "Kim Abel", "stage-application-review")
	w.answer(ada, catalogue.Clear, "", "check-video-on")
	a, err := w.Features.Hiring.Application(t.Context(), system, first)
	must(t, err)
	must(t, w.Features.Hiring.Move(t.Context(), system, hiring.Move{ApplicationID: first, Version: a.Version, To: "stage-technical-interview"}))
	w.answer(kim, catalogue.RedFlag, "Six years with a framework that is three years old.", "check-cv-anachronism")
	w.answer(kim, catalogue.RedFlag, "All contributors are the same four accounts.", "check-cross-commits")
	w.settle()

	hr := w.arrive("Hanna Cole", authz.HR)
	hr.open(path.InsightsHiring)
	hr.sees("3 people in hiring", "Flags that wait for an answer", "Candidates by stage and band", "How much is known")
	hr.picture("insights-hiring")

	// Each number opens its list, and the list is as long as the number says.
	hr.follow("Flags that wait for an answer")
	hr.sees("Kim Abel", "Six years with a framework", "All contributors are the same four accounts.")
	if rows := browsertest.Eval[int](hr.Page, `document.querySelectorAll("main tbody tr").length`); rows != 2 {
		t.Errorf("%d flags are listed, want 2", rows)
	}
	hr.open(path.InsightsHiring)
	numbers := browsertest.Eval[[]struct {
		Href string `json:"href"`
		N    int    `json:"n"`
	}](hr.Page, `[...document.querySelectorAll("main table td a[href*='/candidates?']")].map((a) => ({href: a.getAttribute("href"), n: Number(a.innerText || a.textContent)})).filter((x) => x.n > 0)`)
	if len(numbers) == 0 {
		t.Error("no number of a figure opens a list")
	}
	for i, number := range numbers {
		if i == 4 {
			break // the others are spelled by the same code
		}
		hr.open(number.Href)
		if rows := browsertest.Eval[int](hr.Page, `document.querySelectorAll("main tbody tr").length`); rows != number.N {
			t.Errorf("%s lists %d, the dashboard says %d", number.Href, rows, number.N)
		}
	}

	hr.open(path.InsightsVerification)
	hr.sees("Required checks left out", w.title("check-video-on"))
	hr.open(path.CandidateQuery{MissingCheck: "check-video-on"}.URL())
	hr.sees("Noor Aziz")
	hr.misses("Kim Abel")
	csv := browsertest.Eval[string](hr.Page, `fetch(document.querySelector("main a[href*='.csv']").href).then((r) => r.text())`)
	if !strings.Contains(csv, "Noor Aziz") || strings.Contains(csv, "Kim Abel") {
		t.Errorf("the CSV is not the list:\n%s", csv)
	}

	hr.open(path.InsightsHiring)
	hr.press("Views")
	hr.write("Save what is shown as", "For the weekly meeting")
	hr.tick("Share with everybody")
	hr.follow("Save view")
	colleague := w.arrive("Otto Reyes", authz.HR)
	colleague.open(path.InsightsHiring)
	colleague.press("Views")
	colleague.sees("For the weekly meeting")
	colleague.follow("For the weekly meeting")
	colleague.at(path.InsightsHiring)
}

// TestAuditorReadsAndProves: from a candidate's log to the custody of one item; who looked at it is there.
func TestAuditorReadsAndProves(t *testing.T) {
	w := newWorld(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	id, _ := w.applicant(w.job("Front-end engineer", manager), "Ada Berg", "stage-screening-call")
	hr := w.arrive("Hanna Cole", authz.HR)
	hr.addText(path.Candidate(id), "Call log of 3 November", "Residential network in Toronto.")
	analyst := w.arrive("Ana Voss", authz.SecurityAnalyst)
	analyst.open(path.CandidateTab(id, "evidence"))
	analyst.follow("Call log of 3 November")
	analyst.follow("View")
	analyst.sees("Residential network in Toronto.")

	auditor := w.arrive("Udo Sand", authz.Auditor)
	auditor.sees("Where to begin reading")
	auditor.open(path.PersonAudit(id))
	auditor.sees("Only what concerns", "Ada Berg", "Hanna Cole", "Ana Voss")
	auditor.picture("audit-log")
	browsertest.Eval[bool](auditor.Page, `document.querySelectorAll("main tbody tr").length > 3 || (() => { throw new Error("few entries") })()`)
	auditor.follow(firstLink(auditor))
	auditor.sees("Kind of actor")

	auditor.open(path.CandidateTab(id, "evidence"))
	auditor.follow("Call log of 3 November")
	auditor.sees("Custody", "SHA-256", "Hanna Cole", "Ana Voss", "viewed")
	auditor.follow("Verify")
	auditor.sees("Udo Sand", "unchanged since it arrived")
	auditor.picture("custody")
}

// firstLink is the text of the first entry's link.
func firstLink(d *desk) string {
	return browsertest.Eval[string](d.Page, `document.querySelector("main tbody tr a").innerText`)
}
