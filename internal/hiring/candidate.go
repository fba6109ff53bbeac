package hiring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/claim"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// NewCandidate is a person with what they say of themselves and the job they apply for. Referrer is the number of
// the person who recommended them, as typed, where that person is on file.
type NewCandidate struct {
	Person   person.New
	Referrer string
	Claims   []claim.New
	JobID    JobID
}

// check collects everything that can be said before the database is asked.
func (s *Service) check(n *NewCandidate) error {
	var p apperr.Problems
	n.Person.Problems(&p)
	ed := s.lib.Current()
	_, known := ed.Channel(n.Person.ChannelID)
	p.Check(known, "channel", "Choose how the person reached you.")
	if n.Referrer = strings.TrimSpace(n.Referrer); n.Referrer != "" {
		_, ok := person.ParseNumber(n.Referrer)
		p.Check(ok, "referrer", "Enter a number such as C-000123.")
	}
	claim.Check(ed, &p, n.Claims)
	typed := len(n.Claims)
	n.sayRecord()
	for _, c := range n.Claims[typed:] {
		claim.CheckAt(ed, &p, c, recordFields[c.Kind])
	}
	return p.Err()
}

// recordFields are the fields of the form in which the record's own claims are typed.
var recordFields = map[claim.Kind]string{claim.Name: "name", claim.Location: "location", claim.TimeZone: "time_zone"}

// sayRecord adds name, place and zone of the record to the claims, unless they are among them: what is entered of a
// person is what the person says, and is checked like the rest. They come last, so that messages keep their place.
func (n *NewCandidate) sayRecord() {
	for _, said := range []claim.New{
		{Kind: claim.Name, Value: n.Person.Name},
		{Kind: claim.Location, Value: n.Person.Location},
		{Kind: claim.TimeZone, Value: n.Person.TimeZone},
	} {
		there := slices.ContainsFunc(n.Claims, func(c claim.New) bool {
			return c.Kind == said.Kind && strings.TrimSpace(c.Value) == said.Value
		})
		if said.Value != "" && !there {
			n.Claims = append(slices.Clip(n.Claims), said)
		}
	}
}

// resolveReferrer finds the person that the typed number names.
func (s *Service) resolveReferrer(ctx context.Context, actor authz.Actor, n *NewCandidate) error {
	n.Person.ReferrerID = nil
	if n.Referrer == "" {
		return nil
	}
	number, _ := person.ParseNumber(n.Referrer)
	referrer, err := s.people.ByNumber(ctx, actor, number)
	if apperr.KindOf(err) == apperr.NotFound {
		return apperr.Invalid("referrer", "There is nobody with this number, or they are not yours to see.")
	}
	if err != nil {
		return err
	}
	n.Person.ReferrerID = &referrer.ID
	if n.Person.ReferrerName == "" {
		n.Person.ReferrerName = referrer.Name
	}
	return nil
}

// AddCandidate stores a person with their claims and their application for a job, at the first stage. A form that is sent
// twice names the same id: the second time it finds whom the first one added.
func (s *Service) AddCandidate(ctx context.Context, actor authz.Actor, n NewCandidate) (person.ID, ApplicationID, error) {
	if err := s.check(&n); err != nil {
		return "", "", err
	}
	if err := s.resolveReferrer(ctx, actor, &n); err != nil {
		return "", "", err
	}
	var personID person.ID
	var appID ApplicationID
	err := s.db.Write(ctx, actor, func(tx *db.Tx) (err error) {
		job, err := openJob(ctx, tx, n.JobID)
		if err != nil {
			return err
		}
		if personID, err = s.people.Add(ctx, tx, n.Person); err != nil {
			return err
		}
		added, err := s.claims.Add(ctx, tx, personID, n.Claims)
		if err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "candidate.added", SubjectKind: "person", SubjectID: string(personID), PersonID: string(personID),
			Detail: map[string]any{"job": job.ID, "channel": n.Person.ChannelID, "claims": len(added)},
			Changes: append([]db.Change{db.Changed("name", "", n.Person.Name), db.Changed("referrer", "", n.Person.ReferrerName)},
				claimChanges(added, nil)...)})
		appID, err = s.insertApplication(ctx, tx, personID, job)
		return err
	})
	if errors.Is(err, person.ErrTaken) {
		return s.addedBefore(ctx, actor, n)
	}
	return personID, appID, err
}

// addedBefore finds whom the same form has added. One that was filled in anew, for somebody else or another job, is a
// Conflict: neither is what it says dropped, nor is it stored unasked.
func (s *Service) addedBefore(ctx context.Context, actor authz.Actor, n NewCandidate) (person.ID, ApplicationID, error) {
	p, err := s.people.ByID(ctx, actor, n.Person.ID)
	if err != nil {
		return "", "", err
	}
	if p.Name != n.Person.Name || p.ApplicationID == nil || *p.JobID != string(n.JobID) {
		return "", "", apperr.Conflict("%s (%s) was added with this form already.", p.Name, p.Number)
	}
	return p.ID, ApplicationID(*p.ApplicationID), nil
}

// claimChanges lists claims for the audit log, under names that tell them apart.
func claimChanges(added, retired []claim.Claim) []db.Change {
	changes := make([]db.Change, 0, len(added)+len(retired))
	for i, c := range added {
		changes = append(changes, db.Changed(fmt.Sprintf("claim %s added %d", c.Kind, i+1), "", c.Logged()))
	}
	for i, c := range retired {
		changes = append(changes, db.Changed(fmt.Sprintf("claim %s retired %d", c.Kind, i+1), c.Logged(), ""))
	}
	return changes
}

// insertApplication begins an application at the first stage and settles where the person stands.
func (s *Service) insertApplication(ctx context.Context, tx *db.Tx, personID person.ID, job Job) (ApplicationID, error) {
	ed := s.lib.Current()
	appID := ApplicationID(id.New())
	first := ed.Stages[0].ID
	if err := insertApplication(ctx, tx, appID, personID, job.ID, ed.Version(), first); err != nil {
		return "", err
	}
	tx.Record(db.Entry{Action: "application.added", SubjectKind: "application", SubjectID: string(appID),
		PersonID: string(personID), Detail: map[string]any{"job": job.ID, "stage": first}})
	return appID, s.settle(ctx, tx, personID)
}

// Apply lets a known person apply for another job.
func (s *Service) Apply(ctx context.Context, actor authz.Actor, personID person.ID, jobID JobID) (ApplicationID, error) {
	var appID ApplicationID
	return appID, s.db.Write(ctx, actor, func(tx *db.Tx) (err error) {
		p, err := s.people.Lock(ctx, tx, personID)
		if err != nil {
			return err
		}
		if p.ErasedAt != nil {
			return apperr.Conflict("This person's data was erased. Add them anew if they apply again.")
		}
		job, err := openJob(ctx, tx, jobID)
		if err != nil {
			return err
		}
		appID, err = s.insertApplication(ctx, tx, personID, job)
		return err
	})
}

// EditCandidate replaces what was entered of a person and what they say of themselves. Claims that are not in the
// list any more are retired, not deleted.
func (s *Service) EditCandidate(ctx context.Context, actor authz.Actor, personID person.ID, version int, n NewCandidate) error {
	if err := s.check(&n); err != nil {
		return err
	}
	if err := s.resolveReferrer(ctx, actor, &n); err != nil {
		return err
	}
	return s.db.Write(ctx, actor, func(tx *db.Tx) error {
		old, err := s.people.Lock(ctx, tx, personID)
		if err != nil {
			return err
		}
		if err := ownsPerson(ctx, tx, actor, personID); err != nil {
			return err
		}
		if n.Person.ReferrerID != nil && *n.Person.ReferrerID == personID {
			return apperr.Invalid("referrer", "Nobody recommends themselves. Enter the number of somebody else.")
		}
		if err := s.people.Edit(ctx, tx, personID, version, n.Person); err != nil {
			return err
		}
		added, retired, err := s.claims.Replace(ctx, tx, personID, n.Claims)
		if err != nil {
			return err
		}
		tx.Record(db.Entry{Action: "candidate.edited", SubjectKind: "person", SubjectID: string(personID), PersonID: string(personID),
			Detail: map[string]any{"channel": n.Person.ChannelID, "claims added": len(added), "claims retired": len(retired)},
			Changes: append([]db.Change{db.Changed("name", old.Name, n.Person.Name), db.Changed("location", old.Location, n.Person.Location),
				db.Changed("time zone", old.TimeZone, n.Person.TimeZone), db.Changed("referrer", old.ReferrerName, n.Person.ReferrerName)},
				claimChanges(added, retired)...)})
		return nil
	})
}

// Candidate returns a person with what they say now, for whoever may edit it: NotFound for those who see the person
// only because they interview them.
func (s *Service) Candidate(ctx context.Context, actor authz.Actor, personID person.ID) (person.Person, []claim.Claim, error) {
	p, err := s.people.ByID(ctx, actor, personID)
	if err != nil {
		return person.Person{}, nil, err
	}
	if err := ownsPerson(ctx, s.db.Pool(), actor, personID); err != nil {
		return person.Person{}, nil, err
	}
	claims, err := s.claims.ForPerson(ctx, s.db.Pool(), personID)
	return p, claims, err
}
