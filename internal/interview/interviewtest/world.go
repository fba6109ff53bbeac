// Package interviewtest builds the little world that tests of interviews need: a job, an applicant, and people of
// every role. It owns no tables; rows of other features are made through their services or, where those ask for
// more than a test needs, directly.
package interviewtest

import (
	"crypto/rand"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/interview"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/platform/seal"
)

// Stage is where the world's application stands, Level what its job asks for.
const (
	Stage = "stage-screening-call"
	Level = "level-verified"
)

// World is an application at its screening call and the people around it.
type World struct {
	DB          *db.DB
	Catalogue   *catalogue.Library
	Interviews  *interview.Service
	Person      person.ID
	Job         hiring.JobID
	Application hiring.ApplicationID
	// Ada, Ben and Cleo interview; the others are called as their roles.
	Ada, Ben, Cleo, HR, Manager, OtherManager, Analyst, Auditor, Finance, Admin account.User
}

// New makes the world in a database of its own.
func New(t testing.TB) *World {
	t.Helper()
	lib, err := catalogue.Load()
	must(t, err)
	w := &World{DB: dbtest.New(t), Catalogue: lib}
	people := w.services(t)
	return w.fill(t, people)
}

// In makes the world in a running installation.
func In(t testing.TB, d *db.DB, lib *catalogue.Library, people *person.Service, interviews *interview.Service) *World {
	t.Helper()
	w := &World{DB: d, Catalogue: lib, Interviews: interviews}
	return w.fill(t, people)
}

func (w *World) fill(t testing.TB, people *person.Service) *World {
	t.Helper()
	for u, role := range map[*account.User]authz.Role{
		&w.Ada: authz.Interviewer, &w.Ben: authz.Interviewer, &w.Cleo: authz.Interviewer, &w.HR: authz.HR,
		&w.Manager: authz.HiringManager, &w.OtherManager: authz.HiringManager, &w.Analyst: authz.SecurityAnalyst,
		&w.Auditor: authz.Auditor, &w.Finance: authz.Finance, &w.Admin: authz.Administrator,
	} {
		u.Roles = []authz.Role{role}
	}
	for name, u := range map[string]*account.User{"Ada": &w.Ada, "Ben": &w.Ben, "Cleo": &w.Cleo, "Hana": &w.HR, "Mira": &w.Manager,
		"Otto": &w.OtherManager, "Ana": &w.Analyst, "Udo": &w.Auditor, "Finn": &w.Finance, "Admin": &w.Admin} {
		w.addUser(t, name, u)
	}
	w.addApplication(t, people)
	return w
}

func (w *World) services(t testing.TB) *person.Service {
	t.Helper()
	store, err := blob.OpenDisk(t.TempDir())
	must(t, err)
	master := make([]byte, 32)
	rand.Read(master)
	keys, err := seal.NewKeyring(master)
	must(t, err)
	people := person.NewService(w.DB, keys)
	ev := evidence.NewService(w.DB, store, people, 1<<20)
	assess := assessment.NewService(w.DB, w.Catalogue, people, flag.NewService(w.DB, w.Catalogue))
	w.Interviews = interview.NewService(w.DB, w.Catalogue, people, ev, assess)
	return people
}

func (w *World) addUser(t testing.TB, name string, u *account.User) {
	t.Helper()
	u.ID, u.Name, u.TimeZone, u.Version = account.ID(id.New()), name, "UTC", 1
	u.Email = name + "@example.com"
	w.exec(t, `INSERT INTO users (id, email, name, password_hash, roles, created_at) VALUES ($1, $2, $3, 'none', $4, $5)`,
		u.ID, u.Email, u.Name, u.Roles, w.DB.Now())
}

func (w *World) addApplication(t testing.TB, people *person.Service) {
	t.Helper()
	w.Job, w.Application = hiring.JobID(id.New()), hiring.ApplicationID(id.New())
	edition := w.Catalogue.Current().Version()
	w.exec(t, `INSERT INTO jobs (id, title, level_id, edition, manager_id, created_at) VALUES ($1, 'Engineer', $2, $3, $4, $5)`,
		w.Job, Level, edition, w.Manager.ID, w.DB.Now())
	must(t, w.DB.Write(t.Context(), authz.System("test"), func(tx *db.Tx) error {
		var err error
		w.Person, err = people.Add(t.Context(), tx, person.New{Name: "Robin Castell", Location: "Toronto", TimeZone: "America/Toronto"})
		if err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "candidate.added", SubjectKind: "person", SubjectID: string(w.Person)})
		return people.SetPlace(t.Context(), tx, w.Person, person.Place{Status: person.Candidate,
			ApplicationID: (*string)(&w.Application), JobID: (*string)(&w.Job), JobTitle: "Engineer",
			ManagerID: (*string)(&w.Manager.ID), StageID: Stage, StageSince: &tx.Now})
	}))
	w.exec(t, `INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, applied_at) VALUES ($1, $2, $3, $4, $5, $6, $6)`,
		w.Application, w.Person, w.Job, edition, Stage, w.DB.Now())
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

func (w *World) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	_, err := w.DB.Pool().Exec(t.Context(), sql, args...)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
