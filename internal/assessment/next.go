package assessment

import (
	"cmp"
	"fmt"
	"slices"

	"gatehouse/internal/catalogue"
)

// NextCheck is a check worth making, and what its answer could change.
type NextCheck struct {
	ID        string
	Title     string
	Stage     string
	Why       string
	Effort    Effort
	Required  bool           // the verification level asks for it
	IfClear   catalogue.Band // the band if it comes out clear
	IfRedFlag catalogue.Band // the band if it is a red flag
	Settles   float64        // expected change per effort; only the order matters
}

// Effort is how much of a person's time a check takes.
type Effort string

// The efforts, least first. They follow how far the catalogue says a check could be
// automated: where that is comparing and looking up, a person is quick at it too.
const (
	EffortAutomatic Effort = "automatic"
	EffortAssisted  Effort = "assisted"
	EffortManual    Effort = "manual"
)

var effortOf = map[catalogue.Automation]Effort{
	catalogue.AutomationYes: EffortAutomatic, catalogue.AutomationAssisted: EffortAssisted,
	catalogue.AutomationNo: EffortManual,
}

var effortCost = map[Effort]float64{EffortAutomatic: 1, EffortAssisted: 1.3, EffortManual: 1.6}

// chanceOfFlag is a rough guess at how often a check of this strength comes out
// red. It orders suggestions and touches no score: without it the rarest checks
// would always come first, because their worst outcome is the worst of all.
var chanceOfFlag = map[catalogue.Strength]float64{
	catalogue.Weak: 0.20, catalogue.Moderate: 0.15, catalogue.Strong: 0.08, catalogue.Decisive: 0.04,
}

// coverageWorth is what knowing everything in scope is worth, in points of score.
const coverageWorth = 60

// maxNext is how many suggestions people will read.
const maxNext = 5

// nextChecks asks of every open check how far its answer would move the score
// and how much it would add to what is known, per effort, and keeps the best.
// Candidates are the checks in scope, and any other that could be made by now and
// bears on a reason.
func nextChecks(ed *catalogue.Edition, b book, w weighing, s scope) []NextCheck {
	weights := 0
	inScope := map[string]bool{}
	for _, c := range s.checks {
		inScope[c.ID] = true
		weights += checkWeight[c.Strength]
	}
	score := w.score()
	var next []NextCheck
	for _, c := range ed.Checks {
		_, bears := bearsOn(c, w)
		if b.answered[c.ID] || !(inScope[c.ID] || bears && s.timely(ed, c)) {
			continue
		}
		clear, flag := b.suppose(ed, c, catalogue.Clear), b.suppose(ed, c, catalogue.RedFlag)
		chance := chanceOfFlag[c.Strength]
		worth := (1-chance)*float64(score-clear) + chance*float64(flag-score)
		if inScope[c.ID] {
			worth += coverageWorth * float64(checkWeight[c.Strength]) / float64(weights)
		}
		effort := effortOf[c.Automatable.Level]
		next = append(next, NextCheck{
			ID: c.ID, Title: c.Title, Stage: c.Stage, Effort: effort,
			Required: s.level && inScope[c.ID],
			IfClear:  BandOf(clear), IfRedFlag: BandOf(flag),
			Settles: worth / effortCost[effort],
		})
	}
	// Equals stay in the catalogue's order: the earlier stage first.
	slices.SortStableFunc(next, func(a, b NextCheck) int { return cmp.Compare(b.Settles, a.Settles) })
	next = next[:min(maxNext, len(next))]
	for i := range next {
		next[i].Why = why(ed, w, next[i])
	}
	return next
}

// suppose is the score if one more check had this answer.
func (b book) suppose(ed *catalogue.Edition, c *catalogue.Check, answer catalogue.Answer) int {
	s, _ := subjectOf(ed, c.ID, answer)
	supposed := book{doubts: b.doubts, clears: b.clears}
	if answer == catalogue.Clear {
		supposed.clears = append(slices.Clone(b.clears), s)
	} else {
		supposed.doubts = append(slices.Clone(b.doubts), doubt{subject: s, answer: answer, count: 1})
	}
	return supposed.score()
}

// bearsOn finds the heaviest reason that a check is near to.
func bearsOn(c *catalogue.Check, w weighing) (weighed, bool) {
	var found weighed
	for _, d := range w.worst {
		if near(d.subject, subject{group: c.Group, claim: c.Claim}) && d.points > found.points {
			found = d
		}
	}
	return found, found.id != ""
}

func why(ed *catalogue.Edition, w weighing, n NextCheck) string {
	check, _ := ed.Check(n.ID)
	claim, _ := ed.Claim(check.Claim)
	text := fmt.Sprintf("Tests “%s”.", claim.Title)
	if about, ok := bearsOn(check, w); ok {
		text = fmt.Sprintf("Bears on “%s”.", about.title)
	}
	if n.Required {
		text += " Required at this level."
	}
	if n.IfClear == n.IfRedFlag { // each is at most, or at least, the present band
		return text + fmt.Sprintf(" By itself it leaves the band %s.", n.IfClear)
	}
	return text + fmt.Sprintf(" Clear would mean %s, a red flag %s.", n.IfClear, n.IfRedFlag)
}
