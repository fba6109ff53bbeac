package journeys

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// TestWithoutAScript works through the forms that matter with nothing but pages and forms.
func TestWithoutAScript(t *testing.T) {
	w := newWorld(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	ivo := w.User("Ivo Tran", authz.Interviewer)
	w.job("Front-end engineer", manager)

	soon := w.DB.Now().Add(48 * time.Hour)

	hr := w.plainly(w.User("Hanna Cole", authz.HR))
	hr.open(path.NewCandidate)
	status := hr.try("Add candidate", "Name", "", "Job", "Front-end engineer", "Channel", "Public application", "Location", "Toronto")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("a candidate without a name: %d", status)
	}
	hr.sees("needs your attention")
	hr.send("Add candidate", "Name", "Ada Berg", "Contacts and profiles", "ada@example.com\nhttps://github.com/ada-berg")
	hr.sees("Ada Berg", "ada@example.com", "Nothing is known yet")
	candidate := hr.at
	hr.send("Move to Application review")
	hr.follow("Move to a stage")
	hr.send("Move", "Screening call", "on")
	hr.open(candidate)
	hr.sees("Screening call")

	hr.follow("Schedule an interview")
	hr.send("Schedule interview", "Starts", soon.Format("2006-01-02T15:04"), "Length", "45", "Ivo Tran", "on")
	room, _, _ := strings.Cut(hr.at, "?")
	ivos := w.plainly(ivo)
	ivos.open(path.Interviews)
	ivos.follow("Screening call with Ada Berg")
	flagged := ""
	for i := range 3 {
		ivos.sees("Answers are saved when you go on.")
		answer := []string{"Clear", "Red flag", "Concern"}[i]
		if i == 1 {
			flagged = attr(first(ivos.page, ".room-check:not([hidden])"), "data-check")
		}
		ivos.send("Save and go on", answer, "on", "Note", "Noted in minute "+string(rune('1'+i))+".")
	}
	ivos.follow("Review and submit")
	ivos.sees("Left unanswered", "Clear 1", "Red flag 1", "Concern 1")
	ivos.send("Submit scorecard", "Summary", "Two things to ask again.")
	ivos.sees("Noted in minute 2.", "Two things to ask again.")
	if !strings.HasPrefix(ivos.at, room) {
		t.Errorf("after submitting at %s", ivos.at)
	}

	hr.open(candidate + "?tab=evidence")
	hr.send("Add evidence", "Title", "The mail about it", "Kind", "Note", "Text", "She wrote that the camera was broken.")
	hr.sees("The mail about it")

	analyst := w.plainly(w.User("Ana Voss", authz.SecurityAnalyst))
	analyst.open(path.Flags)
	analyst.sees("Noted in minute 2.")
	analyst.follow(w.title(flagged))
	analyst.send("Save the answer", "Explained", "on", "Why", "The camera was broken; the repair bill is on file.", "The mail about it", "on")
	analyst.sees("Sealed: it counts no more", "The mail about it")

	analyst.open(candidate + "?tab=evidence")
	analyst.sees("The mail about it")
	analyst.open(strings.Replace(candidate, path.Candidates, path.People, 1) + "/escalate")
	if status := analyst.try("Open the case", "Reason", " "); status != http.StatusUnprocessableEntity {
		t.Errorf("a case without a reason: %d", status)
	}
	analyst.send("Open the case", "Reason", "Two findings in two groups.")
	analyst.sees("Only you can see this case")
	analyst.follow(w.title("step-open-case"))
	analyst.send("Mark as done", "What came of it", "The channel is agreed.")
	analyst.sees("1 of ") // settled, of the steps of its phase
	analyst.follow(w.title("step-open-case"))
	analyst.sees("The channel is agreed.", "Reopen the step")
}
