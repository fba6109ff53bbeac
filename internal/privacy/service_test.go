package privacy_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/dashboard"
	"gatehouse/internal/evidence"
	"gatehouse/internal/evidence/evidencetest"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/privacy"
)

type world struct {
	t          *testing.T
	d          *db.DB
	s          *privacy.Service
	items      *evidence.Service
	hr, member authz.Actor
	job        string
}

func setup(t *testing.T) world {
	t.Parallel()
	d := dbtest.New(t)
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	items := evidencetest.Service(t, d)
	accounts := account.NewService(d)
	w := world{t: t, d: d, items: items,
		s: privacy.NewService(d, lib, persontest.Service(t, d), items, accounts, dashboard.NewService(d, lib))}
	w.hr, w.member = w.user(accounts, "hr", authz.HR), w.user(accounts, "legal", authz.Legal)
	w.job = id.New()
	w.exec(`INSERT INTO jobs (id, title, level_id, edition, manager_id, created_at) VALUES ($1, 'Engineer', 'level-verified', 'e', $2, now())`,
		w.job, w.hr.ID)
	return w
}

func (w world) user(accounts *account.Service, name string, role authz.Role) authz.Actor {
	w.t.Helper()
	userID, err := accounts.Add(w.t.Context(), authz.System("test"), account.New{Email: name + "@example.com", Name: name, Roles: []authz.Role{role}})
	if err != nil {
		w.t.Fatal(err)
	}
	return authz.Actor{Kind: authz.KindUser, ID: string(userID), Roles: []authz.Role{role}}
}

func (w world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.d.Pool().Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// rejected is a person whose application was closed some days ago, with a piece of evidence.
func (w world) rejected(name string, days int) person.ID {
	w.t.Helper()
	p := persontest.New(w.t, w.d, persontest.Named(name))
	evidencetest.Note(w.t, w.items, authz.System("test"), string(p.ID))
	ended := w.d.Now().AddDate(0, 0, -days)
	w.exec(`INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, status, applied_at, ended_at)
		VALUES (gen_random_uuid(), $1, $2, 'e', 'stage-screening', $3, 'closed', $3, $3)`, p.ID, w.job, ended)
	w.exec(`UPDATE people SET status = 'closed', created_at = $2 WHERE id = $1`, p.ID, ended)
	return p.ID
}

// caseAbout is a case of the member's about a person, open or closed as confirmed.
func (w world) caseAbout(personID person.ID, status string) string {
	w.t.Helper()
	caseID := id.New()
	w.exec(`INSERT INTO cases (id, code_name, person_id, edition, reason, opened_at) VALUES ($1::uuid, 'Quiet Harbour ' || $1::uuid::text, $2, 'e', 'x', now())`, caseID, personID)
	if status == "closed" {
		w.exec(`UPDATE cases SET status = 'closed', outcome = 'confirmed', decided_by = $2, agreed_by = $3, closed_at = now() WHERE id = $1`, caseID, w.hr.ID, w.member.ID)
	}
	w.exec(`INSERT INTO case_members (case_id, user_id, function, added_at) VALUES ($1, $2, 'lead', now())`, caseID, w.member.ID)
	return caseID
}

func (w world) erasedState(personID person.ID) (record bool, items int) {
	w.t.Helper()
	row := w.d.Pool().QueryRow(w.t.Context(), `
		SELECT erased_at IS NOT NULL, (SELECT count(*) FROM evidence_items i WHERE i.person_id = p.id AND i.erased_at IS NOT NULL)
		FROM   people p WHERE id = $1`, personID)
	if err := row.Scan(&record, &items); err != nil {
		w.t.Fatal(err)
	}
	return record, items
}

func (w world) setRules(automatic bool, rules ...privacy.Rule) {
	w.t.Helper()
	p, err := w.s.Policy(w.t.Context())
	if err == nil {
		p.Automatic, p.Rules = automatic, rules
		err = w.s.SetPolicy(w.t.Context(), w.hr, p)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func daysOf(n int) *int { return &n }

func TestRulesLetGoWhatIsOldAndNotHeld(t *testing.T) {
	w := setup(t)
	ctx := t.Context()
	old, young, held, inCase, confirmed, lately :=
		w.rejected("Old", 40), w.rejected("Young", 10), w.rejected("Held", 40), w.rejected("In a case", 40), w.rejected("Confirmed", 40), w.rejected("Lately", 2)
	if err := w.s.Place(ctx, w.hr, held, "Proceedings"); err != nil {
		t.Fatal(err)
	}
	w.caseAbout(inCase, "open")
	w.caseAbout(confirmed, "closed") // no rule for confirmed cases: kept, whatever the rule for rejections says
	w.setRules(false, privacy.Rule{Outcome: privacy.Rejected, Record: daysOf(30), Evidence: daysOf(5)})

	due, err := w.s.Due(ctx, w.hr)
	if err != nil {
		t.Fatal(err)
	}
	got := map[person.ID]privacy.Due{}
	for _, d := range due {
		got[d.ID] = d
	}
	if len(got) != 4 || got[old].Scope != privacy.Record || got[young].Scope != privacy.Evidence || !got[held].Held || !got[inCase].Held {
		t.Errorf("due: %+v", due)
	}

	if err := w.s.Begin(ctx, w.hr); err != nil {
		t.Fatal(err)
	}
	if err := w.s.Begin(ctx, w.hr); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a second run beside the first: %v", err)
	}
	var wait sync.WaitGroup // two processes at once do each person once
	for range 2 {
		wait.Go(func() {
			if err := w.s.Retain(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if err := w.s.Retain(ctx); err != nil { // nothing is left to do
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		id     person.ID
		record bool
		items  int
	}{"old": {old, true, 1}, "young": {young, false, 1}, "held": {held, false, 0}, "in a case": {inCase, false, 0}, "confirmed": {confirmed, false, 0}, "lately": {lately, false, 0}} {
		if record, items := w.erasedState(want.id); record != want.record || items != want.items {
			t.Errorf("%s: record erased %v, items erased %d; want %v, %d", name, record, items, want.record, want.items)
		}
	}
	runs, err := w.s.Runs(ctx)
	if err != nil || len(runs) != 1 || runs[0].EndedAt == nil || runs[0].Erased != 2 || runs[0].Held != 2 || runs[0].AskedBy != "hr" {
		t.Errorf("runs %+v, error %v", runs, err)
	}
	erasures, err := w.s.Erasures(ctx)
	if err != nil || len(erasures) != 2 || erasures[0].Basis != privacy.Retention {
		t.Errorf("erasures %+v, error %v", erasures, err)
	}
}

func TestTheNightlyRunComesOnceADay(t *testing.T) {
	w := setup(t)
	ctx := t.Context()
	old := w.rejected("Old", 40)
	w.setRules(false, privacy.Rule{Outcome: privacy.Rejected, Record: daysOf(30)})
	runs := func(want int) {
		t.Helper()
		if err := w.s.Retain(ctx); err != nil {
			t.Fatal(err)
		}
		got, err := w.s.Runs(ctx)
		if err != nil || len(got) != want {
			t.Fatalf("%d runs, error %v; want %d", len(got), err, want)
		}
	}
	runs(0)
	w.setRules(true, privacy.Rule{Outcome: privacy.Rejected, Record: daysOf(30)})
	runs(1)
	if record, _ := w.erasedState(old); !record {
		t.Error("the nightly run left somebody who was due")
	}
	runs(1)
	tomorrow := w.d.Now().Add(25 * time.Hour)
	w.d.SetClock(func() time.Time { return tomorrow })
	runs(2)
}

func TestRulesThatCannotHoldAreRefusedAtTheirField(t *testing.T) {
	w := setup(t)
	p, err := w.s.Policy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for field, rule := range map[string]privacy.Rule{
		"record-hired":   {Outcome: privacy.Hired, Record: daysOf(0)},
		"evidence-hired": {Outcome: privacy.Hired, Record: daysOf(10), Evidence: daysOf(11)},
	} {
		p.Rules = []privacy.Rule{rule}
		invalid, ok := apperr.AsInvalid(w.s.SetPolicy(t.Context(), w.hr, p))
		if !ok || invalid.Fields[field] == "" {
			t.Errorf("%s: %v", field, invalid)
		}
	}
	p.Rules, p.Version = nil, p.Version-1
	if err := w.s.SetPolicy(t.Context(), w.hr, p); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("rules that somebody has changed meanwhile: %v", err)
	}
}

// TestWhatStopsErasing: each thing that stops it says so, and what a reader may not know of says only that there is something.
func TestWhatStopsErasing(t *testing.T) {
	w := setup(t)
	ctx := t.Context()
	subject := w.rejected("Subject", 40)
	people := persontest.Service(t, w.d)
	erase := func() error {
		p, err := people.ByID(ctx, w.hr, subject)
		if err != nil {
			t.Fatal(err)
		}
		return w.s.Erase(ctx, w.hr, subject, p.Version, privacy.Consent)
	}
	refused := func(what, words string) {
		t.Helper()
		err := erase()
		if apperr.KindOf(err) != apperr.Stale || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: error %v, want one with %q", what, err, words)
		}
		if strings.Contains(err.Error(), "case") || strings.Contains(err.Error(), "Quiet Harbour") {
			t.Errorf("%s: tells of a case: %v", what, err)
		}
	}

	if err := w.s.Place(ctx, w.hr, subject, " "); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a hold without a reason: %v", err)
	}
	if err := w.s.Place(ctx, w.hr, subject, "Proceedings"); err != nil {
		t.Fatal(err)
	}
	if err := w.s.Place(ctx, w.hr, subject, "Again"); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a second hold: %v", err)
	}
	refused("a hold on the person", "legal hold")
	holds, err := w.s.Holds(ctx, w.hr)
	if err != nil || len(holds) != 1 {
		t.Fatalf("holds %v, error %v", holds, err)
	}
	if _, err := w.s.Lift(ctx, w.hr, holds[0].ID, "Over"); err != nil {
		t.Fatal(err)
	}

	caseID := w.caseAbout(subject, "open")
	refused("an open case", "on hold. Why is not shown")
	w.exec(`UPDATE cases SET status = 'closed', outcome = 'confirmed', decided_by = $2, agreed_by = $3, closed_at = now() WHERE id = $1`, caseID, w.hr.ID, w.member.ID)
	if err := w.s.PlaceCase(ctx, w.hr, caseID, "x"); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("a hold on a case by somebody who is not in it: %v", err)
	}
	if err := w.s.PlaceCase(ctx, w.member, caseID, "The court asked"); err != nil {
		t.Fatal(err)
	}
	refused("a hold on a case", "on hold. Why is not shown")
	if holds, err := w.s.Holds(ctx, w.hr); err != nil || len(holds) != 0 {
		t.Errorf("somebody who is not in the case sees its hold: %v, error %v", holds, err)
	}
	c, err := w.s.CaseOf(ctx, w.member, caseID)
	if err != nil || c.Hold == nil || c.Hold.Reason != "The court asked" {
		t.Fatalf("the case's hold: %+v, error %v", c, err)
	}
	if _, err := w.s.Lift(ctx, w.hr, c.Hold.ID, "x"); apperr.KindOf(err) != apperr.NotFound {
		t.Errorf("lifted by somebody who is not in the case: %v", err)
	}
	if _, err := w.s.Lift(ctx, w.member, c.Hold.ID, "Over"); err != nil {
		t.Fatal(err)
	}

	w.exec(`UPDATE applications SET status = 'active', ended_at = NULL WHERE person_id = $1`, subject)
	refused("an application under way", "in hiring")
	w.exec(`UPDATE applications SET status = 'hired' WHERE person_id = $1`, subject)
	w.exec(`INSERT INTO engagements (id, person_id, kind, started_on, created_at) VALUES (gen_random_uuid(), $1, 'employee', now(), now())`, subject)
	refused("an engagement", "engaged")
	w.exec(`UPDATE engagements SET ended_on = now() WHERE person_id = $1`, subject)

	if err := w.s.Erase(ctx, w.hr, subject, -1, privacy.Consent); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("a stale version: %v", err)
	}
	if err := w.s.Erase(ctx, w.hr, subject, 1, privacy.Retention); apperr.KindOf(err) != apperr.InvalidInput {
		t.Errorf("a basis that is not a person's to choose: %v", err)
	}
	if err := erase(); err != nil {
		t.Fatal(err)
	}
	if err := erase(); apperr.KindOf(err) != apperr.Stale {
		t.Errorf("erased twice: %v", err)
	}
	err = w.d.Write(ctx, w.hr, func(tx *db.Tx) error {
		_, err := people.Lock(ctx, tx, subject)
		return errors.Join(err, errors.New("rolled back"))
	})
	if err == nil || !strings.Contains(err.Error(), "was erased") {
		t.Errorf("something can be added to an erased person: %v", err)
	}
}
