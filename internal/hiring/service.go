package hiring

import (
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
)

// Service is hiring: jobs, candidates on their way through the stages, engagements.
type Service struct {
	db     *db.DB
	lib    *catalogue.Library
	people *person.Service
	claims *claim.Service
	assess *assessment.Service
}

// NewService returns a Service over the database, the catalogue, and the features it stands on.
func NewService(d *db.DB, lib *catalogue.Library, people *person.Service, claims *claim.Service, assess *assessment.Service) *Service {
	return &Service{db: d, lib: lib, people: people, claims: claims, assess: assess}
}

// visibleJobs adds the condition under which the actor sees the row of jobs known by alias, and may act on its
// applications: whoever sees all people sees all jobs, a hiring manager their own, nobody else any.
func visibleJobs(actor authz.Actor, w *db.Where, alias string) {
	switch {
	case actor.SeesAllPeople():
	case actor.Kind == authz.KindUser && actor.Has(authz.HiringManager):
		w.Add(alias+".manager_id = ?", actor.ID)
	default:
		w.Add("false")
	}
}

// levelEdition is the edition to read an application's required checks from: its own, unless the job's level is
// younger than that. An unknown level must not mean that nothing is required.
func (s *Service) levelEdition(edition, levelID string) *catalogue.Edition {
	ed := s.lib.At(edition)
	if _, ok := ed.Level(levelID); !ok {
		return s.lib.Current()
	}
	return ed
}
