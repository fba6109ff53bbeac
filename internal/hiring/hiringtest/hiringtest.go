// Package hiringtest makes jobs, candidates and engagements for tests. It owns nothing.
package hiringtest

import (
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Bench is the services that hiring stands on, over one database, with one HR person and one hiring manager.
type Bench struct {
	DB      *db.DB
	Library *catalogue.Library
	People  *person.Service
	Claims  *claim.Service
	Flags   *flag.Service
	Assess  *assessment.Service
	Hiring  *hiring.Service
	HR      authz.Actor
	Manager authz.Actor
	t       testing.TB
}

// New sets the services up over d.
func New(t testing.TB, d *db.DB) *Bench {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := &Bench{DB: d, Library: lib, People: persontest.Service(t, d), Claims: claim.NewService(d, lib, persontest.Service(t, d)), Flags: flag.NewService(d, lib), t: t}
	b.Assess = assessment.NewService(d, lib, b.People, b.Flags)
	b.Hiring = hiring.NewService(d, lib, b.People, b.Claims, b.Assess)
	b.HR = accounttest.Actor(t, d, authz.HR)
	b.Manager = accounttest.Actor(t, d, authz.HiringManager)
	return b
}

// Job opens a job of the manager at the level.
func (b *Bench) Job(manager authz.Actor, level string) hiring.JobID {
	b.t.Helper()
	jobID, err := b.Hiring.AddJob(b.t.Context(), b.HR, hiring.NewJob{Title: "Smart-contract engineer", LevelID: level, ManagerID: manager.ID})
	if err != nil {
		b.t.Fatalf("add a job: %v", err)
	}
	return jobID
}

// Candidate adds a candidate for the job.
func (b *Bench) Candidate(jobID hiring.JobID, name string, claims ...claim.New) (person.ID, hiring.ApplicationID) {
	b.t.Helper()
	personID, appID, err := b.Hiring.AddCandidate(b.t.Context(), b.HR, hiring.NewCandidate{
		Person: person.New{Name: name, Location: "Toronto", TimeZone: "America/Toronto", ChannelID: "channel-public-application"},
		JobID:  jobID, Claims: claims})
	if err != nil {
		b.t.Fatalf("add a candidate: %v", err)
	}
	return personID, appID
}

// App reads an application.
func (b *Bench) App(appID hiring.ApplicationID) hiring.Application {
	b.t.Helper()
	a, err := b.Hiring.Application(b.t.Context(), b.HR, appID)
	if err != nil {
		b.t.Fatalf("read the application: %v", err)
	}
	return a
}

// Person reads a person.
func (b *Bench) Person(personID person.ID) person.Person {
	b.t.Helper()
	p, err := b.People.ByID(b.t.Context(), authz.System("test"), personID)
	if err != nil {
		b.t.Fatalf("read the person: %v", err)
	}
	return p
}

// Answer records the answer to checks, made outside an interview.
func (b *Bench) Answer(personID person.ID, answer catalogue.Answer, checks ...string) {
	b.t.Helper()
	for _, check := range checks {
		err := b.Assess.RecordCheck(b.t.Context(), b.HR, personID, assessment.RecordedCheck{CheckID: check, Answer: answer, Note: "As seen."})
		if err != nil {
			b.t.Fatalf("record %s: %v", check, err)
		}
	}
}

// Move moves an application.
func (b *Bench) Move(actor authz.Actor, appID hiring.ApplicationID, to string) error {
	b.t.Helper()
	return b.Hiring.Move(b.t.Context(), actor, hiring.Move{ApplicationID: appID, Version: b.App(appID).Version, To: to})
}

// Required are the ids of the checks that a level requires.
func (b *Bench) Required(level string) []string {
	var ids []string
	for _, c := range b.Library.Current().Required(level) {
		ids = append(ids, c.ID)
	}
	return ids
}

// Terms are those of an ordinary engagement under the manager.
func (b *Bench) Terms() hiring.Terms {
	return hiring.Terms{Kind: hiring.Employee, Title: "Engineer", ManagerID: b.Manager.ID,
		StartedOn: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Device: "Laptop", DeviceSerial: "SN-1",
		Accounts: []hiring.Account{{System: "GitHub", Account: "robin-vale"}}}
}

// Engage brings a candidate, of whom every required check is clear, through to an engagement.
func (b *Bench) Engage(jobID hiring.JobID, name string, terms hiring.Terms) (person.ID, hiring.EngagementID) {
	b.t.Helper()
	personID, appID := b.Candidate(jobID, name)
	b.Answer(personID, catalogue.Clear, b.Required(b.App(appID).LevelID)...)
	if err := b.Move(b.HR, appID, hiring.StageOffer); err != nil {
		b.t.Fatalf("move to the offer: %v", err)
	}
	engagementID, err := b.Hiring.Hire(b.t.Context(), b.HR, hiring.Hire{ApplicationID: appID, Version: b.App(appID).Version, Terms: terms})
	if err != nil {
		b.t.Fatalf("hire: %v", err)
	}
	return personID, engagementID
}
