package candidates_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/evidence/evidencetest"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
)

// hostile is a name that breaks out of anything that does not escape it.
const hostile = `<script>alert(1)</script>"'><img src=x>`

// world is an installation with an HR person signed in.
type world struct {
	*apptest.World
	t  *testing.T
	hr *apptest.Browser
}

func setup(t *testing.T) *world {
	t.Parallel()
	w := &world{World: apptest.New(t), t: t}
	w.hr = w.SignIn(w.User("Hanna Reyes", authz.HR))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// write runs fn in a transaction that records an entry of the test's own.
func (w *world) write(fn func(tx *db.Tx) error) {
	w.t.Helper()
	w.must(w.DB.Write(context.Background(), authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.wrote", SubjectKind: "test", SubjectID: "1"})
		return fn(tx)
	}))
}

// candidate adds a person; place changes where they stand.
func (w *world) candidate(name string, place person.Place) person.ID {
	w.t.Helper()
	var personID person.ID
	w.write(func(tx *db.Tx) (err error) {
		ctx := context.Background()
		if personID, err = w.Features.People.Add(ctx, tx, person.New{Name: name, Location: "Lisbon"}); err != nil {
			return err
		}
		if place.Status == "" {
			place.Status = person.Candidate
		}
		return w.Features.People.SetPlace(ctx, tx, personID, place)
	})
	return personID
}

// note reports an outcome about a person.
func (w *world) note(personID person.ID, o assessment.Outcome) {
	w.t.Helper()
	o.At = time.Now()
	w.write(func(tx *db.Tx) error { return w.Features.Assess.Note(context.Background(), tx, personID, o) })
}

// redFlag reports a red flag from an interview.
func (w *world) redFlag(personID person.ID, check, note string) {
	w.t.Helper()
	w.note(personID, assessment.Outcome{ItemID: check, Answer: catalogue.RedFlag, OriginKind: flag.FromAnswer,
		OriginID: id.New() + "/" + id.New(), Note: note})
}

func (w *world) check(s catalogue.Strength) *catalogue.Check {
	for _, c := range w.Features.Catalogue.Current().Checks {
		if c.Strength == s {
			return c
		}
	}
	w.t.Fatalf("no %s check", s)
	return nil
}

// shows fails unless the page has the status and every text, escaped as pages write it.
func (w *world) shows(p apptest.Page, status int, texts ...string) {
	w.t.Helper()
	if p.Status != status {
		w.t.Fatalf("status %d, want %d: %.300s", p.Status, status, p.Body)
	}
	if n := strings.Count(p.Body, "<h1"); status == http.StatusOK && n != 1 {
		w.t.Errorf("%d h1, want one", n)
	}
	for _, text := range texts {
		if !strings.Contains(p.Body, html.EscapeString(text)) {
			w.t.Errorf("page lacks %q", text)
		}
	}
}

func (w *world) lacks(p apptest.Page, texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.Body, text) {
			w.t.Errorf("page shows %q", text)
		}
	}
}

func TestListShowsAndEscapes(t *testing.T) {
	w := setup(t)
	w.shows(w.hr.Get(path.Candidates), http.StatusOK, "No candidates yet")
	w.candidate("Mara Okafor", person.Place{StageID: "stage-references", JobTitle: hostile})
	w.candidate(hostile, person.Place{})
	p := w.hr.Get(path.Candidates)
	w.shows(p, http.StatusOK, "Mara Okafor", hostile, "References", "C-00000")
	w.lacks(p, "<script>alert", "<img src=x")
}

func TestListFilters(t *testing.T) {
	w := setup(t)
	calm := w.candidate("Calm Person", person.Place{StageID: "stage-offer"})
	doubted := w.candidate("Doubted Person", person.Place{StageID: "stage-references"})
	w.redFlag(doubted, w.check(catalogue.Decisive).ID, "The number does not exist.")
	w.note(calm, assessment.Outcome{ItemID: w.check(catalogue.Weak).ID, Answer: catalogue.Clear, OriginKind: flag.FromCheck, OriginID: string(calm)})

	only := func(query path.CandidateQuery, want, other string) {
		t.Helper()
		p := w.hr.Get(query.URL())
		w.shows(p, http.StatusOK, want)
		w.lacks(p, other)
	}
	only(path.CandidateQuery{Bands: []string{"low"}}, "Calm Person", "Doubted Person")
	only(path.CandidateQuery{Flagged: true}, "Doubted Person", "Calm Person")
	only(path.CandidateQuery{Stages: []string{"stage-offer"}}, "Calm Person", "Doubted Person")
	only(path.CandidateQuery{Text: "doubt"}, "Doubted Person", "Calm Person")
	w.shows(w.hr.Get(path.CandidateQuery{Statuses: []string{"closed"}}.URL()), http.StatusOK, "Nobody fits these filters")
	for _, nonsense := range []string{"?after=x", "?job=x&band=x&sort=x&status=x", "?coverage_below=-1&in_stage_from=x", "?q=%00%ff"} {
		if p := w.hr.Get(path.Candidates + nonsense); p.Status != http.StatusOK {
			t.Errorf("%s: status %d", nonsense, p.Status)
		}
	}
}

func TestListPages(t *testing.T) {
	w := setup(t)
	for i := range person.PageSize + 3 {
		w.candidate(fmt.Sprintf("Person %03d", i), person.Place{})
	}
	first := w.hr.Get(path.CandidateQuery{Sort: string(person.ByName)}.URL())
	w.shows(first, http.StatusOK, "Person 000", "Person 049")
	w.lacks(first, "Person 050")
	_, link, found := strings.Cut(first.Body, `href="/candidates?after=`)
	if !found {
		t.Fatal("no link to the next page")
	}
	link, _, _ = strings.Cut(link, `"`)
	second := w.hr.Get("/candidates?after=" + html.UnescapeString(link))
	w.shows(second, http.StatusOK, "Person 050", "Person 052")
	w.lacks(second, "Person 049")
}

func TestListIsForWhomItConcerns(t *testing.T) {
	w := setup(t)
	manager := w.User("Mika Ostrow", authz.HiringManager)
	managerID := string(manager.ID)
	w.candidate("Own Candidate", person.Place{ManagerID: &managerID})
	other := w.candidate("Other Candidate", person.Place{})
	b := w.SignIn(manager)
	p := b.Get(path.Candidates)
	w.shows(p, http.StatusOK, "Own Candidate")
	w.lacks(p, "Other Candidate")
	w.lacks(b.Get(path.CandidatesCSV), "Other Candidate")
	w.shows(b.Get(path.Candidate(other)), http.StatusNotFound)

	i := w.SignIn(w.User("Ines Vale", authz.Interviewer))
	w.lacks(i.Get(path.Candidates), "Own Candidate", "Other Candidate")
	w.shows(i.Get(path.Candidate(other)), http.StatusNotFound)
}

func TestCSVKeepsFormulasHarmless(t *testing.T) {
	w := setup(t)
	names := []string{`=HYPERLINK("http://x","y")`, "+1", "-1", "@SUM(A1)"}
	for _, name := range names {
		w.candidate(name, person.Place{})
	}
	p := w.hr.Get(path.CandidateQuery{Sort: string(person.ByName)}.CSV())
	if p.Status != http.StatusOK || !strings.HasPrefix(p.Header.Get("Content-Type"), "text/csv") ||
		!strings.HasPrefix(p.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("status %d, %v", p.Status, p.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(p.Body)).ReadAll()
	w.must(err)
	if len(rows) != len(names)+1 {
		t.Fatalf("%d rows, want %d", len(rows), len(names)+1)
	}
	for _, row := range rows[1:] {
		if !strings.HasPrefix(row[1], "'") {
			t.Errorf("name %q is a formula", row[1])
		}
	}
}

func TestCandidatePage(t *testing.T) {
	w := setup(t)
	c := w.candidate(hostile, person.Place{StageID: "stage-references", JobTitle: "Engineer"})
	w.write(func(tx *db.Tx) error {
		_, err := w.Features.Claims.Add(context.Background(), tx, c, []claim.New{{Kind: claim.Location, Value: hostile}})
		return err
	})
	check := w.check(catalogue.Strong)
	w.redFlag(c, check.ID, hostile)
	p := w.hr.Get(path.Candidate(c))
	w.shows(p, http.StatusOK, hostile, check.Title, "Conflict", "Next best checks", "Answer", "of the score", path.Escalate(c), "Little work")
	w.lacks(p, "<script>alert", "<img src=x", "prepared by Gatehouse", "proposed by Gatehouse")
	for _, tab := range []string{"claims", "interviews", "evidence", "history", "nonsense"} {
		p := w.hr.Get(path.CandidateTab(c, tab))
		w.shows(p, http.StatusOK)
		w.lacks(p, "<script>alert", "<img src=x")
	}
	w.shows(w.hr.Get(path.CandidateTab(c, "history")), http.StatusOK, "Flag raised", "Gatehouse")
	w.lacks(w.hr.Get(path.CandidateTab(c, "history")), "system:test", "Assessment moved")
	w.shows(w.hr.Get(path.Candidate(id.New())), http.StatusNotFound)
	w.shows(w.hr.Get("/candidates/nonsense"), http.StatusNotFound)
}

// TestAConcernIsNotedNotOpen: nobody is asked to answer it, so neither the list nor its own page calls it open.
func TestAConcernIsNotedNotOpen(t *testing.T) {
	w := setup(t)
	c := w.candidate("Mara Okafor", person.Place{})
	w.note(c, assessment.Outcome{ItemID: w.check(catalogue.Moderate).ID, Answer: catalogue.Concern, OriginKind: flag.FromAnswer,
		OriginID: id.New() + "/" + id.New(), Note: "The camera was late."})
	flags, err := w.Features.Flags.ForPerson(context.Background(), w.DB.Pool(), c)
	w.must(err)
	for _, address := range []string{path.Candidate(c), path.Flag(flags[0].ID)} {
		p := w.hr.Get(address)
		w.shows(p, http.StatusOK, "Noted", "The camera was late.")
		w.lacks(p, "dispo-open")
	}
}

// TestAReasonSaysWhatWasNoted: why the band is what it is, in the words of whoever saw it, not the framework's alone.
func TestAReasonSaysWhatWasNoted(t *testing.T) {
	w := setup(t)
	c := w.candidate("Mara Okafor", person.Place{})
	seen := "Another voice prompted her answers. " + strings.Repeat("x", 400)
	w.redFlag(c, w.check(catalogue.Strong).ID, seen)
	_, after, _ := strings.Cut(w.hr.Get(path.Candidate(c)).Body, `<ol class="reasons">`)
	reasons, _, _ := strings.Cut(after, "</ol>")
	if !strings.Contains(reasons, seen[:200]) || strings.Contains(reasons, seen) || !strings.Contains(reasons, "…") {
		t.Errorf("the reasons do not begin what was noted: %s", reasons)
	}
}

// TestTheExplanationStandsFirst: whoever looks later reads it before what was seen, beside the claim and among the flags.
func TestTheExplanationStandsFirst(t *testing.T) {
	w := setup(t)
	ctx := context.Background()
	c := w.candidate("Mara Okafor", person.Place{})
	const seen, why = "The call came from a hosting network.", "She turned her VPN off, and the next call came from her town."
	w.redFlag(c, w.check(catalogue.Moderate).ID, seen)
	flags, err := w.Features.Flags.ForPerson(ctx, w.DB.Pool(), c)
	w.must(err)
	lead := w.User("Lee Adeyemi", authz.SecurityLead).Actor()
	item := evidencetest.Note(t, w.Features.Evidence, lead, string(c))
	w.must(w.Features.Assess.Dispose(ctx, lead, flags[0].ID, flags[0].Version, flag.Explained, why, []evidence.ID{item}))
	parts := strings.Split(w.hr.Get(path.Candidate(c)).Body, why)
	if len(parts) != 3 {
		t.Fatalf("the explanation stands %d times on the page, want among the flags and beside the claim", len(parts)-1)
	}
	if strings.Contains(parts[0], seen) || strings.Count(parts[1], seen) != 1 || strings.Count(parts[2], seen) != 1 {
		t.Error("what was seen stands before the explanation")
	}
}

// TestKnownInFullIsOnlySoFar: at 100 % the page says of what, and which stage asks next.
func TestKnownInFullIsOnlySoFar(t *testing.T) {
	w := setup(t)
	ctx := context.Background()
	manager := w.User("Mika Ostrow", authz.HiringManager)
	job, err := w.Features.Hiring.AddJob(ctx, w.User("Hedda Lind", authz.HR).Actor(), hiring.NewJob{Title: "Designer", LevelID: "level-pseudonymous", ManagerID: string(manager.ID)})
	w.must(err)
	c, app, err := w.Features.Hiring.AddCandidate(ctx, manager.Actor(), hiring.NewCandidate{
		Person: person.New{Name: "Mara Okafor", ChannelID: "channel-public-application"}, JobID: job})
	w.must(err)
	found, err := w.Features.Hiring.Application(ctx, manager.Actor(), app)
	w.must(err)
	w.must(w.Features.Hiring.Move(ctx, manager.Actor(), hiring.Move{ApplicationID: app, Version: found.Version, To: "stage-application-review"}))
	p := w.hr.Get(path.Candidate(c))
	w.shows(p, http.StatusOK, "0\u00a0% known of what is asked by now", "Next best checks")
	w.lacks(p, "asks next")

	ed := w.Features.Catalogue.Current()
	at, _ := ed.Stage("stage-application-review")
	later := ""
	for _, check := range ed.Required("level-pseudonymous") {
		if home, _ := ed.Stage(check.Stage); home.Order > at.Order {
			later = home.Title
			continue
		}
		w.note(c, assessment.Outcome{ItemID: check.ID, Answer: catalogue.Clear, OriginKind: flag.FromCheck, OriginID: string(c)})
	}
	w.shows(w.hr.Get(path.Candidate(c)), http.StatusOK, "100\u00a0% known of what is asked by now", "Next best checks",
		"All checks that are asked by now are answered. The stage "+later+" asks next.")
}

func TestCandidatePageOffersWhatTheViewerMayDo(t *testing.T) {
	w := setup(t)
	c := w.candidate("Mara Okafor", person.Place{})
	w.redFlag(c, w.check(catalogue.Strong).ID, "Seen.")
	p := w.SignIn(w.User("Aud Itor", authz.Auditor)).Get(path.Candidate(c))
	w.shows(p, http.StatusOK, "Mara Okafor")
	w.lacks(p, path.Escalate(c), path.CandidateChecks(c), path.EditCandidate(c), `>Answer<`)
}

// interview puts an interview of the person into the database, with one interviewer.
func (w *world) interview(personID person.ID, u account.User) {
	w.t.Helper()
	job, app, interview, now := id.New(), id.New(), id.New(), time.Now()
	ed := w.Features.Catalogue.Current().Version()
	for _, stmt := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO jobs (id, title, level_id, edition, manager_id, created_at) VALUES ($1, 'Engineer', 'level-verified', $2, $3, $4)`,
			[]any{job, ed, u.ID, now}},
		{`INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, applied_at) VALUES ($1, $2, $3, $4, 'stage-references', $5, $5)`,
			[]any{app, personID, job, ed, now}},
		{`INSERT INTO interviews (id, application_id, person_id, job_id, stage_id, edition, kit, starts_at, created_at) VALUES ($1, $2, $3, $4, 'stage-references', $5, '{check-x}', $6, $6)`,
			[]any{interview, app, personID, job, ed, now}},
		{`INSERT INTO interviewers (interview_id, user_id) VALUES ($1, $2)`, []any{interview, u.ID}},
	} {
		_, err := w.DB.Pool().Exec(context.Background(), stmt.sql, stmt.args...)
		w.must(err)
	}
}

func TestAnInterviewerJudgesAloneFirst(t *testing.T) {
	w := setup(t)
	u := w.User("Ines Vale", authz.Interviewer)
	c := w.candidate("Mara Okafor", person.Place{})
	w.interview(c, u)
	check := w.check(catalogue.Strong)
	w.redFlag(c, check.ID, "Another interviewer's words.")
	b := w.SignIn(u)
	for _, tab := range []string{"claims", "interviews", "evidence", "history"} {
		p := b.Get(path.CandidateTab(c, tab))
		w.shows(p, http.StatusOK, "Mara Okafor", "You have not submitted your scorecard yet")
		w.lacks(p, "Another interviewer", "Flag raised", "Why ")
	}
	var flagID string
	w.must(w.DB.Pool().QueryRow(context.Background(), `SELECT id FROM flags`).Scan(&flagID))
	w.shows(b.Get(path.Flag(flagID)), http.StatusNotFound)

	_, err := w.DB.Pool().Exec(context.Background(), `UPDATE interviewers SET submitted_at = now()`)
	w.must(err)
	w.shows(b.Get(path.Candidate(c)), http.StatusOK, "Another interviewer", check.Title)
	w.shows(b.Get(path.Flag(flagID)), http.StatusOK, "Another interviewer")
}

func TestRecordACheck(t *testing.T) {
	w := setup(t)
	c := w.candidate("Mara Okafor", person.Place{})
	check := w.check(catalogue.Strong)
	w.shows(w.hr.Get(path.CandidateChecks(c)), http.StatusOK, "Record a check", check.Title)
	w.shows(w.hr.Get(path.RecordCheck(c, check.ID)), http.StatusOK, check.Title, check.Question, check.RedFlag, check.FalsePositives)

	form := url.Values{"check": {check.ID}, "answer": {"red-flag"}, "note": {""}}
	p := w.hr.Post(path.CandidateChecks(c), form)
	w.shows(p, http.StatusUnprocessableEntity, "Say what was seen", `needs your attention`)
	if !strings.Contains(p.Body, `value="red-flag" checked`) {
		t.Error("the answer that was chosen is lost")
	}
	form.Set("note", "The number rings at another company.")
	form["evidence"] = []string{id.New()}
	w.shows(w.hr.Post(path.CandidateChecks(c), form), http.StatusNotFound)
	form.Del("evidence")
	form.Set("url", "no address")
	w.shows(w.hr.Post(path.CandidateChecks(c), form), http.StatusUnprocessableEntity, "begins with https://", "no address", "The number rings")
	form.Set("note", "")
	w.shows(w.hr.Post(path.CandidateChecks(c), form), http.StatusUnprocessableEntity, "begins with https://", "Say what was seen")
	form.Set("note", "The number rings at another company.")
	form.Set("url", "https://archive.example.com/number")
	form.Set("title", "The entry")
	form.Set("answer", "")
	w.shows(w.hr.Post(path.CandidateChecks(c), form), http.StatusUnprocessableEntity, "Choose an answer", "The evidence was added and is ticked below", "The entry")
	form.Set("answer", "red-flag")
	form.Del("url")
	form.Del("title")
	if p := w.hr.Post(path.CandidateChecks(c), form); p.Status != http.StatusSeeOther || p.Header.Get("Location") != path.Candidate(c) {
		t.Fatalf("status %d to %s", p.Status, p.Header.Get("Location"))
	}
	w.shows(w.hr.Get(path.Candidate(c)), http.StatusOK, "The number rings at another company.")
	w.shows(w.hr.Get(path.CandidateTab(c, "evidence")), http.StatusOK, "The entry")
	i := w.SignIn(w.User("Ines Vale", authz.Interviewer))
	w.shows(i.Post(path.CandidateChecks(c), form), http.StatusForbidden)
}

// TestTheWayToACaseIsForItsMembers: the page of its subject leads members to the case, and looks to everybody else as it
// did before there was one.
func TestTheWayToACaseIsForItsMembers(t *testing.T) {
	w := setup(t)
	ctx := context.Background()
	lead := w.User("Lee Adeyemi", authz.SecurityLead)
	c := w.candidate("Mara Okafor", person.Place{Status: person.Engaged, StageID: "stage-employed"})
	w.redFlag(c, w.check(catalogue.Strong).ID, "Seen.")
	flags, err := w.Features.Flags.ForPerson(ctx, w.DB.Pool(), c)
	w.must(err)
	w.lacks(w.hr.Get(path.Candidate(c)), "A case is proposed")
	w.must(w.Features.Assess.Dispose(ctx, lead.Actor(), flags[0].ID, flags[0].Version, flag.Confirmed, "Seen by two.", nil))
	w.shows(w.hr.Get(path.Candidate(c)), http.StatusOK, "A case is proposed")

	caseID, err := w.Features.Cases.Escalate(ctx, lead.Actor(), incident.Escalation{PersonID: c, Reason: "A confirmed finding."})
	w.must(err)
	member := w.SignIn(lead).Get(path.Candidate(c))
	w.shows(member, http.StatusOK, "Your cases on this person", path.Case(caseID), path.PersonAudit(c))
	w.lacks(member, "A case is proposed")
	stranger := w.hr.Get(path.Candidate(c))
	w.shows(stranger, http.StatusOK, "A case is proposed")
	w.lacks(stranger, "Your cases", path.Case(caseID), path.PersonAudit(c))
	interviewer := w.User("Ines Vale", authz.Interviewer)
	w.interview(c, interviewer)
	w.lacks(w.SignIn(interviewer).Get(path.Candidate(c)), "Your cases", "A case is proposed", path.Case(caseID))
}

// TestWhatBecameOfThingsHasADate: answers, flags and the end of an application say when.
func TestWhatBecameOfThingsHasADate(t *testing.T) {
	w := setup(t)
	ctx := context.Background()
	manager := w.User("Mika Ostrow", authz.HiringManager)
	job, err := w.Features.Hiring.AddJob(ctx, w.User("Hedda Lind", authz.HR).Actor(), hiring.NewJob{Title: "Engineer", LevelID: "level-verified", ManagerID: string(manager.ID)})
	w.must(err)
	c, app, err := w.Features.Hiring.AddCandidate(ctx, manager.Actor(), hiring.NewCandidate{
		Person: person.New{Name: "Mara Okafor", ChannelID: "channel-public-application"}, JobID: job})
	w.must(err)
	w.redFlag(c, w.check(catalogue.Strong).ID, "Seen.")
	found, err := w.Features.Hiring.Application(ctx, manager.Actor(), app)
	w.must(err)
	w.must(w.Features.Hiring.CloseApplication(ctx, manager.Actor(), hiring.Closing{ApplicationID: app, Version: found.Version, Reason: "Nobody came."}))
	today := time.Now().UTC().Format("2 Jan 2006")
	p := w.hr.Get(path.Candidate(c))
	w.shows(p, http.StatusOK, "This application has ended. Closed on", "Nobody came.", "these wait for nobody", "Answer")
	if n := strings.Count(p.Body, today); n < 3 {
		t.Errorf("the day stands %d times on the page", n)
	}
}
