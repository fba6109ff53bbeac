package journeys

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/internal/browsertest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/interview"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// dot is a picture of one pixel.
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// screenshot writes a picture to upload.
func (w *world) screenshot(name string) string {
	w.t.Helper()
	content, err := base64.StdEncoding.DecodeString(dot)
	must(w.t, err)
	file := filepath.Join(w.t.TempDir(), name)
	must(w.t, os.WriteFile(file, content, 0o600))
	return file
}

// TestInterviewerOnAPhone: from Today to a scorecard, and an answer amended. The interviewer judges alone before they
// see what the other said. What the room does without a network is tested with its page.
func TestInterviewerOnAPhone(t *testing.T) {
	w := newWorld(t)
	other, manager := w.User("Ben Osei", authz.Interviewer), w.User("Mara Lind", authz.HiringManager)
	ivo := w.User("Ivo Tran", authz.Interviewer)
	_, app := w.applicant(w.job("Front-end engineer", manager), "Ada Berg", "stage-screening-call")
	iv := w.meeting(app, ivo, other)
	room, err := w.Features.Interviews.Enter(t.Context(), other.Actor(), iv)
	must(t, err)
	kit := room.Kit
	for i, a := range []catalogue.Answer{catalogue.Concern, catalogue.Clear, catalogue.Clear} {
		_, err := w.Features.Interviews.SaveAnswer(t.Context(), other.Actor(), iv, interview.Answer{CheckID: kit[i], Verdict: a, Note: "Seen by Ben alone."})
		must(t, err)
	}
	room, err = w.Features.Interviews.Enter(t.Context(), other.Actor(), iv)
	must(t, err)
	must(t, w.Features.Interviews.Submit(t.Context(), other.Actor(), iv, interview.Submission{Summary: "A calm talk.", Mark: room.Draft.Mark()}))

	// The link of an invitation leads through the sign-in page to the interview.
	d := &desk{Page: w.browser.Page(), w: w, user: ivo}
	d.SetViewport(390, 844)
	d.open(path.Interview(iv))
	d.at(path.SignIn)
	d.write("E-mail address", ivo.Email)
	d.write("Password", "a wrong password")
	d.refused("Sign in", "The e-mail address or the password is not right.")
	d.write("Password", "a long test password")
	d.follow("Sign in")
	d.at(path.Interview(iv))

	d.open(path.Today)
	d.sees("Screening call with Ada Berg", "in 1")
	d.MustNotScrollSideways()
	d.follow("Open interview")
	d.sees(w.title(kit[0]), "other scorecard is in")
	d.misses("Seen by Ben alone.", "A calm talk.")

	for i, a := range []string{"Clear", "Concern", "Red flag", "Clear"} {
		d.sees(w.title(kit[i]))
		d.tick(a)
		if i == 1 {
			d.write("Note", "Asked twice; the second answer was another.")
		}
		d.WaitUntil(`document.querySelector("[data-saved]").dataset.state === "ok" && document.querySelector("[data-saved-text]").textContent.startsWith("Saved")`)
		d.press("Next check")
	}
	d.picture("interview-room-phone")
	d.MustBeTouchable()

	d.open(path.InterviewCheck(iv, kit[2]))
	d.unfold("Attach evidence")
	d.choose("Kind", "Screenshot")
	d.write("Title", "The window behind her at 15:04")
	d.attach("File", w.screenshot("window.png"))
	d.follow("Attach")
	d.sees("The window behind her at 15:04")

	d.follow("Review and submit")
	d.sees("Left unanswered", "count as not done", "coverage")
	d.misses("Seen by Ben alone.")
	d.write("Summary", "Vague about the last two years.")
	d.follow("Submit scorecard")
	d.at(path.Interview(iv))
	d.sees("Seen by Ben alone.", "A calm talk.", "answered differently", "The window behind her at 15:04")
	d.MustNotScrollSideways()

	d.within(w.title(kit[2]))
	d.follow("Amend")
	d.sees("Amend: " + w.title(kit[2]))
	d.tick("Concern")
	d.write("Note", "The line was bad.")
	d.write("Why the answer changes", "Heard the recording again.")
	d.follow("Amend answer")
	d.sees("Submitted", "Heard the recording again.")
	d.picture("scorecards-phone")
	if browsertest.Eval[int](d.Page, `document.querySelectorAll("table").length`) < 2 {
		t.Error("the versions do not stand side by side")
	}
}
