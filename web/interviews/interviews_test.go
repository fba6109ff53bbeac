package interviews_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/interview"
	"gatehouse/internal/interview/interviewtest"
	"gatehouse/internal/platform/authz"
	"gatehouse/web/path"
)

// world is a running installation with an application and the people around it.
type world struct {
	*interviewtest.World
	app *apptest.World
}

func newWorld(t *testing.T) world {
	t.Helper()
	a := apptest.New(t)
	w := world{interviewtest.In(t, a.DB, a.Features.Hiring, a.Features.Interviews), a}
	a.User("Lender", authz.Administrator)
	// One password for all: hashing it once keeps the tests quick.
	if _, err := a.DB.Pool().Exec(t.Context(), `
		UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = 'lender@example.com')`); err != nil {
		t.Fatal(err)
	}
	return w
}

func contains(t *testing.T, what string, p apptest.Page, status int, words ...string) {
	t.Helper()
	if p.Status != status {
		t.Errorf("%s: status %d, want %d", what, p.Status, status)
	}
	for _, word := range words {
		if !strings.Contains(p.Body, word) {
			t.Errorf("%s: %q is missing", what, word)
		}
	}
}

func TestSchedulingFromTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hr := w.app.SignIn(w.HR)
	form := path.ScheduleInterview(w.Application)
	contains(t, "the form", hr.Get(form), http.StatusOK, "Schedule an interview", "Robin Castell", "Required at", "America/Toronto", `value="check-video-on"`)
	refused := hr.Post(path.Application(w.Application, "interviews"), url.Values{"starts": {"soon"}, "minutes": {"45"}, "place": {"Room <7>"}})
	contains(t, "without a time", refused, http.StatusUnprocessableEntity, "Choose a day and a time.", "Choose at least one interviewer.", "Room &lt;7&gt;")
	good := url.Values{"starts": {"2026-12-01T15:00"}, "minutes": {"30"}, "place": {"https://meet.example.com/x"}, "interviewers": {string(w.Ada.ID)}}
	made := hr.Post(path.Application(w.Application, "interviews"), good)
	if made.Status != http.StatusSeeOther {
		t.Fatalf("scheduling: %d %s", made.Status, made.Body)
	}
	if again := hr.Post(path.Application(w.Application, "interviews"), good); again.Header.Get("Location") != made.Header.Get("Location") {
		t.Errorf("the form sent twice leads to %q, not %q", again.Header.Get("Location"), made.Header.Get("Location"))
	}
	contains(t, "the interview", hr.Get(made.Header.Get("Location")), http.StatusOK, "Screening call with Robin Castell", "No scorecard is in yet", "Drafts are seen by nobody else")
	contains(t, "the list", hr.Get(path.Interviews), http.StatusOK, "Screening call with Robin Castell", "0 of 1")
	contains(t, "another's list", w.app.SignIn(w.Cleo).Get(path.Interviews), http.StatusOK, "No interviews yet")
	contains(t, "somebody out of sight", w.app.SignIn(w.Cleo).Get(made.Header.Get("Location")), http.StatusNotFound)
	contains(t, "a manager of another job", w.app.SignIn(w.OtherManager).Get(form), http.StatusNotFound)
}

// TestACallThatIsOverIsNotScheduled: what is missing then are scorecards.
func TestACallThatIsOverIsNotScheduled(t *testing.T) {
	w := newWorld(t)
	w.Schedule(t, w.Ada)
	hr := w.app.SignIn(w.HR)
	if p := hr.Get(path.Interviews); strings.Contains(p.Body, "Scorecards owed") {
		t.Error("scorecards are owed before the call")
	}
	if _, err := w.app.DB.Pool().Exec(t.Context(), `UPDATE interviews SET starts_at = starts_at - interval '30 days'`); err != nil {
		t.Fatal(err)
	}
	if p := hr.Get(path.Interviews); !strings.Contains(p.Body, "Scorecards owed") {
		t.Errorf("status %d, no word of the scorecards", p.Status)
	}
}

func TestAnsweringWithoutAScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada)
	ada := w.app.SignIn(w.Ada)
	kit := w.Enter(t, w.Ada, iv).Kit
	contains(t, "the room", ada.Get(path.Interview(iv)), http.StatusOK, "1 of ", "Claims to be in Toronto", "Save and go on", "What else could explain it", "Two for this call")
	next := ada.Post(path.InterviewAnswer(iv, kit[0], ""), url.Values{"verdict": {"concern"}, "note": {"<b>late</b>"}, "revision": {"0"}, "next": {kit[1]}})
	if next.Status != http.StatusSeeOther || next.Header.Get("Location") != path.InterviewCheck(iv, kit[1]) {
		t.Errorf("after saving: %d to %s", next.Status, next.Header.Get("Location"))
	}
	contains(t, "again", ada.Get(path.InterviewCheck(iv, kit[0])), http.StatusOK, "&lt;b&gt;late&lt;/b&gt;", `name="revision" value="1"`)
	stale := ada.Post(path.InterviewAnswer(iv, kit[0], ""), url.Values{"verdict": {"clear"}, "note": {"mine"}, "revision": {"0"}})
	contains(t, "a stale page", stale, http.StatusConflict, "changed in another window", "&lt;b&gt;late&lt;/b&gt;", ">mine<", `name="revision" value="1"`)
	bad := ada.Post(path.InterviewAnswer(iv, kit[0], ""), url.Values{"verdict": {"guilty"}, "note": {"typed"}, "revision": {"1"}})
	contains(t, "an unknown answer", bad, http.StatusUnprocessableEntity, "Choose one of the answers.", ">typed<")
	contains(t, "somebody who reads only", w.app.SignIn(w.HR).Post(path.InterviewAnswer(iv, kit[0], ""), url.Values{"verdict": {"clear"}}), http.StatusForbidden)
}

func TestAnsweringByScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada)
	ada := w.app.SignIn(w.Ada)
	post := func(form url.Values) (int, map[string]any) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.app.URL+path.InterviewAnswer(iv, "check-video-on", ""), strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", "application/json")
		resp, err := ada.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		var reply map[string]any
		if err := json.Unmarshal(body, &reply); err != nil {
			t.Fatalf("%d: %s", resp.StatusCode, body)
		}
		return resp.StatusCode, reply
	}
	if status, reply := post(url.Values{"verdict": {"clear"}, "revision": {"0"}}); status != 200 || reply["revision"] != 1.0 {
		t.Errorf("saving: %d %v", status, reply)
	}
	if status, reply := post(url.Values{"verdict": {"clear"}, "revision": {"0"}}); status != 200 || reply["revision"] != 1.0 {
		t.Errorf("sending again: %d %v", status, reply)
	}
	status, reply := post(url.Values{"verdict": {"concern"}, "revision": {"0"}})
	if current, _ := reply["current"].(map[string]any); status != 409 || current["verdict"] != "clear" {
		t.Errorf("a stale page: %d %v", status, reply)
	}
	if status, reply := post(url.Values{"verdict": {"x"}, "revision": {"1"}}); status != 422 || reply["message"] == "" {
		t.Errorf("an unknown answer: %d %v", status, reply)
	}
}

func TestSubmittingAndAmending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada, w.Ben)
	w.Save(t, w.Ben, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear, Note: "Ben saw it"})
	w.Submit(t, w.Ben, iv)
	ada := w.app.SignIn(w.Ada)
	room := ada.Get(path.Interview(iv))
	contains(t, "the room", room, http.StatusOK, "1 other scorecard is in.")
	if strings.Contains(room.Body, "Ben saw it") {
		t.Error("Ben's answer shows before Ada's is in")
	}
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Concern})
	contains(t, "the review of a finding without a word", ada.Get(path.InterviewSubmit(iv)), http.StatusOK, "Say what you saw", path.InterviewCheck(iv, "check-video-on"))
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Concern, Note: "off at first", Revision: 1})
	review := ada.Get(path.InterviewSubmit(iv))
	if strings.Contains(review.Body, "Say what you saw") {
		t.Error("a finding with a note is still asked about")
	}
	contains(t, "the review", ada.Get(path.InterviewSubmit(iv)), http.StatusOK, "Left unanswered", "missing coverage, never risk", "With your answers", `name="mark" value="2"`)
	contains(t, "a stale review", ada.Post(path.InterviewSubmit(iv), url.Values{"mark": {"0"}, "summary": {"kept words"}}), http.StatusConflict, "changed in another window", "kept words")
	done := ada.Post(path.InterviewSubmit(iv), url.Values{"mark": {"2"}, "summary": {"Ask again."}})
	if done.Status != http.StatusSeeOther {
		t.Fatalf("submitting: %d", done.Status)
	}
	if again := ada.Post(path.InterviewSubmit(iv), url.Values{"mark": {"2"}}); again.Status != http.StatusSeeOther || again.Header.Get("Location") != path.Interview(iv) {
		t.Errorf("submitting twice: %d", again.Status)
	}
	contains(t, "the scorecards", ada.Get(path.Interview(iv)), http.StatusOK, "Ben saw it", "off at first", "answered differently", "Ask again.", "Amend")
	amend := path.InterviewAnswer(iv, "check-video-on", "amend")
	contains(t, "the amend form", ada.Get(amend), http.StatusOK, "Why the answer changes", "off at first", `name="number" value="1"`)
	contains(t, "without a reason", ada.Post(amend, url.Values{"verdict": {"clear"}, "note": {"kept"}, "number": {"1"}}), http.StatusUnprocessableEntity, "Say why the answer changes.", ">kept<")
	if p := ada.Post(amend, url.Values{"verdict": {"clear"}, "note": {"it was on"}, "number": {"1"}, "reason": {"another call"}}); p.Status != http.StatusSeeOther {
		t.Fatalf("amending: %d %s", p.Status, p.Body)
	}
	contains(t, "both versions", ada.Get(path.Interview(iv)), http.StatusOK, "Version 1", "Version 2", "another call", "off at first", "it was on")
	contains(t, "amending another's", w.app.SignIn(w.HR).Get(amend), http.StatusNotFound)
}

func TestAttachingEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada)
	ada := w.app.SignIn(w.Ada)
	to := path.InterviewAnswer(iv, "check-video-on", "evidence")
	send := func(b *apptest.Browser, fields map[string]string, file string) apptest.Page {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range fields {
			_ = form.WriteField(name, value)
		}
		part, _ := form.CreateFormFile("file", file)
		if file != "" {
			_, _ = io.WriteString(part, "not really a picture")
		}
		_ = form.Close()
		return b.Send(http.MethodPost, to, form.FormDataContentType(), &body)
	}
	if p := send(ada, map[string]string{"kind": "screenshot", "title": "Frame at 12:03"}, "frame.png"); p.Status != http.StatusSeeOther {
		t.Fatalf("a file: %d %s", p.Status, p.Body)
	}
	if p := send(ada, map[string]string{"kind": "link", "link": "https://example.com/profile"}, ""); p.Status != http.StatusSeeOther {
		t.Errorf("a link: %d %s", p.Status, p.Body)
	}
	contains(t, "nothing", send(ada, map[string]string{"kind": "link"}, ""), http.StatusUnprocessableEntity, "Choose a file or enter a link.")
	contains(t, "the room", ada.Get(path.InterviewCheck(iv, "check-video-on")), http.StatusOK, "Frame at 12:03", "example.com")
	contains(t, "somebody else", send(w.app.SignIn(w.HR), map[string]string{"kind": "link", "link": "https://example.com"}, ""), http.StatusForbidden)
	w.Submit(t, w.Ada, iv)
	card := w.Enter(t, w.Ada, iv).Cards[0]
	if a, _ := card.Answer("check-video-on"); len(a.Evidence) != 2 {
		t.Errorf("the scorecard names %d items", len(a.Evidence))
	}
}

func TestChangingThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	iv := w.Schedule(t, w.Ada)
	manager := w.app.SignIn(w.Manager)
	contains(t, "the plan", manager.Get(path.InterviewPlan(iv)), http.StatusOK, "Change plan", "Cancel the interview")
	contains(t, "an interviewer", w.app.SignIn(w.Ada).Get(path.InterviewPlan(iv)), http.StatusForbidden)
	bad := manager.Post(path.InterviewPlan(iv), url.Values{"version": {"1"}, "starts": {"2026-12-01T15:00"}, "minutes": {"30"}, "place": {"typed"}})
	contains(t, "nobody", bad, http.StatusUnprocessableEntity, "Choose at least one interviewer.", "typed")
	good := url.Values{"version": {"1"}, "starts": {"2026-12-01T15:00"}, "minutes": {"30"}, "interviewers": ids(w.Ben)}
	if p := manager.Post(path.InterviewPlan(iv), good); p.Status != http.StatusSeeOther {
		t.Fatalf("changing: %d", p.Status)
	}
	contains(t, "a stale plan", manager.Post(path.InterviewPlan(iv), good), http.StatusConflict)
	contains(t, "no reason", manager.Post(path.InterviewCancel(iv), url.Values{"version": {"2"}}), http.StatusUnprocessableEntity, "Say why the interview is cancelled.")
	if p := manager.Post(path.InterviewCancel(iv), url.Values{"version": {"2"}, "reason": {"withdrawn"}}); p.Status != http.StatusSeeOther {
		t.Errorf("cancelling: %d", p.Status)
	}
	contains(t, "after", manager.Get(path.Interview(iv)), http.StatusOK, "Cancelled: withdrawn")
}

func ids(users ...account.User) []string {
	var all []string
	for _, u := range users {
		all = append(all, string(u.ID))
	}
	return all
}
