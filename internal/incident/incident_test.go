package incident

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
	"gatehouse/internal/platform/apperr"
)

func edition(t *testing.T) *catalogue.Edition {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return lib.Current()
}

// playbook is a case's steps as they are at its opening, with some of them in other states.
func playbook(ed *catalogue.Edition, opened time.Time, states map[string]StepState) []Step {
	var steps []Step
	for _, item := range ed.Playbook {
		state := Open
		if other, there := states[item.ID]; there {
			state = other
		}
		steps = append(steps, Step{StepID: item.ID, Position: item.Order, State: state, OwnerRole: item.OwnerRole,
			DueAt: item.Due.From(opened), Version: 1})
	}
	return steps
}

// settledBefore settles everything that the step follows.
func settledBefore(ed *catalogue.Edition, stepID string) map[string]StepState {
	states := map[string]StepState{}
	item, _ := ed.Step(stepID)
	for _, before := range item.After {
		states[before] = Done
	}
	return states
}

func find(t *testing.T, steps []Step, id string) Step {
	t.Helper()
	for _, s := range steps {
		if s.StepID == id {
			return s
		}
	}
	t.Fatalf("no step %s", id)
	return Step{}
}

func kinds(locks []Lock) []string {
	var all []string
	for _, l := range locks {
		all = append(all, string(l.Kind)+":"+l.Ref)
	}
	return all
}

func TestGuardedStepsExistInEveryEdition(t *testing.T) {
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range lib.Versions() {
		ed := lib.At(version)
		for _, id := range []string{stepStopPayments, stepRevokeAccess, stepConfirmationCall, stepLiveLocation,
			stepDecide, stepTerminate, stepCloseCase, stepFindOthers, stepInformSuppliers} {
			if _, known := ed.Step(id); !known {
				t.Errorf("edition %s has no %s: its guard would silently be gone", version, id)
			}
		}
		for _, id := range []string{"field-wallet", "field-bank-account", "field-payment-profile", "field-document-number"} {
			if field, known := ed.Field(id); !known || field.Sensitivity != catalogue.SensitivitySpecial || !field.Identifier {
				t.Errorf("edition %s: %s would lie open, or link nobody", version, id)
			}
		}
	}
}

func TestAtTheOpeningOnlyTheFirstStepIsOpen(t *testing.T) {
	ed := edition(t)
	var unlocked []string
	for _, s := range Arrange(ed, playbook(ed, time.Now(), nil), Facts{}) {
		if !s.Locked() {
			unlocked = append(unlocked, s.StepID)
		}
	}
	if !slices.Equal(unlocked, []string{"step-open-case"}) {
		t.Errorf("unlocked at the opening: %v", unlocked)
	}
}

func TestLocks(t *testing.T) {
	ed := edition(t)
	now := time.Now()
	open := inventory.Grant{ID: "g1", System: "Code host", Level: "write", Account: "rv"}
	revoked := inventory.Grant{ID: "g2", System: "Chat", RevokedAt: &now}
	planned := payment.Payment{ID: "p1", Amount: "4250.00", Currency: "EUR", State: payment.Planned, PayOn: now}
	gap, _ := ed.Field("field-wallet")
	complete := Completeness{}
	tests := []struct {
		name, step string
		states     map[string]StepState
		facts      Facts
		locks      []string
		unmet      []string
	}{
		{name: "a step waits for each step before it", step: "step-stop-payments",
			locks: []string{"step:step-open-case", "step:step-keep-facade"}},
		{name: "done, skipped and not applicable all count as settled", step: "step-plan-removal",
			states: map[string]StepState{"step-get-help": Done, "step-engage-legal": Skipped, "step-keep-facade": NotApplicable}},
		{name: "payments stop only when each planned one is answered", step: "step-stop-payments",
			states: settledBefore(ed, "step-stop-payments"), facts: Facts{Unstopped: []payment.Payment{planned}},
			unmet: []string{"payment:p1"}},
		{name: "access is not revoked while one is in place", step: "step-revoke-access",
			states: settledBefore(ed, "step-revoke-access"), facts: Facts{OpenGrants: []inventory.Grant{open, revoked}},
			unmet: []string{"grant:g1"}},
		{name: "the confirmation call waits for every attestation", step: "step-confirmation-call",
			states: settledBefore(ed, "step-confirmation-call"), facts: Facts{OpenGrants: []inventory.Grant{open, revoked}},
			locks: []string{"grant:g1", "grant:g2"}},
		{name: "so does the live view of the place", step: "step-live-location",
			states: settledBefore(ed, "step-live-location"), facts: Facts{OpenGrants: []inventory.Grant{revoked}},
			locks: []string{"grant:g2"}},
		{name: "with all attested the call opens", step: "step-confirmation-call",
			states: settledBefore(ed, "step-confirmation-call")},
		{name: "the dossier is collected when each field is answered", step: "step-collect-dossier", states: settledBefore(ed, "step-collect-dossier"),
			facts: Facts{Dossier: Completeness{Open: []*catalogue.Field{gap}}}, unmet: []string{"dossier:field-wallet"}},
		{name: "with all answered it is", step: "step-collect-dossier", states: settledBefore(ed, "step-collect-dossier")},
		{name: "deciding needs an outcome", step: "step-decide", states: settledBefore(ed, "step-decide"), unmet: []string{"outcome:"}},
		{name: "a proposal is not enough", step: "step-decide", states: settledBefore(ed, "step-decide"),
			facts: Facts{Proposed: Confirmed}, unmet: []string{"outcome:"}},
		{name: "an agreed outcome is", step: "step-decide", states: settledBefore(ed, "step-decide"), facts: Facts{Agreed: Confirmed}},
		{name: "the exit waits for the dossier", step: "step-terminate", states: settledBefore(ed, "step-terminate"),
			facts: Facts{Agreed: Confirmed, Dossier: Completeness{Open: []*catalogue.Field{gap}}}, locks: []string{"dossier:field-wallet"}},
		{name: "and for an outcome, since it applies to one only", step: "step-terminate", states: settledBefore(ed, "step-terminate"),
			facts: Facts{Dossier: complete}, locks: []string{"outcome:"}},
		{name: "with both the exit opens", step: "step-terminate", states: settledBefore(ed, "step-terminate"),
			facts: Facts{Agreed: Confirmed, Dossier: complete}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := find(t, Arrange(ed, playbook(ed, now, tt.states), tt.facts), tt.step)
			if got := kinds(s.Locks); !slices.Equal(got, tt.locks) {
				t.Errorf("locks %v, want %v", got, tt.locks)
			}
			if got := kinds(s.Unmet); !slices.Equal(got, tt.unmet) {
				t.Errorf("unmet %v, want %v", got, tt.unmet)
			}
			for _, l := range s.Barred() {
				if !strings.HasSuffix(l.Text, ".") {
					t.Errorf("%q is no sentence", l.Text)
				}
			}
		})
	}
}

func TestALockNamesTheGrant(t *testing.T) {
	ed := edition(t)
	facts := Facts{OpenGrants: []inventory.Grant{{ID: "g", System: "Cloud", Level: "admin"}, {ID: "h", System: "Wallet"}}}
	s := find(t, Arrange(ed, playbook(ed, time.Now(), settledBefore(ed, stepConfirmationCall)), facts), stepConfirmationCall)
	said := say(s.Locks)
	for _, want := range []string{"Cloud, admin", "Wallet", "attested"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q does not name %q", said, want)
		}
	}
}

func TestSettledStepsHaveNoLocks(t *testing.T) {
	ed := edition(t)
	s := find(t, Arrange(ed, playbook(ed, time.Now(), map[string]StepState{"step-terminate": Done}), Facts{}), "step-terminate")
	if len(s.Barred()) != 0 {
		t.Errorf("a done step is barred by %v", s.Barred())
	}
}

func TestDropped(t *testing.T) {
	ed := edition(t)
	conditional := func(c catalogue.Condition) []string {
		var ids []string
		for _, item := range ed.Playbook {
			if item.OnlyIf == c {
				ids = append(ids, item.ID)
			}
		}
		return ids
	}
	exit, clearing := conditional(catalogue.OnlyConfirmed), conditional(catalogue.OnlyCleared)
	if len(exit) == 0 || len(clearing) == 0 {
		t.Fatal("the edition has no conditional steps")
	}
	both := slices.Concat(exit, clearing)
	for outcome, want := range map[Outcome][]string{Confirmed: clearing, FalsePositive: exit, NotConfirmed: both} {
		got := dropped(ed, playbook(ed, time.Now(), nil), outcome)
		slices.Sort(got)
		want = slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			t.Errorf("%s drops %v, want %v", outcome, got, want)
		}
	}
	done := map[string]StepState{"step-clear-subject": Done}
	if slices.Contains(dropped(ed, playbook(ed, time.Now(), done), Confirmed), "step-clear-subject") {
		t.Error("a step that is done was dropped")
	}
}

func TestEveryOutcomeLeadsToTheEnd(t *testing.T) {
	ed := edition(t)
	for _, outcome := range Outcomes() {
		states := map[string]StepState{}
		for _, id := range dropped(ed, playbook(ed, time.Now(), nil), outcome) {
			states[id] = NotApplicable
		}
		facts := Facts{Agreed: outcome}
		for range ed.Playbook {
			next := NextDue(Arrange(ed, playbook(ed, time.Now(), states), facts))
			if next == nil {
				break
			}
			states[next.StepID] = Done
		}
		if left := Unsettled(playbook(ed, time.Now(), states)); len(left) > 0 {
			t.Errorf("%s: %s can never be begun", outcome, left[0].StepID)
		}
	}
}

func TestPhaseAndNextDue(t *testing.T) {
	ed := edition(t)
	opened := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	steps := Arrange(ed, playbook(ed, opened, nil), Facts{})
	if got := PhaseOf(ed, steps); got != catalogue.Triage {
		t.Errorf("a new case is in %s", got)
	}
	if next := NextDue(steps); next == nil || next.StepID != "step-open-case" || !next.DueAt.Equal(opened.Add(time.Hour)) {
		t.Errorf("first due %+v", next)
	}
	states := map[string]StepState{}
	for _, item := range ed.Playbook {
		if item.Phase == catalogue.Triage {
			states[item.ID] = Done
		}
	}
	if got := PhaseOf(ed, playbook(ed, opened, states)); got != catalogue.Contain {
		t.Errorf("after triage the case is in %s", got)
	}
	for _, item := range ed.Playbook {
		states[item.ID] = Skipped
	}
	if got := PhaseOf(ed, playbook(ed, opened, states)); got != catalogue.Recover {
		t.Errorf("at the end the case is in %s", got)
	}
	if next := NextDue(playbook(ed, opened, states)); next != nil {
		t.Errorf("at the end %s is due", next.StepID)
	}
}

func TestCompleteness(t *testing.T) {
	ed := edition(t)
	none := completeness(ed, nil, nil)
	if none.Total != len(ed.Dossier) || none.Percent() != 0 || none.Complete() {
		t.Errorf("nothing collected: %+v", none)
	}
	c := completeness(ed, []string{"field-phone", "field-email", "field-email"}, []string{"field-email", "field-wallet"})
	if c.Filled != 2 || c.Explained != 1 || len(c.Open) != c.Total-3 {
		t.Errorf("filled %d, explained %d, open %d of %d", c.Filled, c.Explained, len(c.Open), c.Total)
	}
	var all []string
	for _, f := range ed.Dossier[1:] {
		all = append(all, f.ID)
	}
	if c := completeness(ed, all, nil); c.Percent() == 100 || c.Complete() {
		t.Errorf("one field missing is %d %%", c.Percent())
	}
	all = append(all, ed.Dossier[0].ID)
	if c := completeness(ed, all, nil); c.Percent() != 100 || !c.Complete() {
		t.Errorf("all filled is %d %%", c.Percent())
	}
}

// TestTicksHoldEveryItem guards the bits that ticks are kept in against an edition with longer lists.
func TestTicksHoldEveryItem(t *testing.T) {
	for _, step := range edition(t).Playbook {
		if len(step.Do) > maxItems {
			t.Errorf("%s has %d items, ticks hold %d", step.ID, len(step.Do), maxItems)
		}
	}
	if ticks := Ticks(1 | 1<<62); !ticks.Has(0) || ticks.Has(1) || !ticks.Has(62) || ticks.Has(63) || ticks.Has(-1) || ticks.Count() != 2 {
		t.Errorf("ticks %b", ticks)
	}
}

func TestTidyValue(t *testing.T) {
	ed := edition(t)
	tests := []struct{ field, value, want string }{
		{"field-phone", " +1 555 0100 ", "+1 555 0100"},
		{"field-phone", "call me", ""},
		{"field-email", "ada@example.com", "ada@example.com"},
		{"field-email", "Ada <ada@example.com>", ""},
		{"field-professional-network", "linkedin.com/in/ada", "https://linkedin.com/in/ada"},
		{"field-social-profile", "javascript:alert(1)", ""},
		{"field-social-profile", "nowhere", ""},
		{"field-code-host", "ada-berg", "ada-berg"},
		{"field-code-host", "https://host/ada", ""},
		{"field-ip-address", "203.0.113.7, sign-in of 3 March", "203.0.113.7 sign-in of 3 March"},
		{"field-ip-address", "2001:DB8::1", "2001:db8::1"},
		{"field-ip-address", "somewhere", ""},
		{"field-date-hired", "2026-02-29", ""},
		{"field-date-hired", "2026-02-28", "2026-02-28"},
		{"field-managed-laptop", "yes", "yes"},
		{"field-managed-laptop", "maybe", ""},
		{"field-sourcing", "channel-recommendation", "channel-recommendation"},
		{"field-sourcing", "a friend", ""},
		{"field-wallet", "0x52908400098527886E0F7030069857D2E4169EE7", "0x52908400098527886E0F7030069857D2E4169EE7"},
		{"field-wallet", "my wallet", ""},
		{"field-legal-name", "  ", ""},
		{"field-legal-name", "Ada\x00Berg", ""},
	}
	for _, tt := range tests {
		field, known := ed.Field(tt.field)
		if !known {
			t.Fatalf("no field %s", tt.field)
		}
		got, err := tidyValue(ed, field, tt.value)
		if _, invalid := apperr.AsInvalid(err); got != tt.want || invalid != (tt.want == "") {
			t.Errorf("%s %q: %q, %v; want %q", tt.field, tt.value, got, err, tt.want)
		}
	}
}

func TestFreshSuggestions(t *testing.T) {
	ed := edition(t)
	entries := []Entry{{FieldID: "field-email", Value: "a@example.com"}, {FieldID: "field-legal-name", Value: "Ada Berg"}}
	got := fresh(ed, []Suggestion{
		{FieldID: "field-email", Value: "A@example.com"},     // there already
		{FieldID: "field-email", Value: "b@example.com"},     // new
		{FieldID: "field-email", Value: "b@example.com"},     // twice
		{FieldID: "field-legal-name", Value: "Ada L. Berg"},  // takes one value and has it
		{FieldID: "field-phone", Value: "unknown"},           // would not pass
		{FieldID: "field-date-hired", Value: "2026-01-05"},   // new
		{FieldID: "field-date-hired", Value: "2026-01-06"},   // takes one value
		{FieldID: "field-nobody-knows", Value: "2026-01-06"}, // no such field
	}, entries)
	if len(got) != 2 || got[0].Value != "b@example.com" || got[1].Value != "2026-01-05" {
		t.Errorf("suggestions %+v", got)
	}
}

func TestCodeNames(t *testing.T) {
	for _, words := range [][]string{calmAdjectives, calmNouns} {
		seen := map[string]bool{}
		for _, w := range words {
			if seen[w] || w == "" || strings.ContainsAny(w, " -") || w[0] < 'A' || w[0] > 'Z' {
				t.Errorf("%q is twice, empty or not one capitalised word", w)
			}
			seen[w] = true
		}
	}
	names := codeNames(8)
	if len(names) != 16 || len(strings.Fields(names[0])) != 2 || len(strings.Fields(names[15])) != 3 {
		t.Errorf("names %q", names)
	}
}

func TestFunctionFits(t *testing.T) {
	for f, want := range map[Function]bool{Lead: true, Deputy: true, Finance: true, Legal: false, Observer: false} {
		if got := f.Fits(catalogue.OwnerFinance); got != want {
			t.Errorf("%s may own steps of finance: %v", f, got)
		}
	}
}

func TestWhatTaskMembersSee(t *testing.T) {
	finance := Case{Function: Finance, Sees: Tasks}
	legal := Case{Function: Legal, Sees: Tasks}
	whole := Case{Function: Legal, Sees: Whole}
	if !finance.SeesRegister(RegisterMoney) || finance.SeesRegister(RegisterAccess) || finance.SeesRegister(RegisterDossier) {
		t.Error("finance sees the payments and nothing else")
	}
	if legal.SeesRegister(RegisterMoney) || legal.SeesRegister(RegisterAccess) || legal.SeesRegister(RegisterDossier) {
		t.Error("legal, called in for tasks, sees no register")
	}
	if !whole.SeesRegister(RegisterMoney) || !whole.SeesStep(catalogue.OwnerFinance) {
		t.Error("a whole member sees all")
	}
	if finance.SeesStep(catalogue.OwnerLegal) || !finance.SeesStep(catalogue.OwnerFinance) {
		t.Error("finance sees the steps of finance")
	}
	veiled := finance.veil([]Lock{{Kind: LockStep, Ref: "step-engage-legal", Text: "x"}, {Kind: LockPayment, Ref: "p", Text: "y"}})
	if len(veiled) != 2 || veiled[0].Ref != "p" || veiled[1].Ref != "" {
		t.Errorf("veiled locks %+v", veiled)
	}
}

// TestTimelineTexts: each line is a sentence, in words rather than in ids.
func TestTimelineTexts(t *testing.T) {
	ed := edition(t)
	check, _ := ed.Check("check-cross-commits")
	offer, _ := ed.Stage("stage-offer")
	about := "“" + check.Title + "”"
	for _, tt := range []struct {
		row  row
		want string
	}{
		{row{Kind: "person.added"}, "The person was entered as a candidate."},
		{row{Kind: "application.added", Text: "Engineer"}, "The person applied for Engineer."},
		{row{Kind: "application.moved", State: offer.ID, Text: "All is known."}, "The application moved to the stage “" + offer.Title + "”. All is known."},
		{row{Kind: "gate.overridden", Item: check.ID, Text: "Known from before."}, "The application was allowed to go on without " + about + ". Known from before."},
		{row{Kind: "application.ended", State: "hired"}, "The application ended with the hire."},
		{row{Kind: "application.ended", State: "closed", Text: "Nobody came."}, "The application was closed. Nobody came."},
		{row{Kind: "application.ended", State: "withdrawn"}, "The candidate withdrew the application."},
		{row{Kind: "engagement.started", Text: "Engineer, contractor"}, "The engagement began: Engineer, contractor."},
		{row{Kind: "engagement.ended", Text: "Engineer"}, "The engagement ended: Engineer."},
		{row{Kind: "engagement.ended"}, "The engagement ended."},
		{row{Kind: "scorecard.submitted", Item: offer.ID, State: "1"}, "A scorecard of the stage “" + offer.Title + "” was submitted."},
		{row{Kind: "scorecard.submitted", State: "2"}, "A scorecard was amended; this is version 2."},
		{row{Kind: "check.recorded", Item: check.ID, State: "red-flag"}, "The check " + about + " was recorded as a red flag."},
		{row{Kind: "check.recorded", Item: check.ID, State: "clear"}, "The check " + about + " was recorded as clear."},
		{row{Kind: "flag.raised", Item: check.ID, State: "concern"}, "A concern was noted on " + about + "."},
		{row{Kind: "flag.raised", Item: check.ID, State: "red-flag"}, "A red flag was raised on " + about + "."},
		{row{Kind: "flag.disposed", Item: check.ID, State: "confirmed", Text: "Seen by two."}, "The flag on " + about + " was confirmed. Seen by two."},
		{row{Kind: "flag.disposed", Item: check.ID, State: "open"}, "The flag on " + about + " was opened again."},
		{row{Kind: "flag.seconded", Item: check.ID}, "A second person agreed that " + about + " is confirmed."},
		{row{Kind: "assessment.moved", State: "high with 40 % known", Text: "Video on: clear"}, "The band moved to high with 40 % known, because of this: Video on: clear."},
		{row{Kind: "assessment.moved", State: "low with 40 % known"}, "The band moved to low with 40 % known."},
		{row{Kind: "signal.received", Item: check.ID, Text: "endpoint"}, "The signal " + about + " came from endpoint."},
		{row{Kind: "signal.received", Item: check.ID, Text: byHand}, "The signal " + about + " was recorded by hand."},
		{row{Kind: "evidence.collected", Text: "Screenshot"}, "“Screenshot” was collected as evidence."},
		{row{Kind: "case.note_added", Text: "A note was added."}, "A note was added."},
	} {
		if got := tellRow(ed, tt.row); got != tt.want {
			t.Errorf("%s says %q, want %q", tt.row.Kind, got, tt.want)
		}
	}
	if got := tellRow(ed, row{Kind: "person.added", Item: "channel-recommendation"}); !strings.Contains(got, ", through the channel “") {
		t.Errorf("a channel is told as %q", got)
	}
}

func TestEveryLineOfTheTimelineSaysWho(t *testing.T) {
	for _, tt := range []struct {
		row  row
		want string
	}{
		{row{Kind: "case.step_done", Actor: "Ana Lyst"}, "Ana Lyst"},
		{row{Kind: "signal.received", Text: "endpoint tool"}, "endpoint tool"},
		{row{Kind: "signal.received", Text: "by hand", Actor: "Ana Lyst"}, "Ana Lyst"},
		{row{Kind: "assessment.moved"}, "Gatehouse"},
	} {
		if got := doer(tt.row); got != tt.want {
			t.Errorf("%+v was done by %q, want %q", tt.row, got, tt.want)
		}
	}
}

func TestManyFieldsShareASentence(t *testing.T) {
	ed := edition(t)
	locks := dossierLocks(Facts{Dossier: Completeness{Open: ed.Dossier}})
	locks = append(locks, Lock{Kind: LockOutcome, Text: "An outcome is agreed."})
	got := Sentences(locks)
	if len(got) != 2 || !strings.Contains(got[0], ed.Dossier[0].Title) || !strings.Contains(got[0], "gap explained") || got[1] != "An outcome is agreed." {
		t.Errorf("sentences %q", got)
	}
	if got := Sentences(locks[:fewFields]); len(got) != fewFields {
		t.Errorf("a few fields are not named one by one: %q", got)
	}
}

// TestWhatHappenedInOneMomentHasAnOrder: what was collected stands before what was found by it, in both directions.
func TestWhatHappenedInOneMomentHasAnOrder(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	order := func(events []Event) (kinds []string) {
		for _, e := range events {
			kinds = append(kinds, e.Kind)
		}
		return kinds
	}
	want := []string{"case.opened", "evidence.collected", "check.recorded", "flag.raised", "assessment.moved"}
	events := []Event{{Kind: "case.opened", At: at.Add(-time.Second)}, {Kind: "assessment.moved", At: at}, {Kind: "flag.raised", At: at},
		{Kind: "evidence.collected", At: at}, {Kind: "check.recorded", At: at}}
	causesFirst(events, false)
	if got := order(events); !slices.Equal(got, want) {
		t.Errorf("forwards %v, want %v", got, want)
	}
	slices.Reverse(events)
	slices.Reverse(events[1:])
	causesFirst(events, true)
	slices.Reverse(want)
	if got := order(events); !slices.Equal(got, want) {
		t.Errorf("backwards %v, want %v", got, want)
	}
}
