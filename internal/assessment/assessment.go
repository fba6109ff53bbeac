// Package assessment turns what is known about a person into a score, a band,
// coverage, reasons and the next best checks.
//
// Assess is a pure function: the same edition and the same findings give the
// same answer, in whatever order the findings came, and every number in the
// answer can be worked out by hand from docs/assessment.md. It decides nothing:
// a band says what people should look at, never what becomes of a person.
//
// The arithmetic in brief. A finding has points by the strength of its check or
// signal. Clear answers lower weak and moderate doubts. Of each group only the
// worst finding counts; the groups add up, and the sum is bent into 0 to 100.
// A ceiling keeps the band down while the evidence has too few legs. What is
// explained or not known adds nothing.
//
// Around it, Service keeps what features report of a person (table outcomes),
// raises and settles the flags that come of it, and stores the result
// (assessments) with each change of it (assessment_moves). A report, its flags
// and the new assessment are one transaction under the lock of the person.
package assessment

import (
	"cmp"
	"slices"

	"gatehouse/internal/catalogue"
)

// Disposition is what people have made of a finding.
type Disposition string

// The dispositions. The zero value is Open too: nobody has looked at it yet.
const (
	Open      Disposition = "open"
	Explained Disposition = "explained" // stops counting, for good
	Confirmed Disposition = "confirmed" // clear answers no longer lower it
)

// Finding is one answer to a check, or one kind of signal.
type Finding struct {
	ID          string // check or signal of the catalogue
	Answer      catalogue.Answer
	Disposition Disposition
	Count       int    // how often a signal was raised; below 1 means once
	Source      string // where it comes from, for the explanation; never weighed
}

// Input is everything an assessment depends on.
type Input struct {
	Findings []Finding
	Level    string // verification level of the job; may be empty
	Stage    string // stage reached; may be empty
}

// Assessment is the result, with its explanation.
type Assessment struct {
	Score    int            // 0–100
	Band     catalogue.Band // follows from Score alone
	Points   float64        // the sum the score is bent from
	Ceiling  catalogue.Band // the highest band this kind of evidence can reach
	Coverage Coverage
	Claims   []ClaimCoverage // in the catalogue's order, claims in scope only
	Reasons  []Reason        // heaviest first; shares add up to 100
	Next     []NextCheck     // best first
	// AwaitingConfirmation lists decisive findings that no second person has
	// confirmed yet: no case should open on one of them alone.
	AwaitingConfirmation []string
	// Unknown lists ids that the edition does not have. They were left out.
	Unknown []string
}

// Held reports whether the ceiling kept the score down.
func (a Assessment) Held() bool { return bend(a.Points) > a.Score }

// Reason is the worst finding of one group: what the group adds to the score.
type Reason struct {
	ID       string
	Title    string
	Group    catalogue.Group
	Strength catalogue.Strength
	Answer   catalogue.Answer
	Points   float64 // after clear answers have lowered it
	Share    int     // of the score, in percent
	Sentence string
	Also     []string // other findings of the group, which add nothing
	Sources  []string
}

// Assess weighs the findings against an edition of the catalogue.
func Assess(ed *catalogue.Edition, in Input) Assessment {
	book := sift(ed, in.Findings)
	w := book.weigh()
	scope := scopeOf(ed, in.Level, in.Stage)
	a := Assessment{
		Score:    w.score(),
		Points:   w.points,
		Ceiling:  w.ceiling,
		Coverage: scope.coverage(book),
		Claims:   scope.claims(ed, book),
		Reasons:  reasonsFor(w),
		Unknown:  book.unknown,
	}
	a.Band = BandOf(a.Score)
	for _, d := range book.doubts {
		if d.flagged() && d.strength == catalogue.Decisive && !d.confirmed {
			a.AwaitingConfirmation = append(a.AwaitingConfirmation, d.id)
		}
	}
	a.Next = nextChecks(ed, book, w, scope)
	return a
}

// Score is the score alone, for callers that compare many sets of findings and
// need no explanation.
func Score(ed *catalogue.Edition, findings []Finding) int {
	return sift(ed, findings).score()
}

// doubt is everything that speaks against a person under one id: several
// answers to the same check are one doubt, as bad as the worst of them.
type doubt struct {
	subject
	answer    catalogue.Answer
	confirmed bool
	count     int
	sources   []string
}

// flagged tells a red flag or a raised signal from a mere concern.
func (d doubt) flagged() bool { return d.answer != catalogue.Concern }

// subject is a check or a signal as the arithmetic sees it.
type subject struct {
	id       string
	title    string
	text     string // what the worst answer says, in the catalogue's words
	group    catalogue.Group
	place    int    // of the group in the catalogue's order
	claim    string // empty for a signal
	strength catalogue.Strength
}

// book is the findings put in order: one entry per id, doubts and clears apart.
// Both lists are sorted by id, so that no sum depends on the order of arrival.
type book struct {
	doubts   []doubt
	clears   []subject
	answered map[string]bool // checks that have an answer, explained ones included
	unknown  []string
}

func sift(ed *catalogue.Edition, findings []Finding) book {
	b := book{answered: map[string]bool{}}
	doubts, clears := map[string]doubt{}, map[string]subject{}
	unknown := map[string]bool{}
	for _, f := range findings {
		s, ok := subjectOf(ed, f.ID, f.Answer)
		if !ok {
			unknown[f.ID] = true
			continue
		}
		switch f.Answer {
		case catalogue.Clear:
			b.answered[f.ID] = true
			clears[f.ID] = s
		case catalogue.Concern, catalogue.RedFlag, catalogue.Raised:
			b.answered[f.ID] = true
			if f.Disposition != Explained {
				doubts[f.ID] = worse(doubts[f.ID], newDoubt(s, f))
			}
		}
	}
	for id := range doubts {
		delete(clears, id) // a check answered both ways is not clear
	}
	b.doubts = sortedByID(doubts, func(d doubt) string { return d.id })
	b.clears = sortedByID(clears, func(s subject) string { return s.id })
	for id := range unknown {
		b.unknown = append(b.unknown, id)
	}
	slices.Sort(b.unknown)
	return b
}

func newDoubt(s subject, f Finding) doubt {
	d := doubt{subject: s, answer: f.Answer, confirmed: f.Disposition == Confirmed, count: max(1, f.Count)}
	if f.Source != "" {
		d.sources = []string{f.Source}
	}
	return d
}

// worse merges two answers under one id. The stronger answer wins. Confirming a
// concern does not confirm the red flag somebody else saw in its place.
func worse(a, b doubt) doubt {
	if a.id == "" {
		return b
	}
	if severity(a.answer) < severity(b.answer) {
		a, b = b, a
	}
	if a.flagged() == b.flagged() {
		a.confirmed = a.confirmed || b.confirmed
	}
	a.count = max(a.count, b.count)
	a.sources = append(slices.Clone(a.sources), b.sources...)
	slices.Sort(a.sources)
	a.sources = slices.Compact(a.sources)
	return a
}

// severity orders answers for merging. A red flag on a signal is a raised signal
// that a person has looked at, so it outranks one that nobody has.
func severity(a catalogue.Answer) int {
	return slices.Index([]catalogue.Answer{catalogue.Concern, catalogue.Raised, catalogue.RedFlag}, a)
}

func subjectOf(ed *catalogue.Edition, id string, answer catalogue.Answer) (subject, bool) {
	if c, ok := ed.Check(id); ok {
		return subject{c.ID, c.Title, c.Meaning(answer), c.Group, places[c.Group], c.Claim, c.Strength}, true
	}
	if s, ok := ed.Signal(id); ok {
		return subject{s.ID, s.Title, s.Description, s.Group, places[s.Group], "", s.Strength}, true
	}
	return subject{}, false
}

func sortedByID[T any](m map[string]T, id func(T) string) []T {
	list := make([]T, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return list
}
