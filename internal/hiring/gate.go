package hiring

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/flag"
	"gatehouse/internal/platform/apperr"
)

// Need is one required check at a gate.
type Need struct {
	Check *catalogue.Check
	// Answer is the worst current answer; empty when nobody has answered.
	Answer catalogue.Answer
	// Override is set when somebody let the check pass.
	Override *Overridden
}

// Met reports whether the check does not block: any answer will do, a worrying one is the flag's business.
func (n Need) Met() bool { return n.Answered() || n.Override != nil }

// Answered reports whether somebody did the check.
func (n Need) Answered() bool { return n.Answer != "" && n.Answer != catalogue.NotDone }

// Raised is a flag that blocks a gate: a strong or decisive finding that nobody has explained.
type Raised struct {
	Flag  flag.Flag
	Title string
}

// Gate is what stands between an application and a stage.
type Gate struct {
	Application Application
	From, To    *catalogue.Stage
	// Needs are the required checks of the job's level that are due before the stage, met or not.
	Needs []Need
	// Flags are the findings that block until they are cleared up.
	Flags []Raised
	// Blind says whose judgement must not lean on others' yet: the id of a reader who still owes a scorecard on the
	// person and does not answer flags. It is empty for everybody else.
	Blind string
}

// Shown are the flags that the reader learns of: for one who still owes a scorecard, none from another interviewer's
// answer.
func (g Gate) Shown() []Raised {
	if g.Blind == "" {
		return g.Flags
	}
	return slices.DeleteFunc(slices.Clone(g.Flags), func(f Raised) bool { return flag.OfAnother(f.Flag.OriginKind, f.Flag.OriginID, g.Blind) })
}

// Missing are the required checks that block.
func (g Gate) Missing() []Need {
	var missing []Need
	for _, n := range g.Needs {
		if !n.Met() {
			missing = append(missing, n)
		}
	}
	return missing
}

// Open reports whether nothing blocks.
func (g Gate) Open() bool { return len(g.Missing()) == 0 && len(g.Flags) == 0 }

// Items are the ids of what blocks: checks, then the items of flags, each once.
func (g Gate) Items() []string {
	var items []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			items = append(items, id)
		}
	}
	for _, n := range g.Missing() {
		add(n.Check.ID)
	}
	for _, f := range g.Flags {
		add(f.Flag.ItemID)
	}
	return items
}

// Backward reports whether the move leads to an earlier stage, which no gate blocks.
func (g Gate) Backward() bool { return g.To.Order < g.From.Order }

// required are the checks that must be answered before the application moves from one stage to another: those of
// the level whose home is a stage that would be left behind. Hiring straight from the offer leaves nothing of the
// onboarding behind, which only begins then: its checks stay due on the engagement.
func required(ed *catalogue.Edition, levelID, from, to string) []*catalogue.Check {
	before := order(ed, to)
	if to == StageEmployed {
		before = order(ed, from) + 1
	}
	var due []*catalogue.Check
	for _, check := range ed.Required(levelID) {
		if order(ed, check.Stage) < before {
			due = append(due, check)
		}
	}
	return due
}

// build puts a gate together from what was answered, flagged and overridden.
func build(ed *catalogue.Edition, a Application, to *catalogue.Stage, levelEdition *catalogue.Edition, answers map[string]catalogue.Answer,
	flags []flag.Flag, overrides []Overridden) Gate {
	from, _ := ed.Stage(a.StageID)
	g := Gate{Application: a, From: from, To: to}
	if g.Backward() {
		return g
	}
	let := map[string]*Overridden{}
	for i := range overrides {
		let[overrides[i].ItemID] = &overrides[i]
	}
	for _, check := range required(levelEdition, a.LevelID, a.StageID, to.ID) {
		g.Needs = append(g.Needs, Need{Check: check, Answer: answers[check.ID], Override: let[check.ID]})
	}
	for _, f := range flags {
		if Blocks(f, let[f.ItemID]) {
			g.Flags = append(g.Flags, Raised{Flag: f, Title: title(ed, f.ItemID)})
		}
	}
	return g
}

// Blocks reports whether a flag pauses the application: a red flag or raised signal, strong or decisive, that stands
// and that nobody has let pass since it was raised. A confirmed one blocks like an open one: only an explanation
// clears it up.
func Blocks(f flag.Flag, override *Overridden) bool {
	if f.WithdrawnAt != nil || f.State == flag.Explained || f.Answer == catalogue.Concern || !f.Strength.AtLeast(catalogue.Strong) {
		return false
	}
	return override == nil || f.RaisedAt.After(override.OverriddenAt)
}

// title is the title of a check or signal, or its id.
func title(ed *catalogue.Edition, itemID string) string {
	if item, ok := ed.Item(itemID); ok {
		return item.Title
	}
	return itemID
}

// Withheld says to one who still owes a scorecard why not everything that blocks is named.
const Withheld = "what other interviewers answered shows once your own scorecard is submitted"

// Blocked is a Conflict that carries the gate, so that the page can say exactly what is missing.
type Blocked struct{ Gate Gate }

// Error says what blocks, for logs and for readers of an API.
func (b *Blocked) Error() string { return b.Unwrap().Error() }

// Unwrap makes it a Conflict.
func (b *Blocked) Unwrap() error {
	var parts []string
	if missing := b.Gate.Missing(); len(missing) > 0 {
		names := make([]string, len(missing))
		for i, n := range missing {
			names[i] = n.Check.Title
		}
		parts = append(parts, fmt.Sprintf("not answered yet: %s", strings.Join(names, "; ")))
	}
	shown := b.Gate.Shown()
	if len(shown) > 0 {
		names := make([]string, len(shown))
		for i, f := range shown {
			names[i] = f.Title
		}
		parts = append(parts, "to be cleared up first: "+strings.Join(names, "; "))
	}
	if len(shown) < len(b.Gate.Flags) {
		parts = append(parts, Withheld)
	}
	return apperr.Conflict("%s is blocked: %s.", b.Gate.To.Title, strings.Join(parts, ". "))
}

// AsBlocked returns the Blocked in err's chain.
func AsBlocked(err error) (*Blocked, bool) {
	var b *Blocked
	ok := errors.As(err, &b)
	return b, ok
}

// LeastReason is how many characters a reason must have that overrides a gate or turns an application around.
const LeastReason = 10

// checkReason notes at field that the reason is too short or too long.
func checkReason(p *apperr.Problems, field, reason string) {
	n := len([]rune(strings.TrimSpace(reason)))
	p.Check(n >= LeastReason, field, "Give a reason that others will understand later, in at least %d characters.", LeastReason)
	p.Check(n <= 2000, field, "Use at most 2,000 characters.")
}

// day cuts a time to its date.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
