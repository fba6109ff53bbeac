package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/apperr"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/id"
)

// Settlement is a step that is called done or skipped.
type Settlement struct {
	CaseID  ID
	StepID  string
	Version int
	// Note says what came of it. A skipped step needs one: it is the reason.
	Note string
	// OverrideReason lets the lead or the deputy settle a step that is locked.
	OverrideReason string
	EvidenceIDs    []string
	// LastDay is recorded on the engagement by the step that ends it; zero is today.
	LastDay time.Time
}

// FinishStep calls a step done.
func (s *Service) FinishStep(ctx context.Context, actor authz.Actor, st Settlement) error {
	return s.settle(ctx, actor, st, Done)
}

// SkipStep settles a step without doing it, for a reason.
func (s *Service) SkipStep(ctx context.Context, actor authz.Actor, st Settlement) error {
	if strings.TrimSpace(st.Note) == "" {
		return apperr.Invalid("note", "Say why this step is skipped.")
	}
	return s.settle(ctx, actor, st, Skipped)
}

func (s *Service) settle(ctx context.Context, actor authz.Actor, st Settlement, to StepState) error {
	st.Note, st.OverrideReason = strings.TrimSpace(st.Note), strings.TrimSpace(st.OverrideReason)
	if len(st.Note) > 10_000 || len(st.OverrideReason) > 10_000 {
		return apperr.Invalid("note", "Use at most 10,000 characters.")
	}
	return s.work(ctx, actor, st.CaseID, func(tx *db.Tx, c Case) error {
		step, err := s.openStep(ctx, tx, c, st.StepID, st.Version)
		if err != nil {
			return err
		}
		override, err := overrideOf(c, step, st.OverrideReason)
		if err != nil {
			return err
		}
		if to == Done && len(step.Lacks) > 0 && st.Note == "" && override == "" && len(st.EvidenceIDs) == 0 {
			return apperr.Invalid("note", "“%s” is called done when: %s", step.Item.Title, lowerFirst(strings.Join(Sentences(step.Lacks), " ")))
		}
		if err := settle(ctx, tx, c.ID, step, to, st.Note, override); err != nil {
			return err
		}
		if err := s.attach(ctx, tx, c, st.StepID, st.EvidenceIDs); err != nil {
			return err
		}
		if to == Done && st.StepID == stepTerminate {
			if err := s.endEngagement(ctx, tx, c, st.LastDay); err != nil {
				return err
			}
		}
		if err := s.movePhase(ctx, tx, c); err != nil {
			return err
		}
		return tell(ctx, tx, c, settled(c, step, to, st.Note, override))
	})
}

// endEngagement records the end of the subject's engagement, if it still runs and the actor may end engagements; for
// others the page says who does it. The engagement's own history learns the day and no reason: more people read it than
// the case.
func (s *Service) endEngagement(ctx context.Context, tx *db.Tx, c Case, lastDay time.Time) error {
	if !tx.Actor.May(authz.EngagementWrite) {
		return nil
	}
	engagements, err := s.hiring.EngagementsOf(ctx, tx, person.ID(c.PersonID))
	if err != nil {
		return err
	}
	if lastDay.IsZero() {
		lastDay = tx.Now
	}
	for _, e := range engagements {
		if e.EndedOn != nil {
			continue
		}
		err := s.hiring.EndEngagement(ctx, tx, hiring.End{EngagementID: e.ID, Version: e.Version, On: lastDay, Reason: "The engagement has ended."})
		if err != nil {
			return err
		}
	}
	return nil
}

// openStep finds a step that is open, in the version the actor saw.
func (s *Service) openStep(ctx context.Context, tx *db.Tx, c Case, stepID string, version int) (Step, error) {
	step, err := s.step(ctx, tx, c, stepID)
	if err != nil {
		return step, err
	}
	if step.State != Open {
		return step, apperr.Conflict("“%s” is %s already.", step.Item.Title, strings.ToLower(step.State.Title()))
	}
	return step, step.at(version)
}

// overrideOf is the reason to keep on the step: empty if nothing bars it, the given one if the actor leads.
func overrideOf(c Case, step Step, reason string) (string, error) {
	barred := step.Barred()
	switch {
	case len(barred) == 0:
		return "", nil
	case reason == "":
		return "", apperr.Conflict("“%s” is locked. %s", step.Item.Title, say(barred))
	case !c.Function.Leads():
		return "", apperr.Forbidden("Only the lead or the deputy may override a lock.")
	}
	return reason, nil
}

func settled(c Case, step Step, to StepState, note, override string) event {
	kind := "case.step_done"
	if to == Skipped {
		kind = "case.step_skipped"
	}
	text := fmt.Sprintf("“%s” was %s%s.", step.Item.Title, strings.ToLower(to.Title()), ticked(step))
	if note != "" {
		text += " " + note
	}
	e := event{Kind: kind, Text: text, StepID: step.StepID, SubjectKind: "step", SubjectID: within(c, step.StepID),
		Detail: map[string]any{"step": step.StepID}, Reason: override}
	if note != "" {
		e.Changes = []db.Change{db.Changed("note", "", note)}
	}
	if override != "" {
		e.Text += " Its lock was overridden: " + override
		e.Detail["override"] = true
		e.Detail["locks"] = locked(step.Barred())
	}
	return e
}

// ticked says how far the list of a step was worked through, for steps that have one with a mark on it.
func ticked(step Step) string {
	if step.Ticked == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of %d points ticked", step.Ticked.Count(), len(step.Item.Do))
}

// lowerFirst lets a sentence follow a colon.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// locked names what was overridden by kind and id alone: the words may be personal.
func locked(locks []Lock) []string {
	refs := make([]string, len(locks))
	for i, l := range locks {
		refs[i] = strings.TrimSuffix(string(l.Kind)+":"+l.Ref, ":")
	}
	return refs
}

// ReopenStep takes a settled step up again, for a reason. Steps that followed it stay as they are.
func (s *Service) ReopenStep(ctx context.Context, actor authz.Actor, caseID ID, stepID string, version int, reason string) error {
	var p apperr.Problems
	reason = required(&p, "reason", reason, "Say why it is taken up again.")
	if err := p.Err(); err != nil {
		return err
	}
	return s.work(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		step, err := s.step(ctx, tx, c, stepID)
		if err != nil {
			return err
		}
		if err := step.at(version); err != nil {
			return err
		}
		switch step.State {
		case Open:
			return apperr.Conflict("“%s” is open.", step.Item.Title)
		case NotApplicable:
			return apperr.Conflict("“%s” does not apply to a case with this outcome.", step.Item.Title)
		}
		if err := reopen(ctx, tx, caseID, stepID); err != nil {
			return err
		}
		if err := s.movePhase(ctx, tx, c); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "case.step_reopened", StepID: stepID,
			Text:        fmt.Sprintf("“%s” was reopened. %s", step.Item.Title, reason),
			SubjectKind: "step", SubjectID: within(c, stepID), Detail: map[string]any{"step": stepID}, Reason: reason})
	})
}

// TickItem marks one item of a step's list as done; UntickItem takes the mark back. Ticking twice changes nothing.
func (s *Service) TickItem(ctx context.Context, actor authz.Actor, caseID ID, stepID string, item int) error {
	return s.mark(ctx, actor, caseID, stepID, item, "case.item_ticked", setTick)
}

// UntickItem takes back a mark of TickItem.
func (s *Service) UntickItem(ctx context.Context, actor authz.Actor, caseID ID, stepID string, item int) error {
	return s.mark(ctx, actor, caseID, stepID, item, "case.item_unticked", clearTick)
}

func (s *Service) mark(ctx context.Context, actor authz.Actor, caseID ID, stepID string, item int, kind string,
	write func(context.Context, *db.Tx, ID, string, int) error) error {
	return s.work(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		step, err := s.step(ctx, tx, c, stepID)
		if err != nil {
			return err
		}
		if item < 0 || item >= len(step.Item.Do) {
			return apperr.Missing("item")
		}
		if step.State != Open {
			return apperr.Conflict("“%s” is %s already.", step.Item.Title, strings.ToLower(step.State.Title()))
		}
		if step.Locked() {
			return apperr.Conflict("“%s” is locked. %s", step.Item.Title, say(step.Locks))
		}
		record(tx, c, event{Kind: kind, SubjectKind: "step", SubjectID: within(c, stepID),
			Detail: map[string]any{"step": stepID, "item": item}})
		return write(ctx, tx, caseID, stepID, item)
	})
}

// AssignStep gives a step to a member whose function fits it, or to nobody when userID is empty.
func (s *Service) AssignStep(ctx context.Context, actor authz.Actor, caseID ID, stepID string, version int, userID string) error {
	return s.workWhole(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		step, err := s.openStep(ctx, tx, c, stepID, version)
		if err != nil {
			return err
		}
		members, err := membersOf(ctx, tx, caseID)
		if err != nil {
			return err
		}
		text, owner := fmt.Sprintf("“%s” has no owner any more.", step.Item.Title), (*string)(nil)
		if userID != "" {
			i := slices.IndexFunc(current(members), func(m Member) bool { return m.UserID == userID && m.Function.Fits(step.OwnerRole) })
			if i < 0 {
				return apperr.Invalid("owner", "Choose a member of the function %s, the lead or the deputy.", step.OwnerRole)
			}
			text, owner = fmt.Sprintf("“%s” is with %s.", step.Item.Title, current(members)[i].Name), &userID
		}
		if err := setOwner(ctx, tx, caseID, stepID, owner); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "case.step_assigned", Text: text, StepID: stepID,
			SubjectKind: "step", SubjectID: within(c, stepID), Detail: map[string]any{"step": stepID, "owner": userID}})
	})
}

// AddNote writes a remark on a step, or on the case when stepID is empty.
func (s *Service) AddNote(ctx context.Context, actor authz.Actor, caseID ID, stepID, body string) error {
	var p apperr.Problems
	body = required(&p, "body", body, "Write something first.")
	if err := p.Err(); err != nil {
		return err
	}
	return s.work(ctx, actor, caseID, func(tx *db.Tx, c Case) error {
		text := "A note was added."
		if stepID != "" {
			step, err := s.step(ctx, tx, c, stepID)
			if err != nil {
				return err
			}
			text = fmt.Sprintf("A note was added on “%s”.", step.Item.Title)
		} else if c.Sees != Whole {
			return apperr.Missing("page")
		}
		noteID := id.New()
		if err := insertNote(ctx, tx, noteID, caseID, stepID, body); err != nil {
			return err
		}
		return tell(ctx, tx, c, event{Kind: "case.note_added", Text: text, StepID: stepID, SubjectKind: "note",
			SubjectID: noteID, Detail: map[string]any{"step": stepID}, Changes: []db.Change{db.Changed("body", "", body)}})
	})
}
