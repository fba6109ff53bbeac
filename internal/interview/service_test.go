package interview_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/interview"
	"gatehouse/internal/interview/interviewtest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
)

func TestScheduleRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	good := w.Plan(w.Ada, w.Ben)
	tests := []struct {
		name  string
		actor authz.Actor
		app   hiring.ApplicationID
		edit  func(*interview.Plan)
		kind  apperr.Kind
	}{
		{"no time", w.HR.Actor(), w.Application, func(p *interview.Plan) { p.StartsAt = time.Time{} }, apperr.InvalidInput},
		{"no interviewers", w.HR.Actor(), w.Application, func(p *interview.Plan) { p.Interviewers = nil }, apperr.InvalidInput},
		{"too long", w.HR.Actor(), w.Application, func(p *interview.Plan) { p.Minutes = 4000 }, apperr.InvalidInput},
		{"somebody without the role", w.HR.Actor(), w.Application, func(p *interview.Plan) { p.Interviewers = []account.ID{w.Finance.ID} }, apperr.InvalidInput},
		{"a kit of one unknown check", w.HR.Actor(), w.Application, func(p *interview.Plan) { p.Kit = []string{"check-nothing"} }, apperr.InvalidInput},
		{"another manager's job", w.OtherManager.Actor(), w.Application, func(*interview.Plan) {}, apperr.NotFound},
		{"an interviewer", w.Ada.Actor(), w.Application, func(*interview.Plan) {}, apperr.NotFound},
	}
	for _, tt := range tests {
		p := good
		tt.edit(&p)
		if _, err := w.Interviews.Schedule(t.Context(), tt.actor, tt.app, p); apperr.KindOf(err) != tt.kind {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	offer, err := w.Interviews.Prepare(t.Context(), w.Manager.Actor(), w.Application)
	if err != nil || len(offer.Kit) == 0 || len(offer.Others) == 0 || offer.PersonName != "Robin Castell" {
		t.Fatalf("offer: %+v, %v", offer, err)
	}
	if _, err := w.Interviews.Schedule(t.Context(), w.Manager.Actor(), w.Application, good); err != nil {
		t.Errorf("the job's manager plans: %v", err)
	}
}

func TestWhoSeesAnInterview(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada, w.Ben)
	sees := map[string]struct {
		user account.User
		want bool
	}{
		"interviewer": {w.Ada, true}, "other interviewer": {w.Cleo, false}, "manager": {w.Manager, true},
		"other manager": {w.OtherManager, false}, "HR": {w.HR, true}, "analyst": {w.Analyst, true},
		"auditor": {w.Auditor, true}, "finance": {w.Finance, false}, "administrator": {w.Admin, false},
	}
	for name, s := range sees {
		_, err := w.Interviews.Enter(t.Context(), s.user.Actor(), iv)
		if got := err == nil; got != s.want || !got && apperr.KindOf(err) != apperr.NotFound {
			t.Errorf("%s enters: %v", name, err)
		}
		list, err := w.Interviews.List(t.Context(), s.user.Actor(), interview.Filter{})
		if err != nil || len(list.Items) == 1 != s.want {
			t.Errorf("%s lists %d, %v", name, len(list.Items), err)
		}
		held, err := w.Interviews.ForPerson(t.Context(), s.user.Actor(), w.Person)
		if err != nil || len(held) == 1 != s.want {
			t.Errorf("%s lists %d of the person, %v", name, len(held), err)
		}
	}
	subject := w.HR.Actor()
	subject.PersonID = string(w.Person)
	if _, err := w.Interviews.Enter(t.Context(), subject, iv); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("somebody enters an interview about themselves: %v", err)
	}
}

func TestSaveAnswerKeepsRevisionsAndRefusesToOverwrite(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada)
	first := w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear})
	if first.Revision != 1 {
		t.Fatalf("first revision is %d", first.Revision)
	}
	again := w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear})
	if again.Revision != 1 || !again.AnsweredAt.Equal(first.AnsweredAt) {
		t.Errorf("sending the same again: %+v", again)
	}
	second := w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Concern, Note: " late \r\n", Revision: 1})
	if second.Revision != 2 || second.Note != "late" {
		t.Errorf("second: %+v", second)
	}
	_, err := w.Interviews.SaveAnswer(t.Context(), w.Ada.Actor(), iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.RedFlag, Revision: 1})
	var clash *interview.Clash
	if !errors.As(err, &clash) || apperr.KindOf(err) != apperr.Stale || clash.Current.Verdict != catalogue.Concern || clash.Current.Revision != 2 {
		t.Errorf("a stale page: %v, %+v", err, clash)
	}
	if got := w.Enter(t, w.Ada, iv).Draft["check-video-on"]; got.Verdict != catalogue.Concern {
		t.Errorf("kept: %+v", got)
	}
	for name, bad := range map[string]struct {
		user account.User
		a    interview.Answer
		kind apperr.Kind
	}{
		"a check outside the kit": {w.Ada, interview.Answer{CheckID: "check-nothing", Verdict: catalogue.Clear}, apperr.NotFound},
		"an unknown verdict":      {w.Ada, interview.Answer{CheckID: "check-video-on", Verdict: "raised"}, apperr.InvalidInput},
		"an endless note":         {w.Ada, interview.Answer{CheckID: "check-video-on", Note: strings.Repeat("x", 10_001)}, apperr.InvalidInput},
		"somebody who reads only": {w.HR, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear}, apperr.Denied},
		"somebody out of sight":   {w.Cleo, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear}, apperr.NotFound},
	} {
		if _, err := w.Interviews.SaveAnswer(t.Context(), bad.user.Actor(), iv, bad.a); apperr.KindOf(err) != bad.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTwoPagesOfOnePersonNeverOverwriteEachOther(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada)
	const pages, saves = 4, 12
	var wg sync.WaitGroup
	var mu sync.Mutex
	kept := map[string]bool{}
	for p := range pages {
		wg.Go(func() {
			revision := 0
			for n := range saves {
				note := string(rune('a'+p)) + string(rune('a'+n))
				for {
					a, err := w.Interviews.SaveAnswer(t.Context(), w.Ada.Actor(), iv,
						interview.Answer{CheckID: "check-video-on", Note: note, Revision: revision})
					var clash *interview.Clash
					if errors.As(err, &clash) {
						revision = clash.Current.Revision // looked at it, and decided to keep one's own
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					revision = a.Revision
					mu.Lock()
					kept[note] = true
					mu.Unlock()
					break
				}
			}
		})
	}
	wg.Wait()
	if got := w.Enter(t, w.Ada, iv).Draft["check-video-on"].Revision; got != pages*saves || len(kept) != pages*saves {
		t.Errorf("revision %d after %d saves", got, len(kept))
	}
}

func TestScorecardsOfOthersAreHiddenUntilOnesOwnIsIn(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada, w.Ben)
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear, Note: "of Ada"})
	w.Save(t, w.Ben, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Concern, Note: "of Ben"})
	for _, u := range []account.User{w.HR, w.Manager, w.Ben} {
		room := w.Enter(t, u, iv)
		if len(room.Cards) != 0 || room.Draft["check-video-on"].Note == "of Ada" {
			t.Errorf("%s sees a draft: %+v", u.Name, room)
		}
	}
	w.Submit(t, w.Ada, iv)
	ben := w.Enter(t, w.Ben, iv)
	if len(ben.Cards) != 0 || ben.Veiled() != 1 || !ben.Answering() {
		t.Errorf("Ben sees %d cards and knows of %d", len(ben.Cards), ben.Veiled())
	}
	if held, err := w.Interviews.ForPerson(t.Context(), w.Ben.Actor(), w.Person); err != nil || len(held[0].Cards) != 0 {
		t.Errorf("the person's page shows Ben %+v, %v", held, err)
	}
	for _, u := range []account.User{w.HR, w.Manager, w.Ada} {
		if room := w.Enter(t, u, iv); len(room.Cards) != 1 {
			t.Errorf("%s sees %d cards", u.Name, len(room.Cards))
		}
	}
	w.Submit(t, w.Ben, iv)
	room := w.Enter(t, w.Ben, iv)
	if len(room.Cards) != 2 || room.Status != interview.Done || !interview.Differs(interview.Latest(room.Cards), "check-video-on") {
		t.Errorf("after both: %d cards, %s", len(room.Cards), room.Status)
	}
}

func TestSubmitFreezesAndPassesOn(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada)
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.RedFlag, Note: "refused twice"})
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-small-talk-location", Note: "no time"})
	stale := interview.Submission{Mark: 1}
	if err := w.Interviews.Submit(t.Context(), w.Ada.Actor(), iv, stale); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("submitting what was not seen: %v", err)
	}
	review, err := w.Interviews.Review(t.Context(), w.Ada.Actor(), iv)
	if err != nil || len(review.Left) != len(review.Kit)-1 {
		t.Fatalf("review: %d left, %v", len(review.Left), err)
	}
	if err := w.Interviews.Submit(t.Context(), w.Ada.Actor(), iv, interview.Submission{Mark: review.Draft.Mark(), Summary: "Pause."}); err != nil {
		t.Fatal(err)
	}
	room := w.Enter(t, w.Ada, iv)
	card := room.Cards[0]
	red, _ := card.Answer("check-video-on")
	left, _ := card.Answer("check-small-talk-location")
	if card.Number != 1 || card.Summary != "Pause." || red.Verdict != catalogue.RedFlag || red.Note != "refused twice" ||
		left.Verdict != catalogue.NotDone || left.Note != "no time" || card.Count(catalogue.NotDone) != len(room.Kit)-1 {
		t.Errorf("card: %+v", card)
	}
	if len(room.Draft) != 0 || room.Status != interview.Done {
		t.Errorf("draft %v, status %s", room.Draft, room.Status)
	}
	if got := w.Outcome(t, "check-video-on"); got != "red-flag" {
		t.Errorf("passed on: %q", got)
	}
	if got := w.Outcome(t, "check-small-talk-location"); got != "not-done" {
		t.Errorf("passed on: %q", got)
	}
	_, err = w.Interviews.SaveAnswer(t.Context(), w.Ada.Actor(), iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear})
	if apperr.KindOf(err) != apperr.Stale {
		t.Errorf("answering after submitting: %v", err)
	}
	if err := w.Interviews.Submit(t.Context(), w.Ada.Actor(), iv, interview.Submission{}); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("submitting twice: %v", err)
	}
}

func TestScorecardsCannotBeChangedInTheDatabase(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada)
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear, Note: "words"})
	w.Submit(t, w.Ada, iv)
	for _, sql := range []string{
		`UPDATE scorecards SET number = 7`, `DELETE FROM scorecards`, `TRUNCATE scorecards CASCADE`, `UPDATE scorecard_words SET words = 'other'`,
	} {
		if _, err := w.DB.Pool().Exec(t.Context(), sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
	if _, err := w.DB.Pool().Exec(t.Context(), `DELETE FROM scorecard_words WHERE person_id = $1`, w.Person); err != nil {
		t.Fatalf("erasing the words: %v", err)
	}
	card := w.Enter(t, w.Ada, iv).Cards[0]
	if a, _ := card.Answer("check-video-on"); a.Verdict != catalogue.Clear || a.Note != "" {
		t.Errorf("after erasing: %+v", a)
	}
}

func TestAmendAddsAVersionAndReplacesTheOutcome(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada, w.Ben)
	w.Save(t, w.Ada, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.RedFlag, Note: "slip"})
	amend := interview.Amendment{CheckID: "check-video-on", Verdict: catalogue.Clear, Note: "was on", Reason: "mixed up two calls", Number: 1}
	if err := w.Interviews.Amend(t.Context(), w.Ada.Actor(), iv, amend); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("amending a draft: %v", err)
	}
	w.Submit(t, w.Ada, iv)
	for name, bad := range map[string]struct {
		edit func(*interview.Amendment)
		kind apperr.Kind
	}{
		"no reason":       {func(a *interview.Amendment) { a.Reason = " " }, apperr.InvalidInput},
		"no verdict":      {func(a *interview.Amendment) { a.Verdict = "" }, apperr.InvalidInput},
		"nothing new":     {func(a *interview.Amendment) { a.Verdict, a.Note = catalogue.RedFlag, "slip" }, apperr.InvalidInput},
		"another version": {func(a *interview.Amendment) { a.Number = 2 }, apperr.Stale},
		"outside the kit": {func(a *interview.Amendment) { a.CheckID = "check-nothing" }, apperr.NotFound},
	} {
		a := amend
		bad.edit(&a)
		if err := w.Interviews.Amend(t.Context(), w.Ada.Actor(), iv, a); apperr.KindOf(err) != bad.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.Interviews.Amend(t.Context(), w.Ada.Actor(), iv, amend); err != nil {
		t.Fatal(err)
	}
	own := w.Enter(t, w.Ada, iv).OwnCards()
	if len(own) != 2 || own[1].Number != 2 || own[1].Reason != "mixed up two calls" {
		t.Fatalf("versions: %+v", own)
	}
	was, _ := own[0].Answer("check-video-on")
	now, _ := own[1].Answer("check-video-on")
	if was.Verdict != catalogue.RedFlag || was.Note != "slip" || now.Verdict != catalogue.Clear || now.Note != "was on" {
		t.Errorf("from %+v to %+v", was, now)
	}
	if got := w.Outcome(t, "check-video-on"); got != "clear" {
		t.Errorf("the outcome is %q", got)
	}
}

func TestCancelAndReschedule(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	iv := w.Schedule(t, w.Ada, w.Ben)
	later := w.Plan(w.Ada, w.Cleo)
	later.StartsAt = later.StartsAt.Add(24 * time.Hour)
	if err := w.Interviews.Reschedule(t.Context(), w.Ada.Actor(), iv, 1, later); apperr.KindOf(err) != apperr.Denied {
		t.Errorf("an interviewer changes the plan: %v", err)
	}
	if err := w.Interviews.Reschedule(t.Context(), w.HR.Actor(), iv, 1, later); err != nil {
		t.Fatal(err)
	}
	if err := w.Interviews.Reschedule(t.Context(), w.HR.Actor(), iv, 1, later); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a stale plan: %v", err)
	}
	if _, err := w.Interviews.Enter(t.Context(), w.Ben.Actor(), iv); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("Ben was taken off and still sees it: %v", err)
	}
	w.Save(t, w.Cleo, iv, interview.Answer{CheckID: "check-video-on", Verdict: catalogue.Clear})
	if err := w.Interviews.Reschedule(t.Context(), w.HR.Actor(), iv, 2, w.Plan(w.Ada)); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("taking off somebody who has begun: %v", err)
	}
	if err := w.Interviews.Cancel(t.Context(), w.HR.Actor(), iv, 2, " "); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("cancelling without a reason: %v", err)
	}
	if err := w.Interviews.Cancel(t.Context(), w.HR.Actor(), iv, 2, "withdrawn"); err != nil {
		t.Fatal(err)
	}
	if err := w.Interviews.Submit(t.Context(), w.Cleo.Actor(), iv, interview.Submission{Mark: 1}); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("submitting a cancelled interview: %v", err)
	}
	held := w.Schedule(t, w.Ada, w.Ben)
	w.Submit(t, w.Ada, held)
	if err := w.Interviews.Cancel(t.Context(), w.HR.Actor(), held, 1, "late"); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("cancelling after a scorecard: %v", err)
	}
}

func TestListsPageByKeyAndMineKeepsWhatIsOwed(t *testing.T) {
	t.Parallel()
	w := interviewtest.New(t)
	now := w.DB.Now()
	for i := range 120 {
		p := w.Plan(w.Ada)
		p.StartsAt = now.Add(time.Duration(i-60) * 24 * time.Hour)
		if _, err := w.Interviews.Schedule(t.Context(), w.HR.Actor(), w.Application, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, when := range []interview.When{interview.AnyTime, interview.Upcoming, interview.Past} {
		seen := collect(t, w, interview.Filter{When: when})
		want := map[interview.When]int{interview.AnyTime: 120, interview.Upcoming: 60, interview.Past: 60}[when]
		if when != interview.AnyTime && len(seen) != want && len(seen) != want+1 && len(seen) != want-1 || when == interview.AnyTime && len(seen) != want {
			t.Errorf("%q lists %d, want %d", when, len(seen), want)
		}
		for i := 1; i < len(seen); i++ {
			if later := seen[i].StartsAt.After(seen[i-1].StartsAt); later != (when == interview.Upcoming) {
				t.Fatalf("%q is out of order at %d", when, i)
			}
		}
	}
	if got := collect(t, w, interview.Filter{Text: "obin cas"}); len(got) != 120 {
		t.Errorf("found by name: %d", len(got))
	}
	if got := collect(t, w, interview.Filter{Text: "%"}); len(got) != 0 {
		t.Errorf("a wildcard finds %d", len(got))
	}
	mine, err := w.Interviews.Mine(context.Background(), w.Ada.Actor())
	if err != nil || len(mine.Owed) == 0 || len(mine.Upcoming) == 0 || len(mine.Owed[0].Holders) != 1 {
		t.Errorf("mine: %d owed, %d upcoming, %v", len(mine.Owed), len(mine.Upcoming), err)
	}
}

func collect(t *testing.T, w *interviewtest.World, f interview.Filter) []interview.Listed {
	t.Helper()
	var all []interview.Listed
	for range 10 {
		slice, err := w.Interviews.List(t.Context(), w.HR.Actor(), f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, slice.Items...)
		if slice.Next == "" {
			break
		}
		f.Cursor = slice.Next
	}
	return all
}
