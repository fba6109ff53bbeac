package incident

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/inventory"
	"gatehouse/internal/payment"
)

// StepState is where a step stands.
type StepState string

// The states of a step.
const (
	Open          StepState = "open"
	Done          StepState = "done"
	Skipped       StepState = "skipped"
	NotApplicable StepState = "not-applicable"
)

// Settled reports whether the step no longer holds others up.
func (s StepState) Settled() bool { return s != Open && s != "" }

// Title is the state for people.
func (s StepState) Title() string {
	switch s {
	case Open:
		return "Open"
	case Done:
		return "Done"
	case Skipped:
		return "Skipped"
	case NotApplicable:
		return "Not applicable"
	}
	return string(s)
}

// The steps with guards beyond the steps they follow. A test looks for them in every edition.
const (
	stepPreserveEvidence = "step-preserve-evidence"
	stepCollectDossier   = "step-collect-dossier"
	stepStopPayments     = "step-stop-payments"
	stepListAccess       = "step-list-access"
	stepRevokeAccess     = "step-revoke-access"
	stepConfirmationCall = "step-confirmation-call"
	stepLiveLocation     = "step-live-location"
	stepDecide           = "step-decide"
	stepClearSubject     = "step-clear-subject"
	stepTerminate        = "step-terminate"
	stepCloseCase        = "step-close-case"
)

// Step is one item of the playbook in one case.
type Step struct {
	StepID         string
	Position       int
	State          StepState
	OwnerRole      catalogue.OwnerRole
	OwnerID        *string
	Owner          string `db:"-"`
	DueAt          time.Time
	DoneAt         *time.Time
	DoneBy         *string
	Doer           string `db:"-"`
	Note           string
	OverrideReason string
	OverriddenBy   *string
	Overrider      string `db:"-"`
	OverriddenAt   *time.Time
	Ticked         Ticks
	Version        int

	// What the edition says of the step, and what follows from the rest of the case.
	Item *catalogue.Step `db:"-"`
	// Locks bar beginning the step; Unmet only bars calling it done. What it Lacks must be there when it is called done,
	// or what came of it says why not.
	Locks    []Lock `db:"-"`
	Unmet    []Lock `db:"-"`
	Lacks    []Lock `db:"-"`
	Evidence int    `db:"-"`
	Notes    int    `db:"-"`
}

// Ticks are the ticked items of a step's list: bit n stands for the item at position n, which is below maxItems.
type Ticks int64

const maxItems = 63

// Has reports whether the item of that position is ticked.
func (t Ticks) Has(item int) bool { return item >= 0 && item < maxItems && t>>item&1 == 1 }

// Count is how many items are ticked.
func (t Ticks) Count() int { return bits.OnesCount64(uint64(t)) }

// EndsEngagement reports whether finishing the step ends the subject's engagement.
func (s Step) EndsEngagement() bool { return s.StepID == stepTerminate }

// ClosesCase reports whether the step is the one that closing the case settles.
func (s Step) ClosesCase() bool { return s.StepID == stepCloseCase }

// Locked reports whether the step cannot be begun yet.
func (s Step) Locked() bool { return s.State == Open && len(s.Locks) > 0 }

// Barred is everything that keeps the step from being done without an override.
func (s Step) Barred() []Lock { return append(slices.Clone(s.Locks), s.Unmet...) }

// Overdue reports whether the step is late.
func (s Step) Overdue(now time.Time) bool { return s.State == Open && now.After(s.DueAt) }

// LockKind says what a lock waits for.
type LockKind string

// The kinds of locks.
const (
	LockStep    LockKind = "step"
	LockGrant   LockKind = "grant"
	LockPayment LockKind = "payment"
	LockDossier LockKind = "dossier"
	LockOutcome LockKind = "outcome"
	// LockEvidence waits for evidence on the case.
	LockEvidence LockKind = "evidence"
)

// fewFields is how many open fields of the dossier are named in a sentence each.
const fewFields = 4

// Lock is one condition that is not met: what it is about, and what opens it, in words.
type Lock struct {
	Kind LockKind
	// Name is the title of a dossier's field.
	Name string
	// Ref is the step's, grant's, payment's or field's id; empty for the outcome and for evidence.
	Ref  string
	Text string
}

// Facts are what the guards ask of the case beside its steps.
type Facts struct {
	Proposed, Agreed Outcome
	// OpenGrants are the accesses not attested as revoked.
	OpenGrants []inventory.Grant
	// Unstopped are the planned payments that are neither stopped nor explained.
	Unstopped []payment.Payment
	Dossier   Completeness
	// Withheld counts the accesses that were revoked and not given back, Held the payments that were stopped and not paid.
	Withheld, Held int
	// Accesses counts what the access inventory lists, Payments what the payments list does.
	Accesses, Payments int
	// Preserved says that the case holds at least one item of evidence, collected in it or attached to a step of it.
	Preserved bool
}

// Arrange joins the steps with what the edition says of them and works out their locks. Steps that the edition does
// not know are left out: they belong to an edition this binary does not carry.
func Arrange(ed *catalogue.Edition, steps []Step, facts Facts) []Step {
	states := make(map[string]StepState, len(steps))
	for _, s := range steps {
		states[s.StepID] = s.State
	}
	arranged := make([]Step, 0, len(steps))
	for _, s := range steps {
		item, known := ed.Step(s.StepID)
		if !known {
			continue
		}
		s.Item = item
		if s.State == Open {
			s.Locks = locksOf(ed, item, states, facts)
			s.Unmet = unmetOf(item, facts)
			s.Lacks = lacksOf(item, facts)
		}
		arranged = append(arranged, s)
	}
	return arranged
}

// locksOf lists what must happen before the step may begin.
func locksOf(ed *catalogue.Edition, item *catalogue.Step, states map[string]StepState, facts Facts) []Lock {
	var locks []Lock
	for _, before := range item.After {
		if state, there := states[before]; there && !state.Settled() {
			title := before
			if earlier, known := ed.Step(before); known {
				title = earlier.Title
			}
			locks = append(locks, Lock{Kind: LockStep, Ref: before, Text: "“" + title + "” is done or skipped."})
		}
	}
	if item.OnlyIf != catalogue.Always && facts.Agreed == "" {
		locks = append(locks, Lock{Kind: LockOutcome, Text: "An outcome is agreed: this step applies only if the case is " + string(item.OnlyIf) + "."})
	}
	switch item.ID {
	case stepConfirmationCall, stepLiveLocation:
		locks = append(locks, grantLocks(facts)...)
	case stepTerminate:
		locks = append(locks, dossierLocks(facts)...)
	}
	return locks
}

// Loose lists what came up, or was undone, after the step that was to settle it was done: accesses that are not attested
// as gone, and planned payments that are not stopped. A step that was skipped, or done against its lock, has its reason and
// asks for nothing more. A case is not closed over what is listed here.
func Loose(steps []Step, facts Facts) []Lock {
	var loose []Lock
	for _, st := range steps {
		if st.State != Done || st.OverrideReason != "" {
			continue
		}
		switch st.StepID {
		case stepRevokeAccess:
			loose = append(loose, grantLocks(facts)...)
		case stepStopPayments:
			loose = append(loose, paymentLocks(facts)...)
		}
	}
	return loose
}

func dossierLocks(facts Facts) []Lock {
	var locks []Lock
	for _, field := range facts.Dossier.Open {
		locks = append(locks, Lock{Kind: LockDossier, Name: field.Title, Ref: field.ID,
			Text: "The dossier's “" + field.Title + "” is filled, or its gap explained."})
	}
	return locks
}

// lacksOf lists what is to be there when the step is called done, unless somebody says why it is not.
func lacksOf(item *catalogue.Step, facts Facts) []Lock {
	var lacks []Lock
	switch item.ID {
	case stepPreserveEvidence:
		if !facts.Preserved {
			lacks = append(lacks, Lock{Kind: LockEvidence, Text: "At least one item of evidence is on the case, or what came of it says why there is none."})
		}
	case stepStopPayments:
		if facts.Payments == 0 {
			lacks = append(lacks, Lock{Kind: LockPayment, Text: "The payments due are listed, or what came of it says why there are none."})
		}
	case stepListAccess:
		if facts.Accesses == 0 {
			lacks = append(lacks, Lock{Kind: LockGrant, Text: "The inventory lists what they could reach, or what came of it says why it is empty."})
		}
	case stepClearSubject:
		if facts.Withheld > 0 {
			lacks = append(lacks, Lock{Kind: LockGrant, Text: fmt.Sprintf("Every access is restored (%d revoked still), or what came of it says why not.", facts.Withheld)})
		}
		if facts.Held > 0 {
			lacks = append(lacks, Lock{Kind: LockPayment, Text: fmt.Sprintf("What was stopped is paid (%d stopped still), or what came of it says why not.", facts.Held)})
		}
	}
	return lacks
}

func grantLocks(facts Facts) []Lock {
	var locks []Lock
	for _, g := range facts.OpenGrants {
		locks = append(locks, Lock{Kind: LockGrant, Ref: string(g.ID), Text: grantLock(g)})
	}
	return locks
}

func paymentLocks(facts Facts) []Lock {
	var locks []Lock
	for _, p := range facts.Unstopped {
		locks = append(locks, Lock{Kind: LockPayment, Ref: string(p.ID), Text: "The planned payment of " + p.Title() + " is stopped, or explained."})
	}
	return locks
}

func grantLock(g inventory.Grant) string {
	if g.RevokedAt != nil {
		return g.Title() + " is revoked: a second person attests that it is gone."
	}
	return g.Title() + " is revoked, and attested by a second person."
}

// unmetOf lists what must be true before the step may be called done.
func unmetOf(item *catalogue.Step, facts Facts) []Lock {
	var unmet []Lock
	switch item.ID {
	case stepStopPayments:
		unmet = paymentLocks(facts)
	case stepRevokeAccess:
		for _, g := range facts.OpenGrants {
			if g.RevokedAt == nil {
				unmet = append(unmet, Lock{Kind: LockGrant, Ref: string(g.ID), Text: g.Title() + " is revoked."})
			}
		}
	case stepCollectDossier:
		unmet = dossierLocks(facts)
	case stepDecide:
		switch {
		case facts.Agreed != "":
		case facts.Proposed != "":
			unmet = append(unmet, Lock{Kind: LockOutcome, Text: "A second person agrees to the proposed outcome."})
		default:
			unmet = append(unmet, Lock{Kind: LockOutcome, Text: "An outcome is proposed, and a second person agrees to it."})
		}
	}
	return unmet
}

// applies reports whether the outcome calls for a step with that condition. An unresolved case calls for neither the
// exit nor the clearing.
func applies(condition catalogue.Condition, outcome Outcome) bool {
	switch condition {
	case catalogue.OnlyConfirmed:
		return outcome == Confirmed
	case catalogue.OnlyCleared:
		return outcome == FalsePositive
	}
	return true
}

// dropped lists the open steps that the agreed outcome makes not applicable.
func dropped(ed *catalogue.Edition, steps []Step, outcome Outcome) []string {
	var ids []string
	for _, s := range steps {
		if item, known := ed.Step(s.StepID); known && s.State == Open && !applies(item.OnlyIf, outcome) {
			ids = append(ids, s.StepID)
		}
	}
	return ids
}

// PhaseOf is the first phase, in the playbook's order, with a step still open; the last one when there is none.
func PhaseOf(ed *catalogue.Edition, steps []Step) catalogue.Phase {
	phases := catalogue.Phases()
	first := len(phases) - 1
	for _, s := range steps {
		if item, known := ed.Step(s.StepID); known && s.State == Open {
			first = min(first, slices.Index(phases, item.Phase))
		}
	}
	return phases[max(first, 0)]
}

// NextDue is the open step that may be worked on and is due first, or nil.
func NextDue(steps []Step) *Step {
	var next *Step
	for i, s := range steps {
		if s.State == Open && !s.Locked() && (next == nil || s.DueAt.Before(next.DueAt)) {
			next = &steps[i]
		}
	}
	return next
}

// Unsettled lists the steps that keep the case from closing: all that are open, but for closing itself.
func Unsettled(steps []Step) []Step {
	var open []Step
	for _, s := range steps {
		if s.State == Open && !s.ClosesCase() {
			open = append(open, s)
		}
	}
	return open
}

// Sentences are what opens the locks, one sentence each; many fields of the dossier share one.
func Sentences(locks []Lock) []string {
	var texts, fields []string
	for _, l := range locks {
		if l.Kind == LockDossier {
			fields = append(fields, l.Name)
		}
	}
	if len(fields) > fewFields {
		texts = append(texts, fmt.Sprintf("Each of these %d fields of the dossier is filled, or its gap explained: %s.", len(fields), strings.Join(fields, ", ")))
	}
	for _, l := range locks {
		if l.Kind != LockDossier || len(fields) <= fewFields {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// say joins what opens a lock into one message.
func say(locks []Lock) string {
	texts := Sentences(locks)
	for i := range texts {
		texts[i] = strings.TrimSuffix(texts[i], ".")
	}
	return fmt.Sprintf("It opens when: %s.", strings.Join(texts, "; "))
}
