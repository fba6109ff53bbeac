package journeys

import (
	"testing"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// record records a check on a candidate through the pages, beginning at the candidate's own.
func (d *desk) record(candidate, check, answer, note string, evidence ...string) {
	d.w.t.Helper()
	d.open(candidate)
	d.press("More")
	d.follow("Record a check")
	d.choose("Check", d.w.title(check))
	d.follow("Continue")
	d.tick(answer)
	if note != "" {
		d.write("What was seen", note)
	}
	for _, title := range evidence {
		d.tick(title)
	}
	d.follow("Record the answer")
}

// addText adds a text to a candidate's evidence through the candidate's page.
func (d *desk) addText(candidate, title, text string) {
	d.w.t.Helper()
	d.open(candidate + "?tab=evidence")
	d.unfold("Add evidence")
	d.write("Title", title)
	d.choose("Kind", "Note")
	d.write("Text", text)
	d.follow("Add evidence")
	d.sees(title)
}

// TestPrivacyMindedDeveloper: a first call through a VPN becomes a flag, is explained with both calls as evidence, and
// counts no more.
func TestPrivacyMindedDeveloper(t *testing.T) {
	w := newWorld(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	id, _ := w.applicant(w.job("Protocol engineer", manager), "Ada Berg", "stage-screening-call")
	candidate := path.Candidate(id)
	w.answer(id, catalogue.Clear, "", "check-video-on", "check-timeline-walkthrough", "check-live-task", "check-name-consistency",
		"check-same-person-throughout", "check-id-next-to-face", "check-document-authenticity", "check-document-story-fit",
		"check-liveness-challenge", "check-background-check", "check-references-live")

	hr := w.arrive("Hanna Cole", authz.HR)
	hr.addText(candidate, "First call, 3 November", "Exit of a commercial VPN in Helsinki.")
	hr.record(candidate, "check-call-network-origin", "Concern", "The call came through a VPN; claimed place is Toronto.", "First call")
	hr.sees("The call came through a VPN", "concern")
	hr.addText(candidate, "Second call, 10 November", "Residential address in Toronto.")

	analyst := w.arrive("Ana Voss", authz.SecurityAnalyst)
	analyst.open(candidate)
	analyst.unfold("1 answered or noted")
	analyst.follow(w.title("check-call-network-origin"))
	analyst.sees("The call came through a VPN", "Innocent explanations")
	analyst.tick("Explained")
	analyst.write("Why", "She uses a VPN by habit. Asked, she turned it off: the next call came from her town.")
	analyst.tick("First call")
	analyst.tick("Second call")
	analyst.follow("Save the answer")
	analyst.sees("Sealed: it counts no more", "First call, 3 November", "Second call, 10 November")

	hr.open(candidate)
	hr.sees("Low", "Nothing that was seen speaks against what they say")
	hr.picture("explained-candidate")
	hr.unfold("1 answered or noted")
	hr.sees("explained")
	hr.open(path.CandidateTab(id, "history"))
	said := hr.words()
	if explained, raised := index(said, "explained"), index(said, "raised"); explained < 0 || raised < 0 || explained > raised {
		t.Errorf("the record shows the explanation at %d, the flag at %d", explained, raised)
	}
}

// TestStoppedBeforeTheHire: three findings in three groups, the band is high, a person closes the application with a
// reason. There is no case.
func TestStoppedBeforeTheHire(t *testing.T) {
	w := newWorld(t)
	manager := w.User("Mara Lind", authz.HiringManager)
	id, _ := w.applicant(w.job("Front-end engineer", manager), "Kim Abel", "stage-screening-call")
	candidate := path.Candidate(id)

	hr := w.arrive("Hanna Cole", authz.HR)
	hr.record(candidate, "check-cv-anachronism", "Red flag", "Six years with a framework that is three years old.")
	hr.record(candidate, "check-virtual-background-off", "Concern", "Asked twice; it stayed on.")
	lead := w.arrive("Lea Stone", authz.SecurityLead)
	lead.record(candidate, "check-call-network-origin", "Red flag", "Two calls from two hosting networks; claimed place is Toronto.")
	lead.record(candidate, "check-cv-profile-consistency", "Concern", "Dates differ by two years.")
	lead.sees("High", "Six years with a framework", "Two calls from two hosting networks")

	lead.open(path.Flags)
	lead.sees(w.title("check-cv-anachronism"), w.title("check-call-network-origin"), "Kim Abel")
	hr.open(path.Flags)
	hr.follow(w.title("check-cv-anachronism"))
	hr.tick("Confirmed")
	hr.write("Why", "Asked for a clarification on 5 November; none came.")
	hr.follow("Save the answer")
	hr.sees("Confirmed", "none came")

	hr.open(candidate)
	hr.misses("fraud", "fake", "suspect", "impostor")
	hr.press("More")
	hr.follow("Close the application")
	hr.tick("Ours")
	hr.write("Reason", "Could not verify the work history or the place of work; a clarification was asked for and none came.")
	hr.picture("close-application")
	hr.follow("Close the application")
	hr.open(candidate)
	hr.sees("This application has ended", "Could not verify the work history")
	hr.misses("fraud", "fake", "suspect", "impostor", "The case was opened")
	lead.open(path.Cases)
	lead.sees("No cases here")
}
