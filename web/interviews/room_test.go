package interviews_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/interview"
	"gatehouse/web/path"
)

// signedIn opens a tab signed in as u.
func signedIn(w world, b *browsertest.Browser, u account.User) *browsertest.Page {
	p := b.Page()
	p.Goto(w.app.URL + path.SignIn)
	p.Fill("#f-email", u.Email)
	p.Fill("#f-password", apptest.Password)
	p.Click("form .btn-primary")
	p.WaitUntil(`location.pathname !== "/sign-in"`)
	p.TakeProblems()
	return p
}

func waitSaved(p *browsertest.Page) {
	p.WaitUntil(`document.querySelector("[data-saved]").dataset.state === "ok" && document.querySelector("[data-saved-text]").textContent.startsWith("Saved")`)
}

// offline makes every save fail until online is called or the page is loaded again.
const (
	offline = `window.there = window.fetch; window.fetch = () => Promise.reject(new TypeError("away")); true`
	online  = `window.fetch = window.there; window.dispatchEvent(new Event("online")); true`
	// deaf lets the next save through and loses its reply.
	deaf = `window.there = window.fetch; window.fetch = async (...a) => { await window.there(...a); window.fetch = window.there; window.lost = true; throw new TypeError("lost"); }; true`
)

func TestRoomByKeyboardWithABadNetwork(t *testing.T) {
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada)
	kit := w.Enter(t, w.Ada, iv).Kit
	p := signedIn(w, browsertest.New(t), w.Ada)
	p.Goto(w.app.URL + path.Interview(iv))
	verdict := func(i int, want catalogue.Answer, note string, revision int) {
		t.Helper()
		got := w.Enter(t, w.Ada, iv).Draft[kit[i]]
		if got.Verdict != want || got.Note != note || revision > 0 && got.Revision != revision {
			t.Errorf("check %d is %+v, want %s %q at revision %d", i+1, got, want, note, revision)
		}
	}

	p.Press("1")
	waitSaved(p)
	verdict(0, catalogue.Clear, "", 1)
	p.Press("j")
	p.Press("2")
	p.Press("n")
	p.WaitUntil(`document.activeElement.name === "note"`)
	p.Press(kb.Backspace) // the protocol types the letter of the key, which a keyboard would not
	p.Press("asked 1 and 2, unclear")
	waitSaved(p)
	p.Press(kb.Escape)
	verdict(1, catalogue.Concern, "asked 1 and 2, unclear", 0)

	p.Press("j")
	p.Press("3")
	waitSaved(p)
	p.Press("u")
	p.WaitUntil(`document.querySelector(".room-check:not([hidden]) input:checked") === null`)
	waitSaved(p)
	verdict(2, interview.Open, "", 2)

	browsertest.Eval[bool](p, offline)
	p.Press("3")
	p.Press("j")
	p.Press("0")
	p.Press("j")
	p.Press("1")
	p.WaitForText("3 answers kept")
	verdict(2, interview.Open, "", 2)
	browsertest.Eval[bool](p, online)
	waitSaved(p)
	verdict(2, catalogue.RedFlag, "", 3)
	verdict(3, catalogue.NotDone, "", 1)
	verdict(4, catalogue.Clear, "", 1)

	browsertest.Eval[bool](p, offline)
	p.Press("2")
	p.WaitForText("1 answer kept")
	p.Goto(w.app.URL + path.Interview(iv)) // as after closing the tab
	waitSaved(p)
	verdict(4, catalogue.Concern, "", 2)

	p.Goto(w.app.URL + path.InterviewCheck(iv, kit[4]))
	browsertest.Eval[bool](p, deaf)
	p.Press("3")
	p.WaitUntil(`window.lost === true`)
	p.Press("1") // changed while the page does not know that the answer before was stored
	waitSaved(p)
	verdict(4, catalogue.Clear, "", 4)
	p.TakeProblems() // the console names the conflict with the save whose reply was lost
	if p.Has("[data-clash-place] .note") {
		t.Error("a lost reply shows as a clash with oneself")
	}
	p.Press("?")
	p.WaitFor("#keys[open]")
	p.Press("1")
	verdict(4, catalogue.Clear, "", 4)
}

func TestTwoTabsShowBothAnswers(t *testing.T) {
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada)
	check := w.Enter(t, w.Ada, iv).Kit[0]
	p := signedIn(w, browsertest.New(t), w.Ada)
	p.Goto(w.app.URL + path.Interview(iv))
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: check, Verdict: catalogue.Clear, Note: "from the phone"}) // the other tab
	p.Press("3")
	p.WaitForText("Changed in another window, 1 answer kept")
	p.TakeProblems()
	p.WaitForText("from the phone")
	p.MustBeAccessible()
	p.Click("[data-clash-keep]")
	waitSaved(p)
	if got := w.Enter(t, w.Ada, iv).Draft[check]; got.Verdict != catalogue.RedFlag || got.Revision != 2 {
		t.Errorf("kept mine: %+v", got)
	}
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: check, Verdict: catalogue.Concern, Note: "looked again", Revision: 2})
	p.Press("1")
	p.WaitFor("[data-clash-take]")
	p.TakeProblems()
	p.Click("[data-clash-take]")
	p.WaitUntil(`document.querySelector("[data-saved]").dataset.state === "ok"`)
	if got := browsertest.Eval[string](p, `document.querySelector(".room-check:not([hidden]) textarea").value`); got != "looked again" {
		t.Errorf("took theirs: %q", got)
	}
}

// TestPagesFitAndAreAccessible looks at each page of interviews on a phone in light and on a laptop in dark.
// With GATEHOUSE_SHOTS set to a folder it keeps pictures there.
func TestPagesFitAndAreAccessible(t *testing.T) {
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada, w.Ben)
	both := w.Schedule(t, w.Ada, w.Ben)
	kit := w.Enter(t, w.Ada, both).Kit
	for i, a := range []catalogue.Answer{catalogue.Clear, catalogue.Concern, catalogue.RedFlag} {
		w.Save(t, w.Ada, both, interview.Answer{CheckID: kit[i], Verdict: a, Note: "At minute 12, when asked twice."})
		w.Save(t, w.Ben, both, interview.Answer{CheckID: kit[i], Verdict: catalogue.Clear})
		w.Save(t, w.Ada, iv, interview.Answer{CheckID: kit[i], Verdict: a})
	}
	w.Submit(t, w.Ada, both)
	w.Submit(t, w.Ben, both)
	if err := w.Interviews.Amend(t.Context(), w.Ada.Actor(), both, interview.Amendment{CheckID: kit[2], Verdict: catalogue.Concern,
		Note: "The line was bad.", Reason: "Heard the recording again.", Number: 1}); err != nil {
		t.Fatal(err)
	}
	b := browsertest.New(t)
	ada, hr := signedIn(w, b, w.Ada), signedIn(w, browsertest.New(t), w.HR)
	for _, view := range []struct {
		name string
		page *browsertest.Page
		path string
	}{
		{"list", ada, path.Interviews}, {"room", ada, path.Interview(iv)},
		{"liveness", ada, path.InterviewCheck(iv, "check-liveness-challenge")}, {"submit", ada, path.InterviewSubmit(iv)},
		{"cards", ada, path.Interview(both)}, {"amend", ada, path.InterviewAnswer(both, kit[0], "amend")},
		{"schedule", hr, path.ScheduleInterview(w.Application)}, {"plan", hr, path.InterviewPlan(iv)},
		{"waiting", hr, path.Interview(iv)},
	} {
		for theme, width := range map[string]int{"light": 390, "dark": 1440} {
			view.page.SetViewport(width, 844)
			view.page.Goto(w.app.URL + view.path)
			view.page.SetTheme(theme)
			view.page.MustNotScrollSideways()
			if width == 390 {
				view.page.MustBeTouchable()
			}
			room := view.name == "room" || view.name == "liveness" || view.name == "amend"
			hinted := browsertest.Eval[bool](view.page, `[...document.querySelectorAll("main [data-dialog=keys], main kbd")].some((el) => el.checkVisibility())`)
			if hinted != (room && width > 390) {
				t.Errorf("%s at %d pixels: hints at keys are shown: %v", view.name, width, hinted)
			}
			if width == 390 { // the journeys look at each page with axe on a wide screen
				view.page.MustBeAccessible()
			}
			if folder := os.Getenv("GATEHOUSE_SHOTS"); folder != "" {
				view.page.Screenshot(filepath.Join(folder, view.name+"-"+theme+".png"))
			}
		}
	}
}
