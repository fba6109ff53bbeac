package journeys

import (
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/interview"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
)

// system arranges what another journey goes through in the browser.
var system = authz.System("test")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// job opens a job at the level that most have.
func (w *world) job(title string, manager account.User) hiring.JobID {
	w.t.Helper()
	id, err := w.Features.Hiring.AddJob(w.t.Context(), system, hiring.NewJob{Title: title, LevelID: "level-verified", ManagerID: string(manager.ID)})
	must(w.t, err)
	return id
}

// applicant adds a candidate for a job and moves them to a stage.
func (w *world) applicant(job hiring.JobID, name, stage string) (person.ID, hiring.ApplicationID) {
	w.t.Helper()
	personID, appID, err := w.Features.Hiring.AddCandidate(w.t.Context(), system, hiring.NewCandidate{JobID: job, Person: person.New{
		Name: name, Location: "Toronto", TimeZone: "America/Toronto", ChannelID: "channel-public-application"}})
	must(w.t, err)
	w.move(appID, stage)
	return personID, appID
}

func (w *world) move(appID hiring.ApplicationID, stage string) {
	w.t.Helper()
	a, err := w.Features.Hiring.Application(w.t.Context(), system, appID)
	must(w.t, err)
	if a.StageID != stage {
		must(w.t, w.Features.Hiring.Move(w.t.Context(), system, hiring.Move{ApplicationID: appID, Version: a.Version, To: stage}))
	}
}

// meeting plans an interview that begins in a quarter of an hour.
func (w *world) meeting(appID hiring.ApplicationID, interviewers ...account.User) interview.ID {
	w.t.Helper()
	plan := interview.Plan{StartsAt: w.DB.Now().Add(15 * time.Minute), Minutes: 45, Place: "https://meet.example.com/room"}
	for _, u := range interviewers {
		plan.Interviewers = append(plan.Interviewers, u.ID)
	}
	id, err := w.Features.Interviews.Schedule(w.t.Context(), system, appID, plan)
	must(w.t, err)
	return id
}

// answer records checks outside an interview.
func (w *world) answer(personID person.ID, answer catalogue.Answer, note string, checks ...string) {
	w.t.Helper()
	for _, check := range checks {
		must(w.t, w.Features.Assess.RecordCheck(w.t.Context(), system, personID, assessment.RecordedCheck{CheckID: check, Answer: answer, Note: note}))
	}
}
