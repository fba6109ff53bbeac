package incident_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/evidence"
	"gatehouse/internal/flag"
	"gatehouse/internal/incident"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/person"
	"gatehouse/internal/person/persontest"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
)

// settleAll works through what is open, in the order of the clocks, but for the steps named.
func (w *world) settleAll(actor authz.Actor, caseID incident.ID, but ...string) {
	w.t.Helper()
	for {
		var next *incident.Step
		for _, s := range w.show(actor, caseID).Steps {
			if s.State == incident.Open && len(s.Barred()) == 0 && s.StepID != "step-close-case" && !slices.Contains(but, s.StepID) {
				next = &s
				break
			}
		}
		if next == nil {
			return
		}
		w.must(w.cases.FinishStep(w.ctx, actor, incident.Settlement{CaseID: caseID, StepID: next.StepID, Version: next.Version, Note: "Done as planned."}))
	}
}

func (w *world) decide(caseID incident.ID, outcome incident.Outcome) {
	w.t.Helper()
	version := func() int { return w.show(w.analyst, caseID).Case.Version }
	w.must(w.cases.ProposeOutcome(w.ctx, w.analyst, incident.Verdict{CaseID: caseID, Version: version(), Outcome: outcome,
		Reason: "Findings in three groups; nothing speaks against.", OverrideReason: w.early(caseID)}))
	w.want(w.cases.AgreeOutcome(w.ctx, w.analyst, caseID, version()), apperr.Denied)
	w.want(w.cases.AgreeOutcome(w.ctx, w.lead, caseID, version()-1), apperr.Stale)
	w.must(w.cases.AgreeOutcome(w.ctx, w.lead, caseID, version()))
	w.want(w.cases.AgreeOutcome(w.ctx, w.lead, caseID, version()), apperr.Stale)
	w.want(w.cases.ProposeOutcome(w.ctx, w.lead, incident.Verdict{CaseID: caseID, Version: version(), Outcome: incident.NotConfirmed, Reason: "x"}), apperr.Stale)
}

func TestFromTheFirstFlagToTheReport(t *testing.T) {
	w := setup(t)
	referrer := persontest.New(t, w.db, persontest.Named("Kim Abel")).ID
	w.subject = persontest.New(t, w.db, persontest.Entered(person.New{Name: "Mara Okafor", ReferrerID: &referrer}),
		persontest.At(person.Place{Status: person.Engaged, JobTitle: "Engineer"})).ID
	sibling := persontest.New(t, w.db, persontest.Entered(person.New{Name: "Noor Aziz", ReferrerID: &referrer})).ID
	raised := w.flagged("check-cross-commits", catalogue.RedFlag)
	caseID, err := w.cases.Escalate(w.ctx, w.analyst, incident.Escalation{PersonID: w.subject, Reason: "Cross commits.", FlagIDs: []string{string(raised.ID)}})
	w.must(err)
	w.join(caseID, w.lead, incident.Deputy, incident.Whole)

	w.must(w.cases.AddGrant(w.ctx, w.analyst, caseID, inventory.New{System: "Code host", Level: "write"}))
	w.must(w.cases.AddPayment(w.ctx, w.analyst, caseID, planned()))
	w.settleAll(w.analyst, caseID)
	if s := w.step(caseID, "step-stop-payments"); s.State != incident.Open || len(s.Unmet) != 1 {
		t.Errorf("payments were called stopped: %+v", s)
	}
	_, payments, _, err := w.cases.Money(w.ctx, w.analyst, caseID)
	w.must(err)
	w.must(w.cases.MovePayment(w.ctx, w.analyst, caseID, payments[0].ID, 1, payment.Stopped))
	_, grants, err := w.cases.Access(w.ctx, w.analyst, caseID)
	w.must(err)
	w.must(w.cases.RevokeGrant(w.ctx, w.analyst, caseID, grants[0].ID, 1))
	w.settleAll(w.analyst, caseID)
	if s := w.step(caseID, "step-confirmation-call"); !s.Locked() {
		t.Error("the call opened before the access was attested")
	}
	w.must(w.cases.AttestGrant(w.ctx, w.lead, caseID, grants[0].ID, 2))
	itemID, err := w.collect(w.analyst, caseID, "step-confirmation-call", "note", "Witness note")
	w.must(err)
	w.settleAll(w.analyst, caseID)
	if s := w.step(caseID, "step-decide"); s.State != incident.Open {
		t.Error("decided without an outcome")
	}
	w.want(w.cases.Close(w.ctx, w.analyst, caseID, 1, "x"), apperr.Stale)
	w.decide(caseID, incident.Confirmed)
	w.settleAll(w.analyst, caseID)
	if s := w.step(caseID, "step-terminate"); !s.Locked() {
		t.Error("the exit opened before the dossier was complete")
	}
	w.must(w.cases.AddEntry(w.ctx, w.analyst, caseID, incident.NewEntry{FieldID: "field-legal-name", Value: "Mara Okafor"}))
	for _, field := range w.show(w.analyst, caseID).Facts.Dossier.Open {
		w.must(w.cases.ExplainGap(w.ctx, w.analyst, caseID, field.ID, "Never given."))
	}
	// One step of the exit is left out by override; closing is refused while anything is open.
	w.want(w.cases.Close(w.ctx, w.analyst, caseID, w.show(w.analyst, caseID).Case.Version, "Lessons."), apperr.Stale)
	late := w.step(caseID, "step-re-audit")
	w.must(w.cases.SkipStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: late.StepID, Version: late.Version,
		Note: "The code was never released.", OverrideReason: "Decided before the freeze."}))
	w.settleAll(w.analyst, caseID)
	// What comes up after its step was done is settled before the case is closed.
	closing := func() error {
		return w.cases.Close(w.ctx, w.analyst, caseID, w.show(w.analyst, caseID).Case.Version, "Ask for two live references.")
	}
	w.must(w.cases.AddGrant(w.ctx, w.analyst, caseID, inventory.New{System: "Wallet", Level: "signer"}))
	w.want(closing(), apperr.Stale)
	_, grants, err = w.cases.Access(w.ctx, w.analyst, caseID)
	w.must(err)
	for _, g := range grants {
		if g.RevokedAt == nil {
			w.must(w.cases.RevokeGrant(w.ctx, w.analyst, caseID, g.ID, g.Version))
			w.want(closing(), apperr.Stale)
			w.must(w.cases.AttestGrant(w.ctx, w.lead, caseID, g.ID, g.Version+1))
		}
	}
	w.must(w.cases.AddPayment(w.ctx, w.analyst, caseID, planned()))
	w.want(closing(), apperr.Stale)
	_, payments, _, err = w.cases.Money(w.ctx, w.analyst, caseID)
	w.must(err)
	for _, p := range payments {
		if p.Unstopped() {
			w.must(w.cases.MovePayment(w.ctx, w.analyst, caseID, p.ID, p.Version, payment.Stopped))
		}
	}
	w.must(closing())

	persontest.New(t, w.db, persontest.Entered(person.New{Name: "Too Late", ReferrerID: &referrer}))
	r, err := w.cases.Report(w.ctx, w.lead, caseID)
	w.must(err)
	for _, p := range r.Related {
		if p.Name == "Too Late" {
			t.Error("who was entered after the closing is in the report")
		}
	}
	if !r.Case.Closed() || r.Case.Lessons == "" || r.Case.Agreed() != incident.Confirmed || r.Case.Closer == "" {
		t.Errorf("closed case %+v", r.Case)
	}
	if first, last := r.Timeline[0], r.Timeline[len(r.Timeline)-1]; first.Kind != "person.added" || !first.Before || last.Kind != "case.closed" {
		t.Errorf("the timeline runs from %+v to %+v", first, last)
	}
	said := map[string]bool{}
	for _, e := range r.Timeline {
		said[e.Kind] = true
	}
	for _, kind := range []string{"flag.raised", "check.recorded", "case.opened", "grant.attested", "payment.stopped",
		"evidence.collected", "case.outcome_agreed", "dossier.gap_explained", "case.step_skipped"} {
		if !said[kind] {
			t.Errorf("the timeline has no %s", kind)
		}
	}
	if len(r.Findings) != 1 || !r.Findings[0].LedHere || r.Findings[0].Title == "check-cross-commits" {
		t.Errorf("findings %+v", r.Findings)
	}
	if len(r.Register) != 1 || r.Places[string(itemID)] != 1 || len(r.Register[0].Hash) != 64 || r.Register[0].Touches < 1 {
		t.Errorf("register %+v", r.Register)
	}
	if !slices.Contains(r.OfSteps["step-confirmation-call"], string(itemID)) {
		t.Errorf("evidence of steps %v", r.OfSteps)
	}
	related := map[person.ID]incident.Relation{}
	for _, p := range r.Related {
		related[p.PersonID] = p.Relation
	}
	if related[sibling] != incident.ReferredBySame || related[referrer] != incident.ReferredSubject || len(related) != 2 {
		t.Errorf("related %v", related)
	}
	if s, _ := r.Step("step-re-audit"); s.OverrideReason == "" || s.Overrider == "" {
		t.Errorf("the override does not show: %+v", s)
	}
	if s, _ := r.Step("step-clear-subject"); s.State != incident.NotApplicable {
		t.Errorf("clearing is %s", s.State)
	}

	// A closed case is only read.
	for method, err := range w.acts(w.analyst, caseID) {
		if strings.HasPrefix(method, "Show") || slices.Contains([]string{"Access", "Money", "Dossier", "Evidence", "Notes", "Members", "Timeline", "Report"}, method) {
			w.must(err)
			continue
		}
		if kind := apperr.KindOf(err); kind != apperr.Stale && (method != "collect" || kind != apperr.NotFound) {
			t.Errorf("%s on a closed case: %v", method, err)
		}
	}
	open, err := w.cases.List(w.ctx, w.analyst, incident.Filter{Status: incident.StatusOpen})
	w.must(err)
	closed, err := w.cases.List(w.ctx, w.analyst, incident.Filter{Status: incident.StatusClosed})
	w.must(err)
	if len(open.Items) != 0 || len(closed.Items) != 1 || !closed.Items[0].Agreed || closed.Items[0].Left != 0 {
		t.Errorf("open %+v, closed %+v", open.Items, closed.Items)
	}
	// The timeline and the audit log use the same names.
	if n := w.number(`SELECT count(DISTINCT t.kind) FROM case_timeline t
		WHERE NOT EXISTS (SELECT 1 FROM audit_entries a WHERE a.case_id = t.case_id AND a.action = t.kind)`); n != 0 {
		t.Errorf("%d kinds of the timeline are unknown to the audit log", n)
	}
}

func TestTheWrongPersonIsCleared(t *testing.T) {
	w := setup(t)
	raised := w.flagged("check-cross-commits", catalogue.RedFlag)
	w.must(w.assess.Dispose(w.ctx, w.analyst, raised.ID, raised.Version, flag.Confirmed, "Seen by two.", nil))
	caseID := w.open()
	w.join(caseID, w.lead, incident.Deputy, incident.Whole)
	w.must(w.cases.AddGrant(w.ctx, w.analyst, caseID, inventory.New{System: "Chat"}))
	_, grants, err := w.cases.Access(w.ctx, w.analyst, caseID)
	w.must(err)
	w.must(w.cases.RevokeGrant(w.ctx, w.analyst, caseID, grants[0].ID, 1))
	w.must(w.cases.AttestGrant(w.ctx, w.lead, caseID, grants[0].ID, 2))
	w.decide(caseID, incident.FalsePositive)

	flags, err := w.flags.ForPerson(w.ctx, w.db.Pool(), w.subject)
	w.must(err)
	for _, f := range flags {
		if f.State != flag.Explained || strings.Contains(strings.ToLower(f.Reason), "case") {
			t.Errorf("flag %+v", f)
		}
	}
	after, err := w.assess.Of(w.ctx, w.hr, w.subject)
	w.must(err)
	if after.Band != catalogue.Low {
		t.Errorf("the band is %s after clearing", after.Band)
	}
	if s := w.step(caseID, "step-terminate"); s.State != incident.NotApplicable {
		t.Errorf("the exit is %s", s.State)
	}
	if s := w.step(caseID, "step-clear-subject"); s.State != incident.Open {
		t.Errorf("clearing is %s", s.State)
	}
	// Making good is called done when what was taken is given back, or somebody says why it is not.
	w.must(w.cases.AddPayment(w.ctx, w.analyst, caseID, planned()))
	_, payments, _, err := w.cases.Money(w.ctx, w.analyst, caseID)
	w.must(err)
	w.must(w.cases.MovePayment(w.ctx, w.analyst, caseID, payments[0].ID, 1, payment.Stopped))
	w.settleAll(w.analyst, caseID, "step-clear-subject")
	for _, stepID := range []string{"step-collect-dossier", "step-decide"} {
		if s := w.step(caseID, stepID); s.State == incident.Open {
			w.must(w.cases.FinishStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: stepID, Version: s.Version, OverrideReason: "Cleared."}))
		}
	}
	err = w.finish(w.analyst, caseID, "step-clear-subject")
	w.want(err, apperr.InvalidInput)
	for _, word := range []string{"1 revoked still", "1 stopped still"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	w.must(w.cases.MovePayment(w.ctx, w.analyst, caseID, payments[0].ID, 2, payment.Paid))
	w.must(w.cases.RestoreGrant(w.ctx, w.analyst, caseID, grants[0].ID, 3))
	w.must(w.finish(w.analyst, caseID, "step-clear-subject"))
	if v := w.show(w.analyst, caseID); v.Access.Restored != 1 || v.Access.Attested != 1 || v.Access.Open != 0 {
		t.Errorf("access %+v", v.Access)
	}
}

func TestAProposalIsReplacedUntilItIsAgreed(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.join(caseID, w.lead, incident.Deputy, incident.Whole)
	propose := func(actor authz.Actor, version int, outcome incident.Outcome, override string) error {
		return w.cases.ProposeOutcome(w.ctx, actor, incident.Verdict{CaseID: caseID, Version: version, Outcome: outcome, Reason: "A thought.", OverrideReason: override})
	}
	w.want(propose(w.analyst, 1, incident.Confirmed, ""), apperr.Stale) // what comes before is open
	w.must(propose(w.analyst, 1, incident.Confirmed, "It is plain."))
	if s := w.step(caseID, "step-decide"); s.OverrideReason != "It is plain." || s.Overrider == "" || s.State != incident.Open {
		t.Errorf("whoever is to agree does not read why it is decided early: %+v", s)
	}
	w.want(propose(w.lead, 1, incident.Confirmed, "Stale."), apperr.Stale)
	w.must(propose(w.lead, 2, incident.NotConfirmed, "It is not."))
	if s := w.step(caseID, "step-decide"); s.OverrideReason != "It is not." {
		t.Errorf("the proposal was replaced, its reason for deciding early not: %q", s.OverrideReason)
	}
	w.want(w.cases.AgreeOutcome(w.ctx, w.lead, caseID, 3), apperr.Denied)
	w.must(w.cases.AgreeOutcome(w.ctx, w.analyst, caseID, 3))
	for _, stepID := range []string{"step-terminate", "step-clear-subject"} {
		if s := w.step(caseID, stepID); s.State != incident.NotApplicable {
			t.Errorf("%s is %s in an unresolved case", stepID, s.State)
		}
	}
	w.want(w.cases.ReopenOutcome(w.ctx, w.analyst, caseID, 4, ""), apperr.InvalidInput)
	w.must(w.cases.ReopenOutcome(w.ctx, w.analyst, caseID, 4, "Agreed too early."))
	if c := w.show(w.analyst, caseID).Case; c.Agreed() != "" || c.Proposed() != "" {
		t.Errorf("the outcome that was taken back stands: %+v", c)
	}
	if s := w.step(caseID, "step-terminate"); s.State != incident.Open {
		t.Errorf("the exit is %s after the outcome was taken back", s.State)
	}
	w.want(w.cases.ReopenOutcome(w.ctx, w.analyst, caseID, 5, "Again."), apperr.Stale)
	w.must(propose(w.analyst, 5, incident.FalsePositive, "A mistake."))
	w.must(w.cases.AgreeOutcome(w.ctx, w.lead, caseID, 6))
	w.want(w.cases.ReopenOutcome(w.ctx, w.analyst, caseID, 7, "Not so sure."), apperr.Stale) // cleared is cleared
}

// early is the reason for an outcome before its time, if it is before its time.
func (w *world) early(caseID incident.ID) string {
	if w.step(caseID, "step-decide").Locked() {
		return "Decided early."
	}
	return ""
}

func TestProposals(t *testing.T) {
	w := setup(t)
	proposed := func(actor authz.Actor) bool {
		t.Helper()
		ok, err := w.cases.Proposed(w.ctx, actor, w.subject)
		w.must(err)
		list, err := w.cases.Proposals(w.ctx, actor, 10)
		w.must(err)
		if ok != (len(list) == 1) {
			t.Errorf("proposed %v, listed %+v", ok, list)
		}
		return ok
	}
	raised := w.flagged("check-cross-commits", catalogue.RedFlag)
	if !raised.Strength.AtLeast(catalogue.Strong) {
		t.Fatalf("the check is only %s", raised.Strength)
	}
	if proposed(w.analyst) {
		t.Error("an open flag proposes a case")
	}
	w.must(w.assess.Dispose(w.ctx, w.analyst, raised.ID, raised.Version, flag.Confirmed, "Seen.", nil))
	if raised.Strength == catalogue.Decisive {
		if proposed(w.analyst) {
			t.Error("a decisive flag proposes a case before a second person agreed")
		}
		w.must(w.assess.Second(w.ctx, w.lead, raised.ID, raised.Version+1))
	}
	if !proposed(w.analyst) || !proposed(w.hr) {
		t.Error("a confirmed strong flag on an engaged person does not propose a case")
	}
	if proposed(w.finance) || proposed(w.auditor) {
		t.Error("a case is proposed to who may not open one")
	}
	w.open()
	if proposed(w.analyst) {
		t.Error("proposed although the case is open")
	}
	if !proposed(w.hr) {
		t.Error("the missing proposal tells HR of the case")
	}
}

func TestTimelinePages(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	for range 130 {
		w.must(w.cases.AddNote(w.ctx, w.analyst, caseID, "", "Line."))
	}
	seen := map[string]bool{}
	var last time.Time
	for cursor := ""; ; {
		_, slice, err := w.cases.Timeline(w.ctx, w.analyst, caseID, cursor)
		w.must(err)
		for _, e := range slice.Items {
			if seen[e.ID] || !last.IsZero() && e.At.After(last) {
				t.Fatalf("%s %s out of order or twice", e.Kind, e.At)
			}
			seen[e.ID], last = true, e.At
		}
		if cursor = slice.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 132 {
		t.Errorf("%d lines, want 130 notes, the opening and the person's entry", len(seen))
	}
	_, _, err := w.cases.Timeline(w.ctx, w.analyst, caseID, "nonsense")
	w.want(err, apperr.NotFound)
}

func TestListShowsClocks(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.join(caseID, w.finance, incident.Finance, incident.Tasks)
	later := w.db.Now().Add(3 * time.Hour)
	w.db.SetClock(func() time.Time { return later })
	list, err := w.cases.List(w.ctx, w.analyst, incident.Filter{})
	w.must(err)
	if len(list.Items) != 1 || list.Items[0].Overdue != 2 || list.Items[0].NextDue == nil || list.Items[0].Left != 45 {
		t.Errorf("list %+v", list.Items)
	}
	if v := w.show(w.analyst, caseID); v.Overdue() != 2 {
		t.Errorf("%d overdue", v.Overdue())
	}
	list, err = w.cases.List(w.ctx, w.finance, incident.Filter{Status: incident.StatusOpen})
	w.must(err)
	if len(list.Items) != 1 || list.Items[0].Overdue != 0 || list.Items[0].Phase != "" || list.Items[0].Left != 3 {
		t.Errorf("finance's list %+v", list.Items)
	}
	_, err = w.cases.List(w.ctx, w.analyst, incident.Filter{Cursor: "nonsense"})
	w.want(err, apperr.NotFound)
}

// The step that ends the engagement records it if the doer may end engagements; otherwise the engagement is left to
// those who may.
func TestEndingTheEngagement(t *testing.T) {
	w := setup(t)
	_, err := w.db.Pool().Exec(w.ctx, `INSERT INTO engagements (id, person_id, kind, title, started_on, created_at)
		VALUES ($1, $2, 'employee', 'Engineer', now() - interval '90 days', now())`, id.New(), w.subject)
	w.must(err)
	caseID := w.open()
	w.join(caseID, w.lead, incident.Deputy, incident.Whole)
	ending := func() incident.Settlement {
		return incident.Settlement{CaseID: caseID, StepID: "step-terminate", Version: w.step(caseID, "step-terminate").Version, OverrideReason: "They left."}
	}

	w.must(w.cases.FinishStep(w.ctx, w.analyst, ending()))
	if !w.show(w.lead, caseID).Engaged {
		t.Error("an analyst ended the engagement")
	}
	w.must(w.cases.ReopenStep(w.ctx, w.lead, caseID, "step-terminate", ending().Version, "The engagement is still to end."))

	early := ending()
	early.LastDay = w.db.Now().AddDate(-1, 0, 0)
	w.want(w.cases.FinishStep(w.ctx, w.lead, early), apperr.InvalidInput)
	w.must(w.cases.FinishStep(w.ctx, w.lead, ending()))
	all, err := w.hired.EngagementsOf(w.ctx, w.db.Pool(), w.subject)
	w.must(err)
	if len(all) != 1 || all[0].EndedOn == nil || w.show(w.lead, caseID).Engaged {
		t.Errorf("the engagement still runs: %+v", all)
	}
	// An end is a day, and the last that happened on it: it is not told before what happened earlier that day.
	r, err := w.cases.Report(w.ctx, w.lead, caseID)
	w.must(err)
	if last := r.Timeline[len(r.Timeline)-1]; r.Timeline[0].Kind == "engagement.ended" || last.Kind != "engagement.ended" && last.Kind != "case.step_done" {
		t.Errorf("the timeline runs from %+v to %+v", r.Timeline[0], last)
	}
}

func TestPreservingEvidenceNeedsEvidenceOrAReason(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	const step = "step-preserve-evidence"
	w.must(w.finish(w.analyst, caseID, "step-open-case"))
	err := w.finish(w.analyst, caseID, step)
	w.want(err, apperr.InvalidInput)
	if !strings.Contains(err.Error(), "at least one item of evidence") {
		t.Errorf("the message does not say what is missing: %v", err)
	}
	if s := w.step(caseID, step); len(s.Lacks) != 1 || len(s.Barred()) != 0 {
		t.Errorf("the step lacks %+v, barred %+v", s.Lacks, s.Barred())
	}
	said := incident.Settlement{CaseID: caseID, StepID: step, Version: 1, Note: "The device is gone; nothing was ever logged."}
	w.must(w.cases.FinishStep(w.ctx, w.analyst, said))
	w.must(w.cases.ReopenStep(w.ctx, w.analyst, caseID, step, 2, "A log turned up."))
	if _, err := w.collect(w.analyst, caseID, "", "log-export", "Sign-in log"); err != nil {
		t.Fatal(err)
	}
	if s := w.step(caseID, step); len(s.Lacks) != 0 {
		t.Errorf("with evidence on the case it lacks %+v", s.Lacks)
	}
	w.must(w.finish(w.analyst, caseID, step))
}

// TestAnEmptyListIsNoList: what was to be listed is not called done while nothing is, unless somebody says why.
func TestAnEmptyListIsNoList(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	for _, step := range []string{"step-stop-payments", "step-list-access"} {
		if s := w.step(caseID, step); len(s.Lacks) != 1 {
			t.Errorf("%s lacks %+v", step, s.Lacks)
		}
	}
	early := incident.Settlement{CaseID: caseID, StepID: "step-stop-payments", Version: 1, OverrideReason: "Today is pay day."}
	w.must(w.cases.AddGrant(w.ctx, w.analyst, caseID, inventory.New{System: "Code host", Level: "write"}))
	w.must(w.cases.AddPayment(w.ctx, w.analyst, caseID, payment.New{PayOn: w.db.Now(), Amount: "10", Currency: "EUR", Method: payment.BankTransfer, State: payment.Stopped}))
	for _, step := range []string{"step-stop-payments", "step-list-access"} {
		if s := w.step(caseID, step); len(s.Lacks) != 0 {
			t.Errorf("with its list, %s lacks %+v", step, s.Lacks)
		}
	}
	w.must(w.cases.FinishStep(w.ctx, w.analyst, early))
}

func TestTheTimelineNamesWhoEnteredAndHired(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.must(w.cases.TickItem(w.ctx, w.analyst, caseID, "step-open-case", 0))
	w.must(w.cases.FinishStep(w.ctx, w.analyst, incident.Settlement{CaseID: caseID, StepID: "step-open-case", Version: 1, Note: "Channel agreed."}))
	r, err := w.cases.Report(w.ctx, w.analyst, caseID)
	w.must(err)
	settled := false
	for _, e := range r.Timeline {
		if e.Actor == "" {
			t.Errorf("%s at %v names nobody: %s", e.Kind, e.At, e.Text)
		}
		settled = settled || e.Kind == "case.step_done" && strings.Contains(e.Text, "1 of 4 points ticked") && strings.Contains(e.Text, "Channel agreed.")
	}
	if !settled {
		t.Error("the timeline does not say what was settled")
	}
}

func TestWhoOpenedACaseIsOnRecord(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.join(caseID, w.auditor, incident.Observer, incident.Whole)
	for range 3 {
		w.show(w.auditor, caseID)
		_, err := w.cases.Show(w.ctx, w.hr, caseID)
		w.want(err, apperr.NotFound)
	}
	w.show(authz.System("test"), caseID)
	viewed := func() int {
		return w.number(`SELECT count(*) FROM audit_entries WHERE case_id = $1 AND subject_kind = 'case' AND action = 'case.viewed' AND actor_id = $2`, caseID, w.auditor.ID)
	}
	if n := viewed(); n != 1 {
		t.Errorf("%d entries of three looks within a moment", n)
	}
	w.db.SetClock(func() time.Time { return time.Now().Add(31 * time.Minute) })
	w.show(w.auditor, caseID)
	if n := viewed(); n != 2 {
		t.Errorf("%d entries after a look half an hour later", n)
	}
	visits, err := w.cases.Visits(w.ctx, w.analyst, caseID)
	w.must(err)
	i := slices.IndexFunc(visits, func(v incident.Visit) bool { return v.UserID == w.auditor.ID })
	if i < 0 || visits[i].Times != 2 {
		t.Errorf("visits %+v", visits)
	}
	_, err = w.cases.Visits(w.ctx, w.hr, caseID)
	w.want(err, apperr.NotFound)
	if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'case.viewed' AND actor_id IS NOT DISTINCT FROM $1::uuid`, w.hr.ID); n != 0 {
		t.Error("a look that was refused is recorded as one")
	}
}

func TestASealedCaseAsksWhy(t *testing.T) {
	w := setup(t)
	caseID := w.open()
	w.join(caseID, w.auditor, incident.Observer, incident.Whole)
	shut := func(err error) {
		t.Helper()
		var sealed *evidence.SealedError
		if !errors.As(err, &sealed) || sealed.CaseID != string(caseID) {
			t.Errorf("the case is not shut: %v", err)
		}
	}
	closed := func(err error) {
		t.Helper()
		var sealed *evidence.SealedError
		if !errors.As(err, &sealed) || sealed.CaseID != string(caseID) {
			t.Errorf("the item is not shut: %v", err)
		}
	}
	itemID, err := w.items.AddText(w.ctx, w.analyst, evidence.Add{PersonID: string(w.subject), CaseID: string(caseID), Kind: "note", Title: "A note"}, "what was seen")
	w.must(err)
	w.want(w.cases.SealCase(w.ctx, w.auditor, caseID), apperr.Denied)
	w.want(w.cases.SealCase(w.ctx, w.hr, caseID), apperr.NotFound)
	w.want(w.cases.UnsealCase(w.ctx, w.analyst, caseID), apperr.Stale)
	w.must(w.cases.SealCase(w.ctx, w.analyst, caseID))

	for _, who := range []authz.Actor{w.analyst, w.auditor} {
		_, err := w.cases.Show(w.ctx, who, caseID)
		shut(err)
		_, err = w.cases.Report(w.ctx, who, caseID)
		shut(err)
		_, err = w.items.Look(w.ctx, who, itemID)
		closed(err)
		_, _, err = w.items.Open(w.ctx, who, itemID, evidence.Opening{How: evidence.Viewed, Reason: "x"})
		closed(err)
		_, err = w.items.ByID(w.ctx, who, itemID)
		closed(err)
		_, err = w.items.Verify(w.ctx, who, itemID)
		closed(err)
		_, err = w.items.Custody(w.ctx, who, itemID)
		closed(err)
		seal, err := w.cases.SealOf(w.ctx, who, caseID)
		if err != nil || seal.At == nil || seal.By == "" || seal.CodeName == "" {
			t.Errorf("before it is opened it shows %+v, %v", seal, err)
		}
	}
	shut(w.cases.AddNote(w.ctx, w.analyst, caseID, "", "A remark."))
	_, err = w.cases.SealOf(w.ctx, w.hr, caseID)
	w.want(err, apperr.NotFound)
	w.want(w.cases.OpenSealed(w.ctx, w.hr, caseID, "To look."), apperr.NotFound)
	w.want(w.cases.OpenSealed(w.ctx, w.auditor, caseID, " "), apperr.InvalidInput)
	if n := w.number(`SELECT count(*) FROM custody_events WHERE evidence_id = $1 AND action <> 'collected'`, itemID); n != 0 {
		t.Errorf("%d custody events of what was refused", n)
	}

	w.must(w.cases.OpenSealed(w.ctx, w.auditor, caseID, "The yearly audit."))
	w.show(w.auditor, caseID)
	_, err = w.items.Look(w.ctx, w.auditor, itemID)
	w.must(err)
	_, err = w.cases.Show(w.ctx, w.analyst, caseID)
	shut(err) // the auditor's reason is nobody else's
	w.show(authz.System("test"), caseID)
	openings, err := w.cases.Openings(w.ctx, w.auditor, caseID)
	if err != nil || len(openings) != 1 || openings[0].Reason != "The yearly audit." || openings[0].UserID != w.auditor.ID {
		t.Errorf("openings %+v, %v", openings, err)
	}
	if n := w.number(`SELECT count(*) FROM audit_entries e JOIN audit_values v ON v.entry_id = e.id
		WHERE e.case_id = $1 AND e.action = 'case.opened' AND e.actor_id = $2 AND v.field = 'reason' AND v.new = 'The yearly audit.'`, caseID, w.auditor.ID); n != 1 {
		t.Errorf("%d entries tell why it was opened", n)
	}
	w.must(w.cases.OpenSealed(w.ctx, w.auditor, caseID, "Once more."))
	if openings, _ := w.cases.Openings(w.ctx, w.auditor, caseID); len(openings) != 2 || openings[0].Reason != "Once more." {
		t.Errorf("a second reason is lost: %+v", openings)
	}
	if _, err := w.db.Pool().Exec(w.ctx, `UPDATE case_openings SET until = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	_, err = w.cases.Show(w.ctx, w.auditor, caseID)
	shut(err)

	w.must(w.cases.OpenSealed(w.ctx, w.analyst, caseID, "The seal is not needed any more."))
	w.show(w.analyst, caseID)
	w.must(w.cases.UnsealCase(w.ctx, w.analyst, caseID))
	w.show(w.auditor, caseID)
	w.must(w.cases.SealCase(w.ctx, w.analyst, caseID))
	_, err = w.cases.Show(w.ctx, w.analyst, caseID)
	shut(err) // what was opened under the first seal is closed by the second
}
