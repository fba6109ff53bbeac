package assessment

import (
	"gatehouse/internal/catalogue"
)

// checkWeight is what a check weighs in coverage: knowing the answer to a strong
// check is knowing more.
var checkWeight = map[catalogue.Strength]int{
	catalogue.Weak: 1, catalogue.Moderate: 2, catalogue.Strong: 4, catalogue.Decisive: 6,
}

// Coverage is how much of what should be known is known.
type Coverage struct {
	Fraction float64 // 0–1, weighted by strength
	Done     int     // checks with an answer
	Total    int     // checks in scope
}

// ClaimCoverage is the coverage of one claim.
type ClaimCoverage struct {
	Claim string
	Title string
	Coverage
}

// scope is the checks whose answers should be known.
type scope struct {
	checks  []*catalogue.Check
	level   bool             // a verification level asks for them
	reached *catalogue.Stage // nil if no stage is given
}

// scopeOf picks the checks that coverage is measured against: those the level
// requires up to the stage, else those of all stages up to the stage, else all.
// A level that asks for nothing so early is measured whole: having asked nothing
// is not having covered everything.
func scopeOf(ed *catalogue.Edition, level, stage string) scope {
	s := scope{checks: ed.Checks}
	if l, ok := ed.Level(level); ok {
		s.checks, s.level = ed.Required(l.ID), true
	}
	s.reached, _ = ed.Stage(stage)
	var due []*catalogue.Check
	for _, c := range s.checks {
		if s.timely(ed, c) {
			due = append(due, c)
		}
	}
	if len(due) > 0 {
		s.checks = due
	}
	return s
}

// timely reports whether a check belongs to the stage reached or an earlier one.
func (s scope) timely(ed *catalogue.Edition, c *catalogue.Check) bool {
	if s.reached == nil {
		return true
	}
	home, _ := ed.Stage(c.Stage)
	return home.Order <= s.reached.Order
}

func (s scope) coverage(b book) Coverage { return coverageOf(s.checks, b) }

func coverageOf(checks []*catalogue.Check, b book) Coverage {
	var known, needed, done int
	for _, c := range checks {
		needed += checkWeight[c.Strength]
		if b.answered[c.ID] {
			known += checkWeight[c.Strength]
			done++
		}
	}
	cov := Coverage{Done: done, Total: len(checks)}
	if needed > 0 {
		cov.Fraction = float64(known) / float64(needed)
	}
	return cov
}

func (s scope) claims(ed *catalogue.Edition, b book) []ClaimCoverage {
	byClaim := map[string][]*catalogue.Check{}
	for _, c := range s.checks {
		byClaim[c.Claim] = append(byClaim[c.Claim], c)
	}
	var claims []ClaimCoverage
	for _, claim := range ed.Claims {
		if checks := byClaim[claim.ID]; len(checks) > 0 {
			claims = append(claims, ClaimCoverage{claim.ID, claim.Title, coverageOf(checks, b)})
		}
	}
	return claims
}
