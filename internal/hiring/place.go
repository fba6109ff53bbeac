package hiring

import (
	"cmp"
	"context"
	"slices"

	"gatehouse/internal/person"
	"gatehouse/internal/platform/db"
)

// settle works out where the person stands after a change, and tells the person's row and the assessment. The
// person's row is locked.
//
// Somebody with a running engagement is engaged, whatever else they apply for. Else the application that is under
// way and has come furthest counts; the others are marked aside. Else the person is former, or hiring has ended.
func (s *Service) settle(ctx context.Context, tx *db.Tx, personID person.ID) error {
	apps, err := applicationsOf(ctx, tx, personID)
	if err != nil {
		return err
	}
	engagements, err := engagementsOf(ctx, tx, personID)
	if err != nil {
		return err
	}
	place, main, err := s.place(ctx, tx, apps, engagements)
	if err != nil {
		return err
	}
	if err := setAside(ctx, tx, personID, main); err != nil {
		return err
	}
	if err := s.people.SetPlace(ctx, tx, personID, place); err != nil {
		return err
	}
	return s.assess.Reassess(ctx, tx, personID)
}

// place decides. main is the application that the person's row shows.
func (s *Service) place(ctx context.Context, tx *db.Tx, apps []Application, engagements []Engagement) (person.Place, ApplicationID, error) {
	for _, e := range engagements {
		if e.EndedOn == nil {
			return s.engagedPlace(ctx, tx, apps, e)
		}
	}
	if active := s.furthest(apps); active != nil {
		place := about(*active)
		place.Status, place.StageID, place.StageSince = person.Candidate, active.StageID, &active.StageSince
		to := next(s.lib.At(active.Edition), active.StageID)
		awaited, err := s.awaited(ctx, tx, *active, to)
		place.Awaited = awaited
		return place, active.ID, err
	}
	if len(apps) == 0 {
		return person.Place{Status: person.Candidate}, "", nil
	}
	// Whoever is not in hiring any more stands at no stage; the application keeps the one it ended at.
	place := about(apps[0])
	place.Status = person.Closed
	if len(engagements) > 0 {
		place.Status = person.Former
	}
	return place, apps[0].ID, nil
}

// engagedPlace is the place of somebody whose engagement e runs. What was never answered stays awaited.
func (s *Service) engagedPlace(ctx context.Context, tx *db.Tx, apps []Application, e Engagement) (person.Place, ApplicationID, error) {
	place := person.Place{Status: person.Engaged, JobTitle: e.Title, ManagerID: e.ManagerID,
		StageID: StageEmployed, StageSince: &e.StartedOn}
	at := slices.IndexFunc(apps, func(a Application) bool { return e.ApplicationID != nil && a.ID == *e.ApplicationID })
	if at < 0 {
		return place, "", nil
	}
	of := about(apps[at])
	place.ApplicationID, place.JobID = of.ApplicationID, of.JobID
	if place.ManagerID == nil {
		place.ManagerID = of.ManagerID
	}
	awaited, err := s.awaited(ctx, tx, apps[at], "")
	place.Awaited = awaited
	return place, apps[at].ID, err
}

// about is the part of a place that names an application's job.
func about(a Application) person.Place {
	appID, jobID, manager := string(a.ID), string(a.JobID), a.ManagerID
	return person.Place{ApplicationID: &appID, JobID: &jobID, JobTitle: a.JobTitle, ManagerID: &manager}
}

// furthest is the application under way that has come furthest, the newer of two equals; nil if there is none.
func (s *Service) furthest(apps []Application) *Application {
	var best *Application
	for i := range apps {
		a := &apps[i]
		if a.Status != Active {
			continue
		}
		if best == nil || cmp.Or(
			cmp.Compare(order(s.lib.At(a.Edition), a.StageID), order(s.lib.At(best.Edition), best.StageID)),
			a.AppliedAt.Compare(best.AppliedAt)) > 0 {
			best = a
		}
	}
	return best
}

// awaited are the ids of the required checks before the stage, or of all that the level requires if it is empty,
// without those that somebody let pass.
func (s *Service) awaited(ctx context.Context, tx *db.Tx, a Application, to string) ([]string, error) {
	overrides, err := overridesOf(ctx, tx, []ApplicationID{a.ID})
	if err != nil {
		return nil, err
	}
	ed := s.levelEdition(a.Edition, a.LevelID)
	due := ed.Required(a.LevelID)
	if to != "" {
		due = required(ed, a.LevelID, a.StageID, to)
	}
	ids := make([]string, 0, len(due))
	for _, check := range due {
		let := slices.ContainsFunc(overrides, func(o Overridden) bool { return o.ItemID == check.ID })
		if !let {
			ids = append(ids, check.ID)
		}
	}
	return ids, nil
}

// settleJob settles everybody who is or was in a job whose title, level or manager changed.
func (s *Service) settleJob(ctx context.Context, tx *db.Tx, jobID JobID) error {
	people, err := lockPeopleOf(ctx, tx, jobID)
	if err != nil {
		return err
	}
	for _, personID := range people {
		if err := s.settle(ctx, tx, personID); err != nil {
			return err
		}
	}
	return nil
}
