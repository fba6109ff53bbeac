package hiring_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/evidence/evidencetest"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/hiring/hiringtest"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

const verified = "level-verified"

func setup(t *testing.T) *hiringtest.Bench {
	t.Helper()
	t.Parallel()
	return hiringtest.New(t, dbtest.New(t))
}

// audited reports how many entries of the action the audit log has.
func audited(t *testing.T, b *hiringtest.Bench, action string) int {
	t.Helper()
	var n int
	if err := b.DB.Pool().QueryRow(t.Context(), `SELECT count(*) FROM audit_entries WHERE action = $1`, action).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestJobs(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	jobID := b.Job(b.Manager, verified)
	job, err := b.Hiring.Job(ctx, b.Manager, jobID)
	if err != nil || job.Title != "Smart-contract engineer" || job.ManagerID != b.Manager.ID || job.Status != hiring.JobOpen {
		t.Fatalf("job %+v, %v", job, err)
	}
	for field, n := range map[string]hiring.NewJob{
		"title":   {LevelID: verified, ManagerID: b.Manager.ID},
		"level":   {Title: "Engineer", LevelID: "level-none", ManagerID: b.Manager.ID},
		"manager": {Title: "Engineer", LevelID: verified, ManagerID: b.HR.ID}, // not a hiring manager
	} {
		if invalid, ok := apperr.AsInvalid(func() error { _, err := b.Hiring.AddJob(ctx, b.HR, n); return err }()); !ok || invalid.Fields[field] == "" {
			t.Errorf("%s: no message", field)
		}
	}
	if err := b.Hiring.CloseJob(ctx, b.HR, jobID, job.Version); err != nil {
		t.Fatal(err)
	}
	if err := b.Hiring.CloseJob(ctx, b.HR, jobID, job.Version); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("stale close: %v", err)
	}
	_, _, err = b.Hiring.AddCandidate(ctx, b.HR, hiring.NewCandidate{Person: person.New{Name: "Ada", ChannelID: "channel-recruiter"}, JobID: jobID})
	if invalid, ok := apperr.AsInvalid(err); !ok || invalid.Fields["job"] == "" {
		t.Errorf("candidate for a closed job: %v", err)
	}
	if err := b.Hiring.ReopenJob(ctx, b.HR, jobID, job.Version+1); err != nil {
		t.Error(err)
	}
}

func TestAnotherManagerOrLevelCountsAtOnce(t *testing.T) {
	b := setup(t)
	jobID := b.Job(b.Manager, "level-pseudonymous")
	personID, appID := b.Candidate(jobID, "Ada Berg")
	if err := b.Move(b.HR, appID, "stage-application-review"); err != nil {
		t.Fatal(err)
	}
	if got := b.Person(personID).Missing; got != 2 {
		t.Errorf("%d missing at the pseudonymous level, want 2", got)
	}
	other := accounttest.Actor(t, b.DB, authz.HiringManager)
	job, _ := b.Hiring.Job(t.Context(), b.HR, jobID)
	err := b.Hiring.EditJob(t.Context(), b.HR, jobID, job.Version, hiring.NewJob{Title: "Auditor", LevelID: verified, ManagerID: other.ID})
	if err != nil {
		t.Fatal(err)
	}
	p := b.Person(personID)
	if p.Missing != 0 || *p.ManagerID != other.ID || p.JobTitle != "Auditor" {
		t.Errorf("after the edit: %+v", p)
	}
	if _, err := b.People.ByID(t.Context(), b.Manager, personID); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("the former manager still sees the candidate: %v", err)
	}
}

func TestAddCandidate(t *testing.T) {
	b := setup(t)
	jobID := b.Job(b.Manager, verified)
	referrerID, _ := b.Candidate(jobID, "Sam Okafor")
	n := hiring.NewCandidate{
		Person:   person.New{Name: "Ada Berg", TimeZone: "America/Toronto", ChannelID: "channel-recommendation"},
		Referrer: b.Person(referrerID).Number.String(), JobID: jobID,
		Claims: []claim.New{{Kind: claim.Name, Value: "Ada Berg"}, {Kind: claim.Employer, Value: "Northwind", Detail: claim.Detail{From: "2021-03"}}},
	}
	personID, appID, err := b.Hiring.AddCandidate(t.Context(), b.Manager, n)
	if err != nil {
		t.Fatal(err)
	}
	p, a := b.Person(personID), b.App(appID)
	if p.Status != person.Candidate || p.StageID != "stage-sourcing" || *p.ApplicationID != string(appID) || *p.ReferrerID != referrerID ||
		p.ReferrerName != "Sam Okafor" || p.JobTitle != a.JobTitle || *p.ManagerID != b.Manager.ID {
		t.Errorf("person %+v", p)
	}
	if claims, _ := b.Claims.ForPerson(t.Context(), b.DB.Pool(), personID); len(claims) != 3 || claims[1].Kind != claim.TimeZone {
		t.Errorf("claims %+v", claims)
	}
	if audited(t, b, "candidate.added") != 2 || audited(t, b, "application.added") != 2 {
		t.Error("audit entries are missing")
	}

	// What is wrong with the record's own fields is said there, not at a row of the claims.
	zone := n
	zone.Person.TimeZone, zone.Person.Name = "Mars/Phobos", "Ada\tBerg"
	_, _, err = b.Hiring.AddCandidate(t.Context(), b.Manager, zone)
	if invalid, ok := apperr.AsInvalid(err); !ok || len(invalid.Fields) != 2 || invalid.Fields["time_zone"] == "" || invalid.Fields["name"] == "" {
		t.Errorf("a zone that is none: %v %+v", err, invalid)
	}

	n.Person = person.New{ChannelID: "channel-none"}
	n.Claims = append(n.Claims, claim.New{Kind: claim.Email, Value: "nowhere"})
	_, _, err = b.Hiring.AddCandidate(t.Context(), b.Manager, n)
	invalid, ok := apperr.AsInvalid(err)
	if !ok || invalid.Fields["name"] == "" || invalid.Fields["channel"] == "" || invalid.Fields[claim.Field(2, "value")] == "" {
		t.Errorf("not all messages at once: %v", err)
	}
	// Nobody sees through the form who is on file.
	other := accounttest.Actor(t, b.DB, authz.HiringManager)
	otherJob := b.Job(other, verified)
	n = hiring.NewCandidate{Person: person.New{Name: "Kim", ChannelID: "channel-recommendation"}, Referrer: n.Referrer, JobID: otherJob}
	if invalid, ok := apperr.AsInvalid(func() error { _, _, err := b.Hiring.AddCandidate(t.Context(), other, n); return err }()); !ok || invalid.Fields["referrer"] == "" {
		t.Errorf("a referrer out of sight: %v", invalid)
	}
	n.Referrer, n.JobID = "", jobID
	if invalid, ok := apperr.AsInvalid(func() error { _, _, err := b.Hiring.AddCandidate(t.Context(), other, n); return err }()); !ok || invalid.Fields["job"] == "" {
		t.Errorf("a job of somebody else: %v", invalid)
	}
}

func TestEditCandidate(t *testing.T) {
	b := setup(t)
	jobID := b.Job(b.Manager, verified)
	personID, _ := b.Candidate(jobID, "Ada Berg", claim.New{Kind: claim.Name, Value: "Ada Berg"}, claim.New{Kind: claim.Phone, Value: "+1 416 555 0123"})
	p := b.Person(personID)
	edit := func(actor authz.Actor, n hiring.NewCandidate) error {
		return b.Hiring.EditCandidate(t.Context(), actor, personID, p.Version, n)
	}
	n := hiring.NewCandidate{Person: person.New{Name: "Ada Lind", ChannelID: "channel-recruiter"},
		Claims: []claim.New{{Kind: claim.Name, Value: "Ada Lind"}, {Kind: claim.Phone, Value: "+1 416 555 0123"}}}
	self := n
	self.Referrer = p.Number.String()
	if invalid, ok := apperr.AsInvalid(edit(b.HR, self)); !ok || invalid.Fields["referrer"] == "" {
		t.Errorf("recommending oneself: %v", invalid)
	}
	if err := edit(b.Manager, n); err != nil {
		t.Fatal(err)
	}
	claims, _ := b.Claims.ForPerson(t.Context(), b.DB.Pool(), personID)
	if len(claims) != 2 || claims[0].Value != "Ada Lind" || b.Person(personID).Name != "Ada Lind" {
		t.Errorf("claims %+v", claims)
	}
	if err := edit(b.HR, n); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a second edit of the same version: %v", err)
	}
	// An interviewer who happens to be a hiring manager too sees the person, but does not edit them.
	interviewer := accounttest.Actor(t, b.DB, authz.HiringManager, authz.Interviewer)
	interview(t, b, personID, interviewer)
	if _, err := b.People.ByID(t.Context(), interviewer, personID); err != nil {
		t.Fatal(err)
	}
	p = b.Person(personID)
	if err := edit(interviewer, n); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("an interviewer edits: %v", err)
	}
}

// interview makes the user an interviewer of the person.
func interview(t *testing.T, b *hiringtest.Bench, personID person.ID, user authz.Actor) {
	t.Helper()
	interviewID := id.New()
	if _, err := b.DB.Pool().Exec(t.Context(), `
		INSERT INTO interviews (id, application_id, person_id, job_id, stage_id, edition, kit, starts_at, created_at)
		SELECT $1, application_id, id, job_id, stage_id, '1.0.0', '{check-video-on}', now(), now() FROM people WHERE id = $2`, interviewID, personID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.DB.Pool().Exec(t.Context(), `INSERT INTO interviewers (interview_id, user_id) VALUES ($1, $2)`, interviewID, user.ID); err != nil {
		t.Fatal(err)
	}
}

// TestAJobFormSentTwiceOpensOneJob, and one that was filled in anew opens another.
func TestAJobFormSentTwiceOpensOneJob(t *testing.T) {
	b := setup(t)
	n := hiring.NewJob{ID: hiring.JobID(id.New()), Title: "Engineer", LevelID: verified, ManagerID: b.Manager.ID}
	open := func() hiring.JobID {
		jobID, err := b.Hiring.AddJob(t.Context(), b.HR, n)
		if err != nil {
			t.Fatal(err)
		}
		return jobID
	}
	first := open()
	if second := open(); first != n.ID || second != first {
		t.Errorf("opened %s and %s by the form %s", first, second, n.ID)
	}
	n.Title = "Designer"
	if other := open(); other == first {
		t.Error("another title found the first job")
	}
}

// TestWhoOwesAScorecardSeesTheGateBlind until it is submitted; whoever answers flags sees them all the same.
func TestWhoOwesAScorecardSeesTheGateBlind(t *testing.T) {
	b := setup(t)
	personID, appID := b.Candidate(b.Job(b.Manager, verified), "Ada Berg")
	blind := func(actor authz.Actor) string {
		g, err := b.Hiring.Gate(t.Context(), actor, appID, "stage-technical-interview")
		if err != nil {
			t.Fatal(err)
		}
		return g.Blind
	}
	if blind(b.Manager) != "" {
		t.Error("blind without an interview")
	}
	interview(t, b, personID, b.Manager)
	interview(t, b, personID, b.HR)
	if blind(b.Manager) != b.Manager.ID || blind(b.HR) != "" {
		t.Errorf("the manager's gate is blind for %q, HR's for %q", blind(b.Manager), blind(b.HR))
	}
	if _, err := b.DB.Pool().Exec(t.Context(), `UPDATE interviewers SET submitted_at = now()`); err != nil {
		t.Fatal(err)
	}
	if blind(b.Manager) != "" {
		t.Error("blind after the scorecard")
	}
}

func TestMoveThroughTheGates(t *testing.T) {
	b := setup(t)
	jobID := b.Job(b.Manager, verified)
	personID, appID := b.Candidate(jobID, "Ada Berg")
	for _, to := range []string{"stage-application-review", "stage-screening-call"} {
		if err := b.Move(b.Manager, appID, to); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.Person(personID).Missing; got != 1 {
		t.Errorf("%d missing at the screening call, want 1", got)
	}
	err := b.Move(b.Manager, appID, "stage-technical-interview")
	blocked, ok := hiring.AsBlocked(err)
	if !ok || !slices.Equal(blocked.Gate.Items(), []string{"check-video-on"}) || apperr.KindOf(err) != apperr.Stale {
		t.Fatalf("without an answer: %v", err)
	}
	b.Answer(personID, catalogue.NotDone, "check-video-on")
	if _, ok := hiring.AsBlocked(b.Move(b.Manager, appID, "stage-technical-interview")); !ok {
		t.Error("not done counts as answered")
	}
	b.Answer(personID, catalogue.Concern, "check-video-on")
	if got := b.Person(personID).Missing; got != 0 {
		t.Errorf("%d missing after the answer, want 0", got)
	}
	if err := b.Move(b.Manager, appID, "stage-technical-interview"); err != nil {
		t.Errorf("with an answer: %v", err)
	}
	a := b.App(appID)
	if a.StageID != "stage-technical-interview" || b.Person(personID).StageID != a.StageID {
		t.Errorf("application %+v", a)
	}
	if moves, err := b.Hiring.Moves(t.Context(), b.DB.Pool(), []hiring.ApplicationID{appID}); err != nil || len(moves) != 4 || moves[0].FromStage != "" || moves[3].MovedByName == "" {
		t.Errorf("moves %+v, %v", moves, err)
	}
	// Back needs a reason and no check.
	back := hiring.Move{ApplicationID: appID, Version: a.Version, To: "stage-screening-call"}
	if _, ok := apperr.AsInvalid(b.Hiring.Move(t.Context(), b.Manager, back)); !ok {
		t.Error("back without a reason")
	}
	back.Reason = "The call was cut off after five minutes."
	if err := b.Hiring.Move(t.Context(), b.Manager, back); err != nil {
		t.Error(err)
	}
	if err := b.Hiring.Move(t.Context(), b.Manager, back); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a move of an old version: %v", err)
	}
	for _, to := range []string{"stage-nowhere", hiring.StageEmployed, ""} {
		if _, ok := apperr.AsInvalid(b.Move(b.Manager, appID, to)); !ok {
			t.Errorf("moved to %q", to)
		}
	}
}

func TestAStandingStrongFlagPausesTheStage(t *testing.T) {
	b := setup(t)
	personID, appID := b.Candidate(b.Job(b.Manager, verified), "Ada Berg")
	var strong string
	for _, c := range b.Library.Current().Checks {
		if c.Strength == catalogue.Strong && !slices.Contains(b.Required(verified), c.ID) {
			strong = c.ID
			break
		}
	}
	b.Answer(personID, catalogue.RedFlag, strong)
	blocked, ok := hiring.AsBlocked(b.Move(b.HR, appID, "stage-application-review"))
	if !ok || len(blocked.Gate.Flags) != 1 || len(blocked.Gate.Missing()) != 0 {
		t.Fatalf("not paused: %+v", blocked)
	}
	f := blocked.Gate.Flags[0].Flag
	settle := func(to flag.State) {
		t.Helper()
		if err := b.Assess.Dispose(t.Context(), b.HR, f.ID, f.Version, to, "Both sightings fit together.", shown(t, b, personID)); err != nil {
			t.Fatal(err)
		}
		f.Version++
	}
	settle(flag.Confirmed)
	if _, ok := hiring.AsBlocked(b.Move(b.HR, appID, "stage-application-review")); !ok {
		t.Error("a confirmed flag lets pass")
	}
	settle(flag.Explained)
	if err := b.Move(b.HR, appID, "stage-application-review"); err != nil {
		t.Errorf("after the explanation: %v", err)
	}
}

func TestOverride(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	personID, appID := b.Candidate(b.Job(b.Manager, verified), "Ada Berg")
	lead := accounttest.Actor(t, b.DB, authz.SecurityLead)
	blocked, ok := hiring.AsBlocked(b.Move(b.Manager, appID, hiring.StageOffer))
	if !ok {
		t.Fatal("not blocked")
	}
	missing := blocked.Gate.Items()
	o := hiring.Override{ApplicationID: appID, Version: b.App(appID).Version, To: hiring.StageOffer, Items: missing[:2], Reason: "Met twice at the office before."}
	if err := b.Hiring.Override(ctx, b.Manager, o); apperr.KindOf(err) != apperr.Denied {
		t.Errorf("a hiring manager overrides: %v", err)
	}
	if err := b.Hiring.Override(ctx, authz.System("x"), o); apperr.KindOf(err) != apperr.Denied {
		t.Errorf("the system overrides: %v", err)
	}
	short := o
	short.Reason = "Because"
	if invalid, ok := apperr.AsInvalid(b.Hiring.Override(ctx, lead, short)); !ok || invalid.Fields["reason"] == "" {
		t.Error("a reason of one word")
	}
	other := o
	other.Items = []string{"check-first-day-identity"}
	if invalid, ok := apperr.AsInvalid(b.Hiring.Override(ctx, lead, other)); !ok || invalid.Fields["items"] == "" {
		t.Error("an override of what does not block")
	}
	before := b.Person(personID).Missing
	if err := b.Hiring.Override(ctx, lead, o); err != nil {
		t.Fatal(err)
	}
	if after := b.Person(personID).Missing; after > before {
		t.Errorf("missing went from %d to %d", before, after)
	}
	gate, err := b.Hiring.Gate(ctx, b.Manager, appID, hiring.StageOffer)
	if err != nil || !slices.Equal(gate.Items(), missing[2:]) {
		t.Errorf("after the override: %v, %v", gate.Items(), err)
	}
	b.Answer(personID, catalogue.Clear, gate.Items()...)
	if err := b.Move(b.Manager, appID, hiring.StageOffer); err != nil {
		t.Errorf("move after the override: %v", err)
	}
	left, err := b.Hiring.Overrides(ctx, b.DB.Pool(), []hiring.ApplicationID{appID})
	if err != nil || len(left) != 2 || left[0].Reason != o.Reason || left[0].OverriddenBy != lead.ID {
		t.Errorf("overrides %+v, %v", left, err)
	}
	if audited(t, b, "gate.overridden") != 1 {
		t.Error("no audit entry")
	}
}

func TestMoveWithAnOverride(t *testing.T) {
	b := setup(t)
	_, appID := b.Candidate(b.Job(b.Manager, verified), "Ada Berg")
	m := hiring.Move{ApplicationID: appID, Version: b.App(appID).Version, To: hiring.StageOffer, OverrideReason: "Known from three years of work here."}
	if err := b.Hiring.Move(t.Context(), b.HR, m); apperr.KindOf(err) != apperr.Denied {
		t.Errorf("HR overrides: %v", err)
	}
	both := accounttest.Actor(t, b.DB, authz.HR, authz.SecurityLead)
	if err := b.Hiring.Move(t.Context(), both, m); err != nil {
		t.Error(err)
	}
}

func TestHireAndEnd(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	jobID := b.Job(b.Manager, verified)
	personID, appID := b.Candidate(jobID, "Ada Berg")
	hire := func() (hiring.EngagementID, error) {
		return b.Hiring.Hire(ctx, b.HR, hiring.Hire{ApplicationID: appID, Version: b.App(appID).Version, Terms: b.Terms()})
	}
	if _, err := hire(); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("hired from the first stage: %v", err)
	}
	checks := b.Required(verified)
	b.Answer(personID, catalogue.Clear, slices.DeleteFunc(checks, func(c string) bool { return c == "check-bank-account-owner" || c == "check-first-day-identity" })...)
	if err := b.Move(b.HR, appID, hiring.StageOffer); err != nil {
		t.Fatal(err)
	}
	blocked, ok := hiring.AsBlocked(func() error { _, err := hire(); return err }())
	if !ok || !slices.Equal(blocked.Gate.Items(), []string{"check-bank-account-owner"}) {
		t.Fatalf("hired without the account's owner: %+v", blocked)
	}
	b.Answer(personID, catalogue.Clear, "check-bank-account-owner")
	engagementID, err := hire()
	if err != nil {
		t.Fatal(err)
	}
	p, a := b.Person(personID), b.App(appID)
	if p.Status != person.Engaged || p.StageID != hiring.StageEmployed || p.Missing != 1 || a.Status != hiring.Hired || a.EndedAt == nil {
		t.Errorf("person %+v, application %+v", p, a)
	}
	e, err := b.Hiring.Engagement(ctx, b.HR, engagementID)
	if err != nil || e.PersonName != "Ada Berg" || len(e.Accounts) != 1 || *e.ApplicationID != appID {
		t.Fatalf("engagement %+v, %v", e, err)
	}
	due, err := b.Hiring.Due(ctx, b.HR, e)
	if err != nil || len(due) != 1 || due[0].Check.ID != "check-first-day-identity" {
		t.Errorf("due: %+v, %v", due, err)
	}

	end := hiring.End{EngagementID: engagementID, Version: e.Version, On: b.DB.Now(), Reason: "The contract ran out."}
	early, late := end, end
	early.On, late.On = e.StartedOn.AddDate(0, 0, -1), b.DB.Now().AddDate(0, 0, 3)
	for _, wrong := range []hiring.End{early, late} {
		if invalid, ok := apperr.AsInvalid(b.Hiring.End(ctx, b.HR, wrong)); !ok || invalid.Fields["ended_on"] == "" {
			t.Errorf("ended on %s", wrong.On)
		}
	}
	if err := b.Hiring.End(ctx, b.HR, end); err != nil {
		t.Fatal(err)
	}
	if p := b.Person(personID); p.Status != person.Former || p.StageID != "" {
		t.Errorf("after the end: %+v", p)
	}
	end.Version++
	if err := b.Hiring.End(ctx, b.HR, end); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("ended twice: %v", err)
	}
	if audited(t, b, "engagement.begun") != 1 || audited(t, b, "engagement.ended") != 1 {
		t.Error("audit entries are missing")
	}
}

func TestEditEngagement(t *testing.T) {
	b := setup(t)
	personID, engagementID := b.Engage(b.Job(b.Manager, verified), "Ada Berg", b.Terms())
	terms := b.Terms()
	terms.Title, terms.Accounts = "Senior engineer", []hiring.Account{{System: "GitHub", Account: "ada"}, {System: "Slack", Account: "ada"}}
	e, _ := b.Hiring.Engagement(t.Context(), b.HR, engagementID)
	if err := b.Hiring.EditEngagement(t.Context(), b.HR, engagementID, e.Version, terms); err != nil {
		t.Fatal(err)
	}
	if err := b.Hiring.EditEngagement(t.Context(), b.HR, engagementID, e.Version, terms); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("stale: %v", err)
	}
	e, err := b.Hiring.Engagement(t.Context(), b.HR, engagementID)
	if err != nil || len(e.Accounts) != 2 || b.Person(personID).JobTitle != "Senior engineer" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestCloseAndReopen(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	jobID := b.Job(b.Manager, verified)
	personID, appID := b.Candidate(jobID, "Ada Berg")
	closing := hiring.Closing{ApplicationID: appID, Version: b.App(appID).Version, Reason: "no"}
	if invalid, ok := apperr.AsInvalid(b.Hiring.CloseApplication(ctx, b.Manager, closing)); !ok || invalid.Fields["reason"] == "" {
		t.Error("closed without a reason")
	}
	closing.Reason, closing.Withdrawn = "Took another offer.", true
	if err := b.Hiring.CloseApplication(ctx, b.Manager, closing); err != nil {
		t.Fatal(err)
	}
	a := b.App(appID)
	if a.Status != hiring.Withdrawn || a.EndedReason != closing.Reason || b.Person(personID).Status != person.Closed {
		t.Errorf("application %+v", a)
	}
	if err := b.Move(b.Manager, appID, hiring.StageOffer); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("moved after the end: %v", err)
	}
	again, err := b.Hiring.Apply(ctx, b.HR, personID, jobID)
	if err != nil {
		t.Fatalf("apply again: %v", err)
	}
	if err := b.Hiring.Reopen(ctx, b.Manager, appID, a.Version, "The other offer fell through."); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("reopened beside another: %v", err)
	}
	if err := b.Hiring.CloseApplication(ctx, b.Manager, hiring.Closing{ApplicationID: again, Version: b.App(again).Version, Reason: "Entered by mistake."}); err != nil {
		t.Fatal(err)
	}
	if err := b.Hiring.Reopen(ctx, b.Manager, appID, b.App(appID).Version, "The other offer fell through."); err != nil {
		t.Fatal(err)
	}
	if p := b.Person(personID); p.Status != person.Candidate || *p.ApplicationID != string(appID) || p.StageID != "stage-sourcing" {
		t.Errorf("after reopening: %+v", p)
	}
}

// shown adds evidence about the person.
func shown(t *testing.T, b *hiringtest.Bench, personID person.ID) []evidence.ID {
	t.Helper()
	return []evidence.ID{evidencetest.Note(t, evidencetest.Service(t, b.DB), b.HR, string(personID))}
}

// TestFlagsRestOnceHiringHasEnded: nobody is asked about a closed application, what was seen stays answerable, and
// reopening asks again.
func TestFlagsRestOnceHiringHasEnded(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	personID, appID := b.Candidate(b.Job(b.Manager, verified), "Ada Berg")
	checks := b.Required(verified)
	b.Answer(personID, catalogue.RedFlag, checks[0], checks[1])
	waiting := func(want int, when string) {
		t.Helper()
		list, err := b.Flags.Waiting(ctx, b.HR, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Person(personID).OpenFlags; len(list.Items) != want || got != want {
			t.Errorf("%s %d flags wait and the row says %d, want %d", when, len(list.Items), got, want)
		}
	}
	waiting(2, "in hiring")
	if err := b.Hiring.CloseApplication(ctx, b.Manager, hiring.Closing{ApplicationID: appID, Version: b.App(appID).Version, Reason: "Nobody came to the second call."}); err != nil {
		t.Fatal(err)
	}
	waiting(0, "after the end")
	b.Answer(personID, catalogue.RedFlag, checks[2])
	waiting(0, "with one that came late")
	flags, err := b.Flags.ForPerson(ctx, b.DB.Pool(), personID)
	if err != nil || len(flags) != 3 || !flags[0].Unanswered() {
		t.Fatalf("flags %+v, %v", flags, err)
	}
	if err := b.Assess.Dispose(ctx, b.HR, flags[0].ID, flags[0].Version, flag.Explained, "The line was bad.", shown(t, b, personID)); err != nil {
		t.Errorf("answer a flag that rests: %v", err)
	}
	if err := b.Hiring.Reopen(ctx, b.Manager, appID, b.App(appID).Version, "They wrote again."); err != nil {
		t.Fatal(err)
	}
	waiting(2, "after reopening")
}

// TestTwoApplications: the row shows the one that has come furthest, and both managers see the person.
func TestTwoApplications(t *testing.T) {
	b := setup(t)
	other := accounttest.Actor(t, b.DB, authz.HiringManager)
	personID, first := b.Candidate(b.Job(b.Manager, verified), "Ada Berg")
	if err := b.Move(b.HR, first, "stage-screening-call"); err != nil {
		t.Fatal(err)
	}
	otherJob := b.Job(other, verified)
	if _, err := b.Hiring.Apply(t.Context(), other, personID, otherJob); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("a manager takes a person whom they do not see: %v", err)
	}
	second, err := b.Hiring.Apply(t.Context(), b.HR, personID, otherJob)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Hiring.Apply(t.Context(), b.HR, personID, otherJob); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("applied twice: %v", err)
	}
	if p := b.Person(personID); *p.ApplicationID != string(first) || !b.App(second).Aside {
		t.Errorf("the row shows %v", *p.ApplicationID)
	}
	for _, manager := range []authz.Actor{b.Manager, other} {
		if _, err := b.People.ByID(t.Context(), manager, personID); err != nil {
			t.Errorf("a manager of one of the jobs: %v", err)
		}
	}
	if err := b.Move(other, first, "stage-sourcing"); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("moved in somebody else's job: %v", err)
	}
	if err := b.Hiring.CloseApplication(t.Context(), b.Manager, hiring.Closing{ApplicationID: first, Version: b.App(first).Version, Reason: "The job was filled."}); err != nil {
		t.Fatal(err)
	}
	if p := b.Person(personID); *p.ApplicationID != string(second) || b.App(second).Aside || !b.App(first).Aside {
		t.Errorf("after the first was closed the row shows %v", *p.ApplicationID)
	}
}

// TestRowsOfOthers is the matrix of who may act on an application and see its job.
func TestRowsOfOthers(t *testing.T) {
	b := setup(t)
	jobID := b.Job(b.Manager, verified)
	personID, appID := b.Candidate(jobID, "Ada Berg")
	interviewer := accounttest.Actor(t, b.DB, authz.Interviewer)
	interview(t, b, personID, interviewer)
	themselves := accounttest.Actor(t, b.DB, authz.HR)
	themselves.PersonID = string(personID)
	tests := []struct {
		name          string
		actor         authz.Actor
		job, act, see bool
	}{
		{"HR", b.HR, true, true, true},
		{"the manager", b.Manager, true, true, true},
		{"another manager", accounttest.Actor(t, b.DB, authz.HiringManager), false, false, false},
		{"the interviewer", interviewer, false, false, true},
		{"an administrator", accounttest.Actor(t, b.DB, authz.Administrator), false, false, false},
		{"the person", themselves, true, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := func(what string, err error, want bool) {
				t.Helper()
				if err != nil && apperr.KindOf(err) != apperr.NotFound || (err == nil) != want {
					t.Errorf("%s: %v, want %v", what, err, want)
				}
			}
			_, err := b.Hiring.Job(t.Context(), tt.actor, jobID)
			seen("job", err, tt.job)
			_, err = b.Hiring.Application(t.Context(), tt.actor, appID)
			seen("application", err, tt.act)
			_, err = b.Hiring.Gate(t.Context(), tt.actor, appID, "")
			seen("gate", err, tt.act)
			_, err = b.Hiring.Applications(t.Context(), tt.actor, personID)
			seen("applications", err, tt.see)
			err = b.Hiring.CloseApplication(t.Context(), tt.actor, hiring.Closing{ApplicationID: appID, Version: -1, Reason: "To see what happens."})
			if want := map[bool]apperr.Kind{true: apperr.Stale, false: apperr.NotFound}[tt.act]; apperr.KindOf(err) != want {
				t.Errorf("close: %v", err)
			}
			jobs, err := b.Hiring.Jobs(t.Context(), tt.actor, hiring.JobFilter{})
			if err != nil || (len(jobs.Items) == 1) != tt.job {
				t.Errorf("jobs: %d, %v", len(jobs.Items), err)
			}
		})
	}
}

func TestBoard(t *testing.T) {
	b := setup(t)
	jobID := b.Job(b.Manager, verified)
	other := b.Job(accounttest.Actor(t, b.DB, authz.HiringManager), verified)
	for i := range 32 {
		b.Candidate(jobID, fmt.Sprintf("Person %d", i))
	}
	_, moved := b.Candidate(other, "Ada Berg")
	if err := b.Move(b.HR, moved, "stage-screening-call"); err != nil {
		t.Fatal(err)
	}
	b.Engage(jobID, "Engaged Elsewhere", b.Terms())
	columns, err := b.Hiring.Board(t.Context(), b.HR, person.Filter{})
	if err != nil || len(columns) != 8 {
		t.Fatalf("%d columns, %v", len(columns), err)
	}
	if first := columns[0]; first.Count != 32 || len(first.Cards) != 30 || first.More || first.Cards[0].Name != "Person 31" {
		t.Errorf("first column: %d counted, %d cards, first %q", first.Count, len(first.Cards), first.Cards[0].Name)
	}
	card := columns[2].Cards[0]
	if card.Name != "Ada Berg" || *card.ApplicationID != string(moved) || card.Version != b.App(moved).Version {
		t.Errorf("card %+v", card)
	}
	mine, err := b.Hiring.Board(t.Context(), b.Manager, person.Filter{Text: "Person 3"})
	if err != nil || mine[0].Count != 3 || mine[2].Count != 0 {
		t.Errorf("the manager's: %+v, %v", mine[0], err)
	}
	stages, err := b.Hiring.Applicants(t.Context(), b.Manager, jobID)
	if err != nil || len(stages) != 1 || stages[0].Count != 32 || len(stages[0].Items) != 32 {
		t.Errorf("applicants: %+v, %v", stages, err)
	}
}

// TestListsShowEveryRowOnce walks the lists of jobs and engagements there and back, with many equal keys.
func TestListsShowEveryRowOnce(t *testing.T) {
	b := setup(t)
	now := b.DB.Now()
	b.DB.SetClock(func() time.Time { return now }) // every job at the same moment
	for range 23 {
		b.Job(b.Manager, "level-pseudonymous")
	}
	jobID := b.Job(b.Manager, "level-pseudonymous")
	for i := range 5 {
		terms := b.Terms()
		terms.StartedOn = terms.StartedOn.AddDate(0, 0, i/2)
		b.Engage(jobID, fmt.Sprintf("Person %d", i), terms)
	}
	walk := func(name string, total int, read func(after, before string) (ids []string, previous, next string)) {
		onward, previous, next := read("", "")
		if previous != "" {
			t.Errorf("%s: the first page has a page before it", name)
		}
		last := onward
		for next != "" {
			last, previous, next = read(next, "")
			onward = append(slices.Clone(onward), last...)
		}
		distinct := slices.Compact(slices.Sorted(slices.Values(onward)))
		if len(onward) != total || len(distinct) != total {
			t.Errorf("%s: %d rows, %d different, want %d", name, len(onward), len(distinct), total)
		}
		back := last
		for previous != "" {
			var page []string
			page, previous, _ = read("", previous)
			back = append(slices.Clone(page), back...)
		}
		if !slices.Equal(back, onward) {
			t.Errorf("%s: going back shows other rows than going on", name)
		}
	}
	walk("jobs", 24, func(after, before string) (ids []string, previous, next string) {
		got, err := b.Hiring.Jobs(t.Context(), b.HR, hiring.JobFilter{After: after, Before: before, Size: 5})
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range got.Items {
			ids = append(ids, string(j.ID))
		}
		return ids, got.Previous, got.Next
	})
	walk("engagements", 5, func(after, before string) (ids []string, previous, next string) {
		got, err := b.Hiring.Engagements(t.Context(), b.HR, hiring.EngagementFilter{After: after, Before: before, Size: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got.Items {
			ids = append(ids, string(e.ID))
		}
		return ids, got.Previous, got.Next
	})
}

func TestEngagementFilterAndAccountOwners(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	jobID := b.Job(b.Manager, "level-pseudonymous")
	with := func(accounts ...string) hiring.Terms {
		terms := b.Terms()
		terms.Accounts = nil
		for _, a := range accounts {
			terms.Accounts = append(terms.Accounts, hiring.Account{System: "GitHub", Account: a})
		}
		return terms
	}
	ada, adaAt := b.Engage(jobID, "Ada Berg", with("Ada-Berg", "shared"))
	sam, samAt := b.Engage(jobID, "Sam Okafor", with("sam", "shared"))
	old, oldAt := b.Engage(jobID, "Kim Ito", with("sam", "kim"))
	if err := b.Hiring.End(ctx, b.HR, hiring.End{EngagementID: oldAt, Version: 1, On: b.DB.Now(), Reason: "The contract ran out."}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		filter hiring.EngagementFilter
		want   int
	}{
		"all":              {hiring.EngagementFilter{}, 3},
		"a name":           {hiring.EngagementFilter{Text: "okaf"}, 1},
		"an account":       {hiring.EngagementFilter{Text: "ADA-"}, 1},
		"a shared account": {hiring.EngagementFilter{Text: "shared"}, 2},
		"a number":         {hiring.EngagementFilter{Text: b.Person(old).Number.String()}, 1},
		"no wildcard":      {hiring.EngagementFilter{Text: "%"}, 0},
		"running":          {hiring.EngagementFilter{Running: true}, 2},
		"ended":            {hiring.EngagementFilter{Ended: true}, 1},
		"contractors":      {hiring.EngagementFilter{Kind: hiring.Contractor}, 0},
	} {
		got, err := b.Hiring.Engagements(ctx, b.HR, tt.filter)
		if err != nil || len(got.Items) != tt.want {
			t.Errorf("%s: %d, %v; want %d", name, len(got.Items), err, tt.want)
		}
	}
	owners, err := b.Hiring.AccountOwners(ctx, b.DB.Pool(), []string{"ADA-BERG", "sam", "kim", "shared", "nobody"})
	want := map[string]hiring.Owner{"ADA-BERG": {PersonID: ada, EngagementID: adaAt}, "sam": {PersonID: sam, EngagementID: samAt}, "kim": {PersonID: old, EngagementID: oldAt}}
	if err != nil || fmt.Sprint(owners) != fmt.Sprint(want) {
		t.Errorf("owners %v, %v; want %v", owners, err, want)
	}
}

func TestEndInsideAnothersTransaction(t *testing.T) {
	b := setup(t)
	_, engagementID := b.Engage(b.Job(b.Manager, "level-pseudonymous"), "Ada Berg", b.Terms())
	err := b.DB.Write(t.Context(), b.HR, func(tx *db.Tx) error {
		return b.Hiring.EndEngagement(t.Context(), tx, hiring.End{EngagementID: engagementID, Version: 1, On: tx.Now, Reason: strings.Repeat("x", 10)})
	})
	if err != nil {
		t.Error(err)
	}
}
