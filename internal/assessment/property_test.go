package assessment_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
)

// rounds is how many random cases each property is tried on. The seed is fixed:
// a failure must come back.
const rounds = 400

var dispositions = []assessment.Disposition{"", "", "", assessment.Open, assessment.Explained, assessment.Confirmed}

// randomFinding is any finding the catalogue allows.
func randomFinding(r *rand.Rand, ed *catalogue.Edition) assessment.Finding {
	f := assessment.Finding{Disposition: dispositions[r.IntN(len(dispositions))]}
	if r.IntN(4) == 0 {
		f.ID = ed.Signals[r.IntN(len(ed.Signals))].ID
		f.Answer = []catalogue.Answer{catalogue.Raised, catalogue.Raised, catalogue.Clear}[r.IntN(3)]
		f.Count = r.IntN(6)
		return f
	}
	f.ID = ed.Checks[r.IntN(len(ed.Checks))].ID
	f.Answer = catalogue.Answers()[r.IntN(4)]
	return f
}

func randomFindings(r *rand.Rand, ed *catalogue.Edition) []assessment.Finding {
	list := make([]assessment.Finding, r.IntN(16))
	for i := range list {
		list[i] = randomFinding(r, ed)
	}
	return list
}

// try runs a property on random findings.
func try(t *testing.T, property func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding)) {
	t.Helper()
	t.Parallel()
	ed := edition(t)
	r := rand.New(rand.NewPCG(7, 11))
	for range rounds {
		property(t, r, ed, randomFindings(r, ed))
	}
}

func score(ed *catalogue.Edition, list []assessment.Finding) int {
	return assessment.Score(ed, list)
}

func with(list []assessment.Finding, more ...assessment.Finding) []assessment.Finding {
	return append(slices.Clone(list), more...)
}

func TestOrderDoesNotMatter(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		in := assessment.Input{Findings: list}
		shuffled := slices.Clone(list)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if score(ed, list) != score(ed, shuffled) {
			t.Fatalf("order changes the score of %v", list)
		}
		if r.IntN(20) == 0 && !reflect.DeepEqual(assessment.Assess(ed, in), assessment.Assess(ed, assessment.Input{Findings: shuffled})) {
			t.Fatalf("order changes the explanation of %v", list)
		}
	})
}

func TestDuplicatesDoNotMatter(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		if score(ed, list) != score(ed, with(list, list...)) {
			t.Fatalf("saying it twice changes the score of %v", list)
		}
	})
}

func TestDoubtsNeverLower(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		more := randomFinding(r, ed)
		if more.Answer == catalogue.Clear || more.Answer == catalogue.NotDone {
			more.Answer = catalogue.Concern
		}
		if before, after := score(ed, list), score(ed, with(list, more)); after < before {
			t.Fatalf("%+v lowers %d to %d in %v", more, before, after, list)
		}
	})
}

func TestRedFlagWeighsAtLeastAConcern(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		more := assessment.Finding{ID: ed.Checks[r.IntN(len(ed.Checks))].ID, Answer: catalogue.Concern}
		flag := more
		flag.Answer = catalogue.RedFlag
		if concern, red := score(ed, with(list, more)), score(ed, with(list, flag)); red < concern {
			t.Fatalf("%s: concern %d, red flag %d in %v", more.ID, concern, red, list)
		}
	})
}

func TestClearsNeverRaise(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		more := assessment.Finding{ID: ed.Checks[r.IntN(len(ed.Checks))].ID, Answer: catalogue.Clear}
		if before, after := score(ed, list), score(ed, with(list, more)); after > before {
			t.Fatalf("%s clear raises %d to %d in %v", more.ID, before, after, list)
		}
	})
}

func TestNotDoneNeverCounts(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		more := assessment.Finding{ID: ed.Checks[r.IntN(len(ed.Checks))].ID, Answer: catalogue.NotDone}
		if score(ed, list) != score(ed, with(list, more)) {
			t.Fatalf("%s not done counts in %v", more.ID, list)
		}
	})
}

// changed is the list with one finding put through edit.
func changed(r *rand.Rand, list []assessment.Finding, edit func(*assessment.Finding)) []assessment.Finding {
	list = slices.Clone(list)
	if len(list) > 0 {
		edit(&list[r.IntN(len(list))])
	}
	return list
}

func TestExplainingNeverRaises(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		explained := changed(r, list, func(f *assessment.Finding) { f.Disposition = assessment.Explained })
		if before, after := score(ed, list), score(ed, explained); after > before {
			t.Fatalf("explaining raises %d to %d: %v", before, after, explained)
		}
	})
}

func TestEverythingExplainedIsNothing(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		for i := range list {
			list[i].Disposition = assessment.Explained
		}
		if s := score(ed, list); s != 0 {
			t.Fatalf("explained findings score %d: %v", s, list)
		}
	})
}

func TestConfirmingNeverLowers(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		confirmed := changed(r, list, func(f *assessment.Finding) { f.Disposition = assessment.Confirmed })
		if before, after := score(ed, list), score(ed, confirmed); after < before {
			t.Fatalf("confirming lowers %d to %d: %v", before, after, confirmed)
		}
	})
}

func TestRepeatingNeverLowers(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		again := changed(r, list, func(f *assessment.Finding) { f.Count = max(1, f.Count) + 1 + r.IntN(100) })
		if before, after := score(ed, list), score(ed, again); after < before {
			t.Fatalf("repeating lowers %d to %d: %v", before, after, again)
		}
	})
}

// The rules the catalogue states about groups and strengths, on any findings.
func TestCeilings(t *testing.T) {
	try(t, func(t *testing.T, r *rand.Rand, ed *catalogue.Edition, list []assessment.Finding) {
		flagged, groups := map[catalogue.Group]bool{}, map[catalogue.Group]bool{}
		worst := catalogue.Weak
		onlyConcerns := true
		for _, f := range list {
			strength, group := strengthOf(ed, f.ID)
			isFlag := f.Answer == catalogue.RedFlag || f.Answer == catalogue.Raised
			if f.Disposition == assessment.Explained || !isFlag && f.Answer != catalogue.Concern {
				continue
			}
			groups[group] = true
			if isFlag {
				flagged[group] = true
				onlyConcerns = false
			}
			if strength.AtLeast(worst) {
				worst = strength
			}
		}
		band := assessment.BandOf(score(ed, list))
		switch {
		case band == catalogue.Critical && onlyConcerns:
			t.Fatalf("concerns alone are critical: %v", list)
		case band == catalogue.Critical && len(flagged) < 2 && worst != catalogue.Decisive:
			t.Fatalf("one group is critical without a decisive finding: %v", list)
		case band.Rank() > catalogue.Elevated.Rank() && worst == catalogue.Weak:
			t.Fatalf("weak findings alone are %s: %v", band, list)
		case band.Rank() > catalogue.Elevated.Rank() && worst == catalogue.Moderate && len(groups) < 2:
			t.Fatalf("moderate findings in one group are %s: %v", band, list)
		}
	})
}

// However much comes out clear, an open strong red flag keeps the person at
// least high, a decisive one critical, a moderate one elevated.
func TestClearsNeverWashOut(t *testing.T) {
	t.Parallel()
	ed := edition(t)
	var clears []assessment.Finding
	for _, c := range ed.Checks {
		clears = append(clears, assessment.Finding{ID: c.ID, Answer: catalogue.Clear})
	}
	for _, s := range ed.Signals {
		clears = append(clears, assessment.Finding{ID: s.ID, Answer: catalogue.Clear})
	}
	want := map[catalogue.Strength]catalogue.Band{
		catalogue.Weak: catalogue.Low, catalogue.Moderate: catalogue.Elevated,
		catalogue.Strong: catalogue.High, catalogue.Decisive: catalogue.Critical,
	}
	for _, c := range ed.Checks {
		list := with(clears, assessment.Finding{ID: c.ID, Answer: catalogue.RedFlag})
		if band := assessment.BandOf(score(ed, list)); band != want[c.Strength] {
			t.Errorf("%s (%s) among clears is %s", c.ID, c.Strength, band)
		}
		alone := []assessment.Finding{{ID: c.ID, Answer: catalogue.RedFlag}}
		if band := assessment.BandOf(score(ed, alone)); band != want[c.Strength] {
			t.Errorf("%s (%s) alone is %s", c.ID, c.Strength, band)
		}
	}
	for _, s := range ed.Signals {
		for _, count := range []int{1, 2, 1000} {
			alone := []assessment.Finding{{ID: s.ID, Answer: catalogue.Raised, Count: count}}
			if band := assessment.BandOf(score(ed, alone)); band != want[s.Strength] {
				t.Errorf("%s (%s) raised %d times is %s", s.ID, s.Strength, count, band)
			}
		}
	}
}

func strengthOf(ed *catalogue.Edition, id string) (catalogue.Strength, catalogue.Group) {
	if c, ok := ed.Check(id); ok {
		return c.Strength, c.Group
	}
	s, _ := ed.Signal(id)
	return s.Strength, s.Group
}
