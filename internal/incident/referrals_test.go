package incident_test

import (
	"fmt"
	"testing"

	"gatehouse/internal/incident"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/authz"
)

// referred makes a person who came through somebody: linked, named, or both.
func (w *world) referred(name, by string, link *person.ID) person.ID {
	w.t.Helper()
	return persontest.New(w.t, w.db, persontest.Entered(person.New{Name: name, ChannelID: "channel-recommendation", ReferrerName: by, ReferrerID: link})).ID
}

func (w *world) referrals(actor authz.Actor, caseID incident.ID, stepID string) incident.Referrals {
	w.t.Helper()
	sv, err := w.cases.ShowStep(w.ctx, actor, caseID, stepID)
	w.must(err)
	r, err := w.cases.Referrals(w.ctx, sv)
	w.must(err)
	return r
}

// TestStepsSayWhoReferredWhom: also where nobody linked the people, and only to members who see the whole case.
func TestStepsSayWhoReferredWhom(t *testing.T) {
	w := setup(t)
	w.subject = w.referred("Mara Okafor", "Sam Okello", nil)
	alike := w.referred("Ann Bell", " sam  okello ", nil)
	linked := w.referred("Bo Quist", "Mara Okafor", &w.subject)
	named := w.referred("Cleo Marsh", "mara okafor", nil)
	w.referred("Dee Ford", "Somebody Else", nil)
	caseID := w.open()
	w.join(caseID, w.hr, incident.HR, incident.Tasks)

	for _, stepID := range []string{"step-find-others", "step-inform-suppliers"} {
		r := w.referrals(w.analyst, caseID, stepID)
		if r.Name != "Sam Okello" || r.OnFile() || r.Beyond != 0 || len(r.People) != 3 {
			t.Fatalf("%s: %+v", stepID, r)
		}
		for i, want := range []incident.Related{{PersonID: linked, Relation: incident.ReferredByThem},
			{PersonID: named, Relation: incident.NamesSubject}, {PersonID: alike, Relation: incident.ReferrerNameSame}} {
			if got := r.People[i]; got.PersonID != want.PersonID || got.Relation != want.Relation {
				t.Errorf("%s, place %d: %+v, want %+v", stepID, i, got, want)
			}
		}
	}
	if r := w.referrals(w.analyst, caseID, "step-stop-payments"); r.Name != "" || len(r.People) != 0 {
		t.Errorf("another step shows %+v", r)
	}
	if r := w.referrals(w.hr, caseID, "step-inform-suppliers"); r.Name != "" || len(r.People) != 0 {
		t.Errorf("a member called in for tasks sees %+v", r)
	}

	for i := range incident.ReferralsShown {
		w.referred(fmt.Sprintf("Person %02d", i), "Sam Okello", nil)
	}
	if r := w.referrals(w.analyst, caseID, "step-find-others"); len(r.People) != incident.ReferralsShown || r.Beyond != 3 || r.People[0].PersonID != linked {
		t.Errorf("%d shown, %d beyond", len(r.People), r.Beyond)
	}
}

func TestALinkedReferrerStandsFirst(t *testing.T) {
	w := setup(t)
	referrer := w.referred("Sam Okello", "", nil)
	w.subject = w.referred("Mara Okafor", "Sam Okello", &referrer)
	w.referred("Bo Quist", "Sam Okello", &referrer)
	r := w.referrals(w.analyst, w.open(), "step-find-others")
	if !r.OnFile() || len(r.People) != 2 || r.People[0].PersonID != referrer || r.People[1].Relation != incident.ReferredBySame {
		t.Errorf("%+v", r)
	}
}
