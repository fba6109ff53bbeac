package incident_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/evidence"
	"gatehouse/internal/evidence/evidencetest"
	"gatehouse/internal/flag"
	"gatehouse/internal/hiring"
	"gatehouse/internal/incident"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/id"
)

// world is a database with an engaged person and people who work cases.
type world struct {
	t       *testing.T
	ctx     context.Context
	db      *db.DB
	cases   *incident.Service
	assess  *assessment.Service
	flags   *flag.Service
	items   *evidence.Service
	hired   *hiring.Service
	subject person.ID
	// analyst opens the case and leads it; lead is the second person; the others have no part in it at first.
	analyst, lead, hr, finance, legal, auditor authz.Actor
}

func setup(t *testing.T) *world {
	t.Parallel()
	d := dbtest.New(t)
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	people := persontest.Service(t, d)
	flags := flag.NewService(d, lib)
	assess := assessment.NewService(d, lib, people, flags)
	items := evidencetest.Service(t, d)
	hired := hiring.NewService(d, lib, people, claim.NewService(d, lib, people), assess)
	w := &world{t: t, ctx: t.Context(), db: d, assess: assess, flags: flags, items: items, hired: hired,
		cases: incident.NewService(d, lib, people, items, flags, assess, hired,
			inventory.NewService(), payment.NewService(people)),
		analyst: accounttest.Actor(t, d, authz.SecurityAnalyst), lead: accounttest.Actor(t, d, authz.SecurityLead),
		hr: accounttest.Actor(t, d, authz.HR), finance: accounttest.Actor(t, d, authz.Finance),
		legal: accounttest.Actor(t, d, authz.Legal), auditor: accounttest.Actor(t, d, authz.Auditor)}
	w.subject = persontest.New(t, d, persontest.Named("Mara Okafor"),
		persontest.At(person.Place{Status: person.Engaged, JobTitle: "Engineer"})).ID
	t.Cleanup(func() {
		if err := w.cases.CheckSheets(context.Background(), 1000); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) want(err error, kind apperr.Kind) {
	w.t.Helper()
	if apperr.KindOf(err) != kind || err == nil {
		w.t.Errorf("got %v, want an error of kind %d", err, kind)
	}
}

func (w *world) open() incident.ID {
	w.t.Helper()
	caseID, err := w.cases.Escalate(w.ctx, w.analyst, incident.Escalation{PersonID: w.subject, Reason: "Two findings in two groups."})
	w.must(err)
	return caseID
}

func (w *world) join(caseID incident.ID, who authz.Actor, f incident.Function, sees incident.Sees) {
	w.t.Helper()
	w.must(w.cases.AddMember(w.ctx, w.analyst, caseID, incident.NewMember{UserID: who.ID, Function: f, Sees: sees}))
}

func (w *world) show(actor authz.Actor, caseID incident.ID) incident.View {
	w.t.Helper()
	v, err := w.cases.Show(w.ctx, actor, caseID)
	w.must(err)
	return v
}

func (w *world) step(caseID incident.ID, stepID string) incident.Step {
	w.t.Helper()
	s, found := w.show(authz.System("test"), caseID).Step(stepID)
	if !found {
		w.t.Fatalf("no step %s", stepID)
	}
	return s
}

func (w *world) finish(actor authz.Actor, caseID incident.ID, stepID string) error {
	return w.cases.FinishStep(w.ctx, actor, incident.Settlement{CaseID: caseID, StepID: stepID, Version: w.step(caseID, stepID).Version})
}

// flagged records a check with the answer and returns its flag.
func (w *world) flagged(checkID string, a catalogue.Answer) flag.Flag {
	w.t.Helper()
	w.must(w.assess.RecordCheck(w.ctx, w.analyst, w.subject, assessment.RecordedCheck{CheckID: checkID, Answer: a, Note: "Seen twice."}))
	flags, err := w.flags.ForPerson(w.ctx, w.db.Pool(), w.subject)
	w.must(err)
	i := slices.IndexFunc(flags, func(f flag.Flag) bool { return f.ItemID == checkID && f.WithdrawnAt == nil })
	if i < 0 {
		w.t.Fatalf("no flag for %s", checkID)
	}
	return flags[i]
}

// collect adds a text to the evidence of the case, attached to the step or else to the case.
func (w *world) collect(actor authz.Actor, caseID incident.ID, stepID, kind, title string) (evidence.ID, error) {
	subject := evidence.Subject{Kind: evidence.OnCase, ID: string(caseID)}
	if stepID != "" {
		subject = evidence.Subject{Kind: evidence.OnStep, ID: string(caseID) + "/" + stepID}
	}
	return w.items.AddText(w.ctx, actor, evidence.Add{PersonID: string(w.subject), CaseID: string(caseID), Kind: kind, Title: title,
		Subjects: []evidence.Subject{subject}}, "What was seen.")
}

func (w *world) number(sql string, args ...any) (n int) {
	w.t.Helper()
	w.must(w.db.Pool().QueryRow(w.ctx, sql, args...).Scan(&n))
	return n
}

func TestEscalate(t *testing.T) {
	w := setup(t)
	raised := w.flagged("check-cross-commits", catalogue.RedFlag)
	caseID, err := w.cases.Escalate(w.ctx, w.analyst, incident.Escalation{PersonID: w.subject, Reason: "Cross commits.", FlagIDs: []string{string(raised.ID)}})
	w.must(err)
	v := w.show(w.analyst, caseID)
	if v.Case.Function != incident.Lead || v.Case.Phase != catalogue.Triage || len(strings.Fields(v.Case.CodeName)) < 2 || len(v.Steps) != 45 {
		t.Errorf("opened %+v with %d steps", v.Case, len(v.Steps))
	}
	if next := v.Next(); next == nil || next.StepID != "step-open-case" || !next.DueAt.Equal(v.Case.OpenedAt.Add(time.Hour)) {
		t.Errorf("first due %+v", next)
	}
	if n := w.number(`SELECT count(*) FROM audit_entries WHERE case_id = $1 AND action = 'case.opened' AND person_id = $2`, caseID, w.subject); n != 1 {
		t.Errorf("%d audit entries of the opening", n)
	}

	_, err = w.cases.Escalate(w.ctx, w.analyst, incident.Escalation{PersonID: w.subject, Reason: "Again."})
	w.want(err, apperr.Stale)
	if !strings.Contains(err.Error(), v.Case.CodeName) {
		t.Errorf("a member is not told of the open case: %v", err)
	}
	_, err = w.cases.Escalate(w.ctx, w.finance, incident.Escalation{PersonID: w.subject, Reason: "Finance does not see people."})
	w.want(err, apperr.NotFound)
	_, err = w.cases.Escalate(w.ctx, w.analyst, incident.Escalation{PersonID: w.subject, Reason: " "})
	w.want(err, apperr.InvalidInput)
	stranger := persontest.New(t, w.db)
	_, err = w.cases.Escalate(w.ctx, w.analyst, incident.Escalation{PersonID: stranger.ID, Reason: "Another's flag.", FlagIDs: []string{string(raised.ID)}})
	w.want(err, apperr.InvalidInput)
}

func TestEscalatingPastAnUnknownCaseLooksLikeAnyEscalation(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	free := persontest.New(t, w.db).ID
	other, err := w.cases.Escalate(w.ctx, w.hr, incident.Escalation{PersonID: free, Reason: "Documents do not fit."})
	w.must(err)
	own, err := w.cases.Escalate(w.ctx, w.hr, incident.Escalation{PersonID: w.subject, Reason: "Documents do not fit."})
	w.must(err)
	if own == caseID {
		t.Fatal("HR was led into the case they must not know of")
	}
	if ok, _ := w.cases.Member(w.ctx, w.hr, caseID); ok {
		t.Error("HR became a member")
	}
	got, plain := w.show(w.hr, own), w.show(w.hr, other)
	if got.Case.Function != plain.Case.Function || len(got.Steps) != len(plain.Steps) || got.Notes != plain.Notes || got.Evidence != plain.Evidence {
		t.Errorf("the two cases differ: %+v and %+v", got.Case, plain.Case)
	}
	for _, e := range w.timeline(w.hr, own) {
		if e.Kind == "case.escalated_again" {
			t.Errorf("HR reads %q", e.Text)
		}
	}

	_, notes, err := w.cases.Notes(w.ctx, w.analyst, caseID)
	w.must(err)
	if len(notes) != 1 || notes[0].Body != "Documents do not fit." {
		t.Errorf("notes %+v", notes)
	}
	told := slices.ContainsFunc(w.timeline(w.analyst, caseID), func(e incident.Event) bool { return e.Kind == "case.escalated_again" && e.Actor != "" })
	if !told {
		t.Error("the members are not told, or not by whom")
	}

	// Brought together: the lead calls the newcomer in.
	w.join(caseID, w.hr, incident.HR, incident.Whole)
	_, err = w.cases.Escalate(w.ctx, w.hr, incident.Escalation{PersonID: w.subject, Reason: "Again."})
	w.want(err, apperr.Stale)
}

// timeline reads the newest lines of a case's history.
func (w *world) timeline(actor authz.Actor, caseID incident.ID) []incident.Event {
	w.t.Helper()
	_, slice, err := w.cases.Timeline(w.ctx, actor, caseID, "")
	w.must(err)
	return slice.Items
}

// acts calls every method that takes a case, as the actor.
func (w *world) acts(actor authz.Actor, caseID incident.ID) map[string]error {
	ctx, grant, money := w.ctx, inventory.ID(id.New()), payment.ID(id.New())
	settle := incident.Settlement{CaseID: caseID, StepID: "step-open-case", Version: 1, Note: "x"}
	errs := map[string]error{
		"FinishStep":      w.cases.FinishStep(ctx, actor, settle),
		"SkipStep":        w.cases.SkipStep(ctx, actor, settle),
		"ReopenStep":      w.cases.ReopenStep(ctx, actor, caseID, "step-open-case", 1, "x"),
		"TickItem":        w.cases.TickItem(ctx, actor, caseID, "step-open-case", 0),
		"UntickItem":      w.cases.UntickItem(ctx, actor, caseID, "step-open-case", 0),
		"AssignStep":      w.cases.AssignStep(ctx, actor, caseID, "step-open-case", 1, actor.ID),
		"AddNote":         w.cases.AddNote(ctx, actor, caseID, "", "x"),
		"AttachEvidence":  w.cases.AttachEvidence(ctx, actor, caseID, "step-open-case", []string{id.New()}),
		"AddMember":       w.cases.AddMember(ctx, actor, caseID, incident.NewMember{UserID: actor.ID, Function: incident.Security, Sees: incident.Whole}),
		"RemoveMember":    w.cases.RemoveMember(ctx, actor, caseID, actor.ID),
		"ProposeOutcome":  w.cases.ProposeOutcome(ctx, actor, incident.Verdict{CaseID: caseID, Version: 1, Outcome: incident.Confirmed, Reason: "x"}),
		"ReopenOutcome":   w.cases.ReopenOutcome(ctx, actor, caseID, 1, "x"),
		"AgreeOutcome":    w.cases.AgreeOutcome(ctx, actor, caseID, 1),
		"Close":           w.cases.Close(ctx, actor, caseID, 1, "x"),
		"AddGrant":        w.cases.AddGrant(ctx, actor, caseID, inventory.New{System: "Chat"}),
		"RevokeGrant":     w.cases.RevokeGrant(ctx, actor, caseID, grant, 1),
		"UndoRevokeGrant": w.cases.UndoRevokeGrant(ctx, actor, caseID, grant, 1),
		"AttestGrant":     w.cases.AttestGrant(ctx, actor, caseID, grant, 1),
		"RestoreGrant":    w.cases.RestoreGrant(ctx, actor, caseID, grant, 1),
		"AddPayment":      w.cases.AddPayment(ctx, actor, caseID, planned()),
		"MovePayment":     w.cases.MovePayment(ctx, actor, caseID, money, 1, payment.Stopped),
		"ExplainPayment":  w.cases.ExplainPayment(ctx, actor, caseID, money, 1, "x"),
		"AddEntry":        w.cases.AddEntry(ctx, actor, caseID, incident.NewEntry{FieldID: "field-alias", Value: "x"}),
		"RemoveEntry":     w.cases.RemoveEntry(ctx, actor, caseID, id.New()),
		"ExplainGap":      w.cases.ExplainGap(ctx, actor, caseID, "field-alias", "x"),
		"ReopenGap":       w.cases.ReopenGap(ctx, actor, caseID, "field-alias"),
	}
	_, errs["Show"] = w.cases.Show(ctx, actor, caseID)
	_, errs["ShowStep"] = w.cases.ShowStep(ctx, actor, caseID, "step-open-case")
	_, _, errs["Access"] = w.cases.Access(ctx, actor, caseID)
	_, _, _, errs["Money"] = w.cases.Money(ctx, actor, caseID)
	_, _, errs["Dossier"] = w.cases.Dossier(ctx, actor, caseID)
	_, _, errs["Evidence"] = w.cases.Evidence(ctx, actor, caseID)
	_, _, errs["Notes"] = w.cases.Notes(ctx, actor, caseID)
	_, _, errs["Members"] = w.cases.Members(ctx, actor, caseID)
	_, _, errs["Timeline"] = w.cases.Timeline(ctx, actor, caseID, "")
	_, errs["Report"] = w.cases.Report(ctx, actor, caseID)
	_, _, errs["ImportGrants"] = w.cases.ImportGrants(ctx, actor, caseID, strings.NewReader("Chat\n"))
	_, errs["collect"] = w.collect(actor, caseID, "", "note", "x")
	return errs
}

func planned() payment.New {
	return payment.New{PayOn: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Amount: "4250", Currency: "EUR",
		Method: payment.BankTransfer, State: payment.Planned}
}

func TestACaseIsThereForItsMembersOnly(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	// The subject signs in too, and so does somebody they referred; both are made members behind the service's back.
	self, referred := accounttest.Actor(t, w.db, authz.SecurityLead), accounttest.Actor(t, w.db, authz.SecurityLead)
	self.PersonID = string(w.subject)
	referred.PersonID = string(persontest.New(t, w.db, persontest.Entered(person.New{Name: "Robin Vale", ReferrerID: &w.subject})).ID)
	for _, a := range []authz.Actor{self, referred} {
		_, err := w.db.Pool().Exec(w.ctx, `INSERT INTO case_members (case_id, user_id, function, added_at) VALUES ($1, $2, 'lead', now())`, caseID, a.ID)
		w.must(err)
	}
	w.join(caseID, w.legal, incident.Legal, incident.Whole)
	w.must(w.cases.RemoveMember(w.ctx, w.analyst, caseID, w.legal.ID))
	token := authz.Actor{Kind: authz.KindToken, ID: w.analyst.ID, Label: "token:x", Scopes: []authz.Permission{authz.CaseRead}}
	for name, actor := range map[string]authz.Actor{"a security lead": w.lead, "HR": w.hr, "an auditor": w.auditor,
		"a removed member": w.legal, "the subject": self, "somebody the subject referred": referred, "a token": token} {
		for method, err := range w.acts(actor, caseID) {
			if apperr.KindOf(err) != apperr.NotFound {
				t.Errorf("%s as %s: %v, want NotFound", method, name, err)
			}
		}
		if ok, err := w.cases.Member(w.ctx, actor, caseID); ok || err != nil {
			t.Errorf("%s is a member: %v, %v", name, ok, err)
		}
		list, err := w.cases.List(w.ctx, actor, incident.Filter{})
		w.must(err)
		clocks, err := w.cases.Clocks(w.ctx, actor, 10)
		w.must(err)
		if len(list.Items)+len(clocks) > 0 {
			t.Errorf("%s sees %d cases and %d clocks", name, len(list.Items), len(clocks))
		}
	}
	if n := w.number(`SELECT count(*) FROM case_timeline WHERE case_id = $1`, caseID); n != 3 {
		t.Errorf("%d lines in the timeline, want the opening and the member's coming and going", n)
	}
}

func TestWhoCanBeAMember(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	self, referred, admin := accounttest.Actor(t, w.db, authz.SecurityLead), accounttest.Actor(t, w.db, authz.HR), accounttest.Actor(t, w.db, authz.Administrator)
	other := persontest.New(t, w.db, persontest.Entered(person.New{Name: "Robin Vale", ReferrerID: &w.subject})).ID
	for user, p := range map[string]person.ID{self.ID: w.subject, referred.ID: other} {
		_, err := w.db.Pool().Exec(w.ctx, `UPDATE users SET person_id = $2 WHERE id = $1`, user, p)
		w.must(err)
	}
	for name, userID := range map[string]string{"the subject": self.ID, "somebody referred": referred.ID, "an administrator": admin.ID, "nobody": id.New()} {
		err := w.cases.AddMember(w.ctx, w.analyst, caseID, incident.NewMember{UserID: userID, Function: incident.Security, Sees: incident.Whole})
		if _, invalid := apperr.AsInvalid(err); !invalid {
			t.Errorf("%s was added: %v", name, err)
		}
	}
	_, candidates, err := w.cases.Members(w.ctx, w.analyst, caseID)
	w.must(err)
	for _, c := range candidates {
		if c.UserID == self.ID || c.UserID == referred.ID || c.UserID == admin.ID || c.UserID == w.analyst.ID {
			t.Errorf("%s is offered", c.Name)
		}
	}
	// Functions and what they see.
	w.want(w.cases.AddMember(w.ctx, w.analyst, caseID, incident.NewMember{UserID: w.legal.ID, Function: incident.Deputy, Sees: incident.Whole}), apperr.InvalidInput)
	w.want(w.cases.AddMember(w.ctx, w.analyst, caseID, incident.NewMember{UserID: w.lead.ID, Function: incident.Deputy, Sees: incident.Tasks}), apperr.InvalidInput)
	w.want(w.cases.AddMember(w.ctx, w.analyst, caseID, incident.NewMember{UserID: w.analyst.ID, Function: incident.Security, Sees: incident.Whole}), apperr.InvalidInput)
	w.want(w.cases.RemoveMember(w.ctx, w.analyst, caseID, w.analyst.ID), apperr.Stale)
	w.join(caseID, w.hr, incident.HR, incident.Whole)
	w.want(w.cases.AddMember(w.ctx, w.hr, caseID, incident.NewMember{UserID: w.legal.ID, Function: incident.Legal, Sees: incident.Whole}), apperr.Denied)
	// A new lead makes the old one a deputy.
	w.join(caseID, w.lead, incident.Lead, incident.Whole)
	if got := w.show(w.analyst, caseID).Case.Function; got != incident.Deputy {
		t.Errorf("the old lead is %s", got)
	}
	// An observer reads and does nothing.
	w.join(caseID, w.auditor, incident.Observer, incident.Whole)
	w.want(w.cases.AddNote(w.ctx, w.auditor, caseID, "", "x"), apperr.Denied)
	w.want(w.finish(w.auditor, caseID, "step-open-case"), apperr.Denied)
	w.show(w.auditor, caseID)
}

func TestTaskMembersSeeTheirTasksOnly(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.join(caseID, w.finance, incident.Finance, incident.Tasks)
	w.must(w.finish(w.analyst, caseID, "step-open-case"))
	w.must(w.cases.AddNote(w.ctx, w.analyst, caseID, "step-stop-payments", "Salary is due on the first."))
	v := w.show(w.finance, caseID)
	if v.Case.Reason != "" || v.Members != nil || v.Notes != 0 || v.Evidence != 0 || v.Case.PersonName == "" {
		t.Errorf("finance sees %+v", v.Case)
	}
	for _, s := range v.Steps {
		if s.OwnerRole != catalogue.OwnerFinance {
			t.Errorf("finance sees %s", s.StepID)
		}
		for _, l := range s.Barred() {
			if l.Kind == incident.LockStep && l.Ref != "" {
				t.Errorf("a lock shows %q", l.Text)
			}
		}
	}
	sv, err := w.cases.ShowStep(w.ctx, w.finance, caseID, "step-stop-payments")
	w.must(err)
	if len(sv.Notes) != 1 {
		t.Errorf("notes %+v", sv.Notes)
	}
	allowed := map[string]bool{"Show": true, "Money": true, "AddPayment": true, "collect": true}
	for method, err := range w.acts(w.finance, caseID) {
		kind := apperr.KindOf(err)
		// The payments named by acts do not exist, so they are not found either way.
		if (err == nil) != allowed[method] && kind != apperr.NotFound && kind != apperr.InvalidInput {
			t.Errorf("%s: %v", method, err)
		}
	}
	_, _, err = w.cases.Access(w.ctx, w.finance, caseID)
	w.want(err, apperr.NotFound)

	// They do their task, with the confirmation attached.
	w.must(w.finish(w.analyst, caseID, "step-keep-facade"))
	_, err = w.collect(w.finance, caseID, "step-stop-payments", "note", "Hold confirmation")
	w.must(err)
	_, payments, _, err := w.cases.Money(w.ctx, w.finance, caseID)
	w.must(err)
	w.want(w.finish(w.finance, caseID, "step-stop-payments"), apperr.Stale)
	w.must(w.cases.MovePayment(w.ctx, w.finance, caseID, payments[0].ID, payments[0].Version, payment.Stopped))
	w.must(w.finish(w.finance, caseID, "step-stop-payments"))
	w.want(w.cases.FinishStep(w.ctx, w.finance, incident.Settlement{CaseID: caseID, StepID: "step-get-help", Version: 1}), apperr.NotFound)
	if sv, err = w.cases.ShowStep(w.ctx, w.finance, caseID, "step-stop-payments"); err != nil || len(sv.Evidence) != 1 {
		t.Errorf("evidence %+v, %v", sv.Evidence, err)
	}
}

func TestStepsAndOverrides(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.join(caseID, w.hr, incident.HR, incident.Whole)
	locked := incident.Settlement{CaseID: caseID, StepID: "step-collect-dossier", Version: 1}
	err := w.cases.FinishStep(w.ctx, w.hr, locked)
	w.want(err, apperr.Stale)
	if !strings.Contains(err.Error(), "Preserve evidence") {
		t.Errorf("the lock does not say what opens it: %v", err)
	}
	w.want(w.cases.TickItem(w.ctx, w.hr, caseID, "step-collect-dossier", 0), apperr.Stale)
	locked.OverrideReason = "Profiles are vanishing."
	w.want(w.cases.FinishStep(w.ctx, w.hr, locked), apperr.Denied)
	w.must(w.cases.FinishStep(w.ctx, w.analyst, locked))
	s := w.step(caseID, "step-collect-dossier")
	if s.State != incident.Done || s.OverrideReason == "" || s.OverriddenBy == nil {
		t.Errorf("overridden step %+v", s)
	}
	if n := w.number(`SELECT count(*) FROM audit_entries WHERE case_id = $1 AND action = 'case.step_done' AND detail->>'override' = 'true'`, caseID); n != 1 {
		t.Errorf("%d audit entries of the override", n)
	}
	// An override is kept only where there was a lock.
	w.must(w.cases.FinishStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: "step-open-case", Version: 1, OverrideReason: "for good measure"}))
	if s := w.step(caseID, "step-open-case"); s.OverrideReason != "" {
		t.Error("a step that was not locked is marked as overridden")
	}
	w.want(w.cases.FinishStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: "step-open-case", Version: 2}), apperr.Stale)
	w.want(w.cases.FinishStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: "step-get-help", Version: 7}), apperr.Stale)
	w.want(w.cases.SkipStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: "step-get-help", Version: 1}), apperr.InvalidInput)
	w.must(w.cases.SkipStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: "step-get-help", Version: 1, Note: "We have our own team."}))
	w.want(w.cases.ReopenStep(w.ctx, w.analyst, caseID, "step-get-help", 2, ""), apperr.InvalidInput)
	w.must(w.cases.ReopenStep(w.ctx, w.analyst, caseID, "step-get-help", 2, "It is more than we can handle."))
	if s := w.step(caseID, "step-get-help"); s.State != incident.Open || s.Note != "" || s.DoneAt != nil {
		t.Errorf("reopened step %+v", s)
	}

	w.must(w.cases.TickItem(w.ctx, w.hr, caseID, "step-engage-legal", 1))
	w.must(w.cases.TickItem(w.ctx, w.hr, caseID, "step-engage-legal", 1))
	w.must(w.cases.TickItem(w.ctx, w.hr, caseID, "step-engage-legal", 0))
	w.must(w.cases.UntickItem(w.ctx, w.hr, caseID, "step-engage-legal", 0))
	w.want(w.cases.TickItem(w.ctx, w.hr, caseID, "step-engage-legal", 99), apperr.NotFound)
	if s := w.step(caseID, "step-engage-legal"); !s.Ticked.Has(1) || s.Ticked.Count() != 1 {
		t.Errorf("ticked %b", s.Ticked)
	}

	w.want(w.cases.AssignStep(w.ctx, w.analyst, caseID, "step-engage-legal", 1, w.hr.ID), apperr.InvalidInput)
	w.join(caseID, w.legal, incident.Legal, incident.Whole)
	w.must(w.cases.AssignStep(w.ctx, w.analyst, caseID, "step-engage-legal", 1, w.legal.ID))
	if clocks, err := w.cases.Clocks(w.ctx, w.legal, 5); err != nil || len(clocks) == 0 || clocks[0].StepID != "step-engage-legal" || !clocks[0].Mine || clocks[0].Title == "" {
		t.Errorf("clocks %+v, %v", clocks, err)
	}
	w.must(w.cases.RemoveMember(w.ctx, w.analyst, caseID, w.legal.ID))
	if s := w.step(caseID, "step-engage-legal"); s.OwnerID != nil {
		t.Error("a removed member still owns a step")
	}
}

func TestTheConfirmationCallWaitsForAttestation(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.join(caseID, w.lead, incident.Deputy, incident.Whole)
	added, already, err := w.cases.ImportGrants(w.ctx, w.analyst, caseID, strings.NewReader("system,level,account,granted on\nCode host,write,mo,2026-01-05\nCloud,admin\nCloud,admin\n"))
	if err != nil || added != 2 || already != 1 {
		t.Fatalf("imported %d, %d already, %v", added, already, err)
	}
	w.want(w.cases.AddGrant(w.ctx, w.analyst, caseID, inventory.New{System: "cloud", Level: "Admin"}), apperr.InvalidInput)
	_, _, err = w.cases.ImportGrants(w.ctx, w.analyst, caseID, strings.NewReader("Wallet,signer,,soon\n"))
	w.want(err, apperr.InvalidInput)
	_, grants, err := w.cases.Access(w.ctx, w.analyst, caseID)
	w.must(err)
	g := grants[0]
	w.want(w.cases.AttestGrant(w.ctx, w.lead, caseID, g.ID, 1), apperr.Stale)
	w.must(w.cases.RevokeGrant(w.ctx, w.analyst, caseID, g.ID, 1))
	w.want(w.cases.RevokeGrant(w.ctx, w.analyst, caseID, g.ID, 1), apperr.Stale)
	w.must(w.cases.UndoRevokeGrant(w.ctx, w.analyst, caseID, g.ID, 2))
	w.must(w.cases.RevokeGrant(w.ctx, w.analyst, caseID, g.ID, 3))
	w.want(w.cases.AttestGrant(w.ctx, w.analyst, caseID, g.ID, 4), apperr.Denied)
	w.must(w.cases.AttestGrant(w.ctx, w.lead, caseID, g.ID, 4))
	w.want(w.cases.UndoRevokeGrant(w.ctx, w.analyst, caseID, g.ID, 5), apperr.Stale)
	w.want(w.cases.RestoreGrant(w.ctx, w.analyst, caseID, g.ID, 5), apperr.Stale)

	call := w.step(caseID, "step-confirmation-call")
	open := slices.DeleteFunc(call.Locks, func(l incident.Lock) bool { return l.Kind != incident.LockGrant })
	if len(open) != 1 || open[0].Ref != string(grants[1].ID) || !strings.Contains(open[0].Text, grants[1].System) {
		t.Errorf("locks by access: %+v", open)
	}
	if v := w.show(w.analyst, caseID); v.Access != (inventory.Counts{Total: 2, Open: 1, Attested: 1}) {
		t.Errorf("counts %+v", v.Access)
	}
	w.must(w.cases.RevokeGrant(w.ctx, w.lead, caseID, grants[1].ID, 1))
	w.must(w.cases.AttestGrant(w.ctx, w.analyst, caseID, grants[1].ID, 2))
	for _, l := range w.step(caseID, "step-confirmation-call").Locks {
		if l.Kind == incident.LockGrant {
			t.Errorf("still locked by %q", l.Text)
		}
	}
}

func TestMoney(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	for _, n := range []payment.New{planned(),
		{PayOn: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Amount: "4250.25", Currency: "EUR", Method: payment.Payroll, State: payment.Paid},
		{PayOn: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Amount: "0.12345678", Currency: "eth", Method: payment.OnChain, State: payment.Paid}} {
		w.must(w.cases.AddPayment(w.ctx, w.analyst, caseID, n))
	}
	w.want(w.cases.AddPayment(w.ctx, w.analyst, caseID, payment.New{Amount: "much"}), apperr.InvalidInput)
	_, list, _, err := w.cases.Money(w.ctx, w.analyst, caseID)
	w.must(err)
	if len(list) != 3 || list[0].Amount != "4250.00" || list[2].Amount != "0.12345678" || list[2].Currency != "ETH" {
		t.Fatalf("payments %+v", list)
	}
	w.want(w.cases.MovePayment(w.ctx, w.analyst, caseID, list[0].ID, 1, payment.Returned), apperr.Stale)
	w.want(w.cases.ExplainPayment(w.ctx, w.analyst, caseID, list[1].ID, 1, "x"), apperr.Stale)
	w.must(w.cases.ExplainPayment(w.ctx, w.analyst, caseID, list[0].ID, 1, "Counsel says it is owed."))
	if unmet := w.step(caseID, "step-stop-payments").Unmet; len(unmet) != 0 {
		t.Errorf("an explained payment still keeps the step open: %+v", unmet)
	}
	w.must(w.cases.MovePayment(w.ctx, w.analyst, caseID, list[0].ID, 2, payment.Stopped))
	w.must(w.cases.MovePayment(w.ctx, w.analyst, caseID, list[1].ID, 1, payment.Recalled))
	w.must(w.cases.MovePayment(w.ctx, w.analyst, caseID, list[1].ID, 2, payment.Returned))
	_, _, totals, err := w.cases.Money(w.ctx, w.analyst, caseID)
	w.must(err)
	want := []payment.Total{{Currency: "ETH", State: payment.Paid, Amount: "0.12345678", Count: 1},
		{Currency: "EUR", State: payment.Stopped, Amount: "4250.00", Count: 1}, {Currency: "EUR", State: payment.Returned, Amount: "4250.25", Count: 1}}
	if !slices.Equal(totals, want) {
		t.Errorf("totals %+v", totals)
	}
}

func TestDossier(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	add := func(field, value string) error {
		return w.cases.AddEntry(w.ctx, w.analyst, caseID, incident.NewEntry{FieldID: field, Value: value, Source: "HR record"})
	}
	w.want(add("field-email", "nobody"), apperr.InvalidInput)
	w.want(add("field-nothing", "x"), apperr.NotFound)
	w.want(add("field-resume", "cv.pdf"), apperr.InvalidInput)
	w.must(add("field-email", "mo@example.com"))
	w.must(add("field-email", "mara@example.com"))
	w.want(add("field-email", "mo@example.com"), apperr.InvalidInput)
	w.must(add("field-legal-name", "Mara Okafor"))
	w.want(add("field-legal-name", "Mara O."), apperr.InvalidInput)
	w.must(add("field-document-number", "AB 12 34"))
	w.want(add("field-document-number", "ab1234"), apperr.InvalidInput)
	w.want(w.cases.ExplainGap(w.ctx, w.analyst, caseID, "field-email", "none"), apperr.Stale)
	w.want(w.cases.ExplainGap(w.ctx, w.analyst, caseID, "field-wallet", ""), apperr.InvalidInput)
	w.must(w.cases.ExplainGap(w.ctx, w.analyst, caseID, "field-wallet", "Paid by bank only."))
	itemID, err := w.collect(w.analyst, caseID, "", "document", "CV")
	w.must(err)
	w.must(w.cases.AddEntry(w.ctx, w.analyst, caseID, incident.NewEntry{FieldID: "field-resume", EvidenceID: string(itemID)}))
	other := persontest.New(t, w.db)
	foreign := evidencetest.Note(t, w.items, w.analyst, string(other.ID))
	w.want(w.cases.AddEntry(w.ctx, w.analyst, caseID, incident.NewEntry{FieldID: "field-resume", EvidenceID: string(foreign)}), apperr.InvalidInput)

	v, fields, err := w.cases.Dossier(w.ctx, w.analyst, caseID)
	w.must(err)
	if d := v.Facts.Dossier; d.Filled != 4 || d.Explained != 1 || len(fields) != d.Total {
		t.Errorf("filled %d, explained %d of %d", d.Filled, d.Explained, d.Total)
	}
	suggested := map[string]string{}
	var email, number incident.Entry
	for _, f := range fields {
		for _, s := range f.Suggestions {
			suggested[f.Field.ID] = s.Value
		}
		switch f.Field.ID {
		case "field-email":
			email = f.Entries[0]
		case "field-document-number":
			number = f.Entries[0]
		}
	}
	if suggested["field-location"] != "Lisbon" || suggested["field-sourcing"] != "channel-public-application" || suggested["field-legal-name"] != "" {
		t.Errorf("suggestions %v", suggested)
	}
	if number.Value != "AB 12 34" {
		t.Errorf("the document number reads %q", number.Value)
	}
	w.must(w.cases.RemoveEntry(w.ctx, w.analyst, caseID, number.ID))
	if n := w.number(`SELECT count(*) FROM dossier_entries d WHERE d::text ~* '12 ?34' OR d.sealed IS NULL AND field_id = 'field-document-number'`); n != 0 {
		t.Errorf("%d entries show the document number", n)
	}
	if n := w.number(`SELECT count(*) FROM audit_values v JOIN audit_entries e ON e.id = v.entry_id
		WHERE e.subject_id = $1 AND v.field = 'value' AND coalesce(v.old, v.new) LIKE 'encrypted:%'`, number.ID); n != 2 {
		t.Errorf("%d of the 2 changes of it are in the log, encrypted", n)
	}
	w.must(w.cases.RemoveEntry(w.ctx, w.analyst, caseID, email.ID))
	w.want(w.cases.RemoveEntry(w.ctx, w.analyst, caseID, email.ID), apperr.NotFound)
	w.must(w.cases.ReopenGap(w.ctx, w.analyst, caseID, "field-wallet"))
	w.want(w.cases.ReopenGap(w.ctx, w.analyst, caseID, "field-wallet"), apperr.NotFound)
	// Filling a field drops the explanation of its gap.
	w.must(w.cases.ExplainGap(w.ctx, w.analyst, caseID, "field-alias", "None known."))
	w.must(add("field-alias", "M. Oka"))
	if v, _, err = w.cases.Dossier(w.ctx, w.analyst, caseID); err != nil || v.Facts.Dossier.Explained != 0 {
		t.Errorf("explained %d, %v", v.Facts.Dossier.Explained, err)
	}
}

// TestAccountsAreSuggestedAndKeptEncrypted: what the subject says of payments and where the case's money went fills fields at one
// click, and reads as it was typed, though none of it lies open.
func TestAccountsAreSuggestedAndKeptEncrypted(t *testing.T) {
	w := setup(t)
	const wallet, iban = "0x52908400098527886E0F7030069857D2E4169EE7", "DE89 3704 0044 0532 0130 00"
	caseID := w.open()
	lib, err := catalogue.Load()
	w.must(err)
	claims := claim.NewService(w.db, lib, persontest.Service(t, w.db))
	w.must(w.db.Write(w.ctx, authz.System("test"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "test.done", SubjectKind: "test", SubjectID: "1"})
		_, err := claims.Add(w.ctx, tx, w.subject, []claim.New{{Kind: claim.Payment, Value: iban}})
		return err
	}))
	money := planned()
	money.Method, money.Destination = payment.OnChain, wallet
	w.must(w.cases.AddPayment(w.ctx, w.analyst, caseID, money))
	offered := func() map[string]string {
		_, fields, err := w.cases.Dossier(w.ctx, w.analyst, caseID)
		w.must(err)
		all := map[string]string{}
		for _, f := range fields {
			for _, s := range f.Suggestions {
				all[f.Field.ID] += s.Value
			}
		}
		return all
	}
	if got := offered(); got["field-wallet"] != wallet || got["field-bank-account"] != iban {
		t.Errorf("suggested: %v", got)
	}
	_, payments, _, err := w.cases.Money(w.ctx, w.analyst, caseID)
	if err != nil || len(payments) != 1 || payments[0].Destination != wallet {
		t.Errorf("%+v, %v", payments, err)
	}
	w.must(w.cases.AddEntry(w.ctx, w.analyst, caseID, incident.NewEntry{FieldID: "field-wallet", Value: wallet}))
	w.want(w.cases.AddEntry(w.ctx, w.analyst, caseID, incident.NewEntry{FieldID: "field-wallet", Value: strings.ToLower(wallet)}), apperr.InvalidInput)
	if got := offered(); got["field-wallet"] != "" {
		t.Errorf("suggested again: %v", got)
	}
	if n := w.number(`SELECT count(*) FROM payments p JOIN dossier_entries d USING (match_key) WHERE match_key <> ''`); n != 1 {
		t.Errorf("%d pairs of payment and entry are known to be the same wallet", n)
	}
	if n := w.number(`SELECT (SELECT count(*) FROM payments p WHERE p::text ~* '5290') + (SELECT count(*) FROM dossier_entries d WHERE d::text ~* '5290')`); n != 0 {
		t.Errorf("%d rows show the wallet", n)
	}
}

// TestSpecialValuesOfBeforeAreEncrypted writes them as they were once, and has the next start encrypt them.
func TestSpecialValuesOfBeforeAreEncrypted(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := w.db.Pool().Exec(w.ctx, sql, args...)
		w.must(err)
	}
	exec(`ALTER TABLE payments DROP CONSTRAINT payments_destination_sealed`)
	exec(`INSERT INTO payments (id, person_id, case_id, pay_on, amount, currency, method, destination, state, recorded_at)
		VALUES ($1, $2, $3, now(), 1, 'EUR', 'bank-transfer', 'DE89370400440532013000', 'paid', now())`, id.New(), w.subject, caseID)
	for field, value := range map[string]string{"field-bank-account": "DE89370400440532013000", "field-alias": "M. Oka"} {
		exec(`INSERT INTO dossier_entries (id, case_id, field_id, value, added_at) VALUES ($1, $2, $3, $4, now())`, id.New(), caseID, field, value)
	}
	w.must(w.db.Write(w.ctx, authz.System("test"), func(tx *db.Tx) error {
		for _, field := range []string{"field-bank-account", "field-alias"} {
			tx.Record(db.Entry{Action: "dossier.entry_added", SubjectKind: "dossier", SubjectID: field, Detail: map[string]any{"field": field},
				Changes: []db.Change{db.Changed("value", "", "DE89370400440532013000")}})
		}
		return nil
	}))
	w.must(w.cases.SealOpen(w.ctx))
	w.must(w.cases.SealOpen(w.ctx))
	if n := w.number(`SELECT (SELECT count(*) FROM payments p WHERE p::text LIKE '%3704%') + (SELECT count(*) FROM dossier_entries d WHERE d::text LIKE '%3704%')`); n != 0 {
		t.Errorf("%d rows lie open", n)
	}
	if n := w.number(`SELECT count(*) FROM audit_values WHERE new LIKE '%3704%'`); n != 1 {
		t.Errorf("%d values of the log, want that of the open field alone", n)
	}
	_, payments, _, err := w.cases.Money(w.ctx, w.analyst, caseID)
	if err != nil || payments[0].Destination != "DE89370400440532013000" {
		t.Errorf("%+v, %v", payments, err)
	}
	_, fields, err := w.cases.Dossier(w.ctx, w.analyst, caseID)
	w.must(err)
	for _, f := range fields {
		switch f.Field.ID {
		case "field-bank-account":
			if len(f.Entries) != 1 || f.Entries[0].Value != "DE89370400440532013000" {
				t.Errorf("%+v", f.Entries)
			}
		case "field-alias":
			if len(f.Entries) != 1 || f.Entries[0].Value != "M. Oka" {
				t.Errorf("%+v", f.Entries)
			}
		}
	}
}
