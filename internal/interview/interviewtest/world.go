// Package interviewtest builds the little world that tests of interviews need: a job, an applicant at the screening
// call, and people of every role. It owns nothing.
package interviewtest

import (
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/evidence/evidencetest"
	"gatehouse/internal/hiring"
	"gatehouse/internal/hiring/hiringtest"
	"gatehouse/internal/interview"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
)

// Stage is where the world's application stands, Level what its job asks for.
const (
	Stage = "stage-screening-call"
	Level = "level-verified"
)

// World is an application at its screening call and the people around it.
type World struct {
	DB          *db.DB
	Interviews  *interview.Service
	Person      person.ID
	Application hiring.ApplicationID
	// Ada, Ben and Cleo interview; the others are called as their roles.
	Ada, Ben, Cleo, HR, Manager, OtherManager, Analyst, Auditor, Finance, Admin account.User
}

// New makes the world in a database of its own.
func New(t testing.TB) *World {
	t.Helper()
	d := dbtest.New(t)
	bench := hiringtest.New(t, d)
	return In(t, d, bench.Hiring, interview.NewService(d, bench.Library, bench.People, evidencetest.Service(t, d), bench.Assess))
}

// In makes the world in a running installation.
func In(t testing.TB, d *db.DB, jobs *hiring.Service, interviews *interview.Service) *World {
	t.Helper()
	named := func(name string, role authz.Role) account.User { return accounttest.Named(t, d, name, role) }
	w := &World{DB: d, Interviews: interviews,
		Ada: named("Ada", authz.Interviewer), Ben: named("Ben", authz.Interviewer), Cleo: named("Cleo", authz.Interviewer),
		HR: named("Hana", authz.HR), Manager: named("Mira", authz.HiringManager), OtherManager: named("Otto", authz.HiringManager),
		Analyst: named("Ana", authz.SecurityAnalyst), Auditor: named("Udo", authz.Auditor), Finance: named("Finn", authz.Finance),
		Admin: named("Alma", authz.Administrator)}
	job, err := jobs.AddJob(t.Context(), w.HR.Actor(), hiring.NewJob{Title: "Engineer", LevelID: Level, ManagerID: string(w.Manager.ID)})
	must(t, err)
	w.Person, w.Application, err = jobs.AddCandidate(t.Context(), w.HR.Actor(), hiring.NewCandidate{JobID: job,
		Person: person.New{Name: "Robin Castell", Location: "Toronto", TimeZone: "America/Toronto", ChannelID: "channel-public-application"}})
	must(t, err)
	a, err := jobs.Application(t.Context(), w.HR.Actor(), w.Application)
	must(t, err)
	must(t, jobs.Move(t.Context(), w.HR.Actor(), hiring.Move{ApplicationID: w.Application, Version: a.Version, To: Stage}))
	return w
}

// Plan is a plan for tomorrow with the stage's kit.
func (w *World) Plan(interviewers ...account.User) interview.Plan {
	p := interview.Plan{StartsAt: w.DB.Now().Add(24 * time.Hour), Minutes: 45, Place: "https://meet.example.com/room"}
	for _, u := range interviewers {
		p.Interviewers = append(p.Interviewers, u.ID)
	}
	return p
}

// Schedule plans an interview for tomorrow.
func (w *World) Schedule(t testing.TB, interviewers ...account.User) interview.ID {
	t.Helper()
	iv, err := w.Interviews.Schedule(t.Context(), w.HR.Actor(), w.Application, w.Plan(interviewers...))
	must(t, err)
	return iv
}

// Save keeps a draft answer.
func (w *World) Save(t testing.TB, u account.User, iv interview.ID, a interview.Answer) interview.Answer {
	t.Helper()
	stored, err := w.Interviews.SaveAnswer(t.Context(), u.Actor(), iv, a)
	must(t, err)
	return stored
}

// Enter reads the room as the user sees it.
func (w *World) Enter(t testing.TB, u account.User, iv interview.ID) interview.Room {
	t.Helper()
	room, err := w.Interviews.Enter(t.Context(), u.Actor(), iv)
	must(t, err)
	return room
}

// Submit freezes the user's answers as they are.
func (w *World) Submit(t testing.TB, u account.User, iv interview.ID) {
	t.Helper()
	must(t, w.Interviews.Submit(t.Context(), u.Actor(), iv, interview.Submission{Mark: w.Enter(t, u, iv).Draft.Mark()}))
}

// Outcome is what was passed on about the person for a check.
func (w *World) Outcome(t testing.TB, checkID string) string {
	t.Helper()
	var answer string
	must(t, w.DB.Pool().QueryRow(t.Context(), `SELECT answer FROM outcomes WHERE person_id = $1 AND item_id = $2 AND origin_kind = 'answer'`,
		w.Person, checkID).Scan(&answer))
	return answer
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
