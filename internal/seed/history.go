package seed

import (
	"encoding/json"
	"math/rand/v2"
	"slices"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
)

// history is what was answered about somebody at a stage of hiring for a job of some level, and how that is assessed.
type history struct {
	level, stage string
	position     int // of the stage
	findings     []finding
	signals      []string // the signals among the findings
	band         catalogue.Band
	score        int
	coverage     int
	openFlags    int
	awaited      []string
	missing      []string
	// The assessment's lists as they are stored.
	claims, reasons, next string
}

// finding is one answer with what people made of it.
type finding struct {
	item     string
	answer   catalogue.Answer
	state    assessment.Disposition
	strength catalogue.Strength
	group    catalogue.Group
	stage    string // the check's own stage, empty for a signal
}

// flagged reports whether the answer is a finding that has a row in flags.
func (f finding) flagged() bool { return f.answer != catalogue.Clear }

// histories by level and stage: histories[level][stage] are the variants.
type histories [][][]history

// variants is how many histories there are of each level and stage.
const variants = 48

// writeHistories works out all histories. They know nothing of names and places.
func writeHistories(ed *catalogue.Edition, seed uint64) histories {
	r := rand.New(rand.NewPCG(seed, 0x415))
	all := make(histories, len(ed.Levels))
	for l := range ed.Levels {
		all[l] = make([][]history, len(ed.Stages))
		for p := range ed.Stages {
			for v := range variants {
				all[l][p] = append(all[l][p], writeHistory(ed, r, l, p, v))
			}
		}
	}
	return all
}

// writeHistory invents one: mostly clear answers; of 48 variants 30 are clear throughout, 12 have something
// unexplained, four a red flag, and two several.
func writeHistory(ed *catalogue.Edition, r *rand.Rand, level, position, variant int) history {
	h := history{level: ed.Levels[level].ID, stage: ed.Stages[position].ID, position: position}
	h.findings = clearAnswers(ed, r, h.level, position)
	switch {
	case variant < 30:
	case variant < 42:
		h.spoil(r, catalogue.Concern, 1+r.IntN(2))
	case variant < 46:
		h.spoil(r, catalogue.Concern, 1)
		h.spoil(r, catalogue.RedFlag, 1)
	default:
		h.spoil(r, catalogue.Concern, 2)
		h.spoil(r, catalogue.RedFlag, 2+r.IntN(3))
	}
	if position == len(ed.Stages)-1 {
		h.hearSignals(ed, r, variant)
	}
	h.assess(ed)
	return h
}

// clearAnswers answers most required checks of the stages behind, and some others, eight in the mean.
func clearAnswers(ed *catalogue.Edition, r *rand.Rand, level string, position int) []finding {
	var required, others []finding
	needed := map[string]bool{}
	for _, c := range ed.Required(level) {
		needed[c.ID] = true
	}
	for p := range position + 1 {
		for _, c := range ed.ChecksFor(ed.Stages[p].ID) {
			f := finding{item: c.ID, answer: catalogue.Clear, strength: c.Strength, group: c.Group, stage: c.Stage}
			if needed[c.ID] {
				required = append(required, f)
			} else {
				others = append(others, f)
			}
		}
	}
	var answered []finding
	seen := map[string]bool{}
	take := func(list []finding, most, of100 int) {
		for _, f := range list {
			if len(answered) < most && !seen[f.item] && chance(r, of100) {
				seen[f.item] = true
				answered = append(answered, f)
			}
		}
	}
	take(required, 12, 88)
	r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	take(others, max(4, 10-len(answered)/2), 80)
	return answered
}

// spoil turns n of the answers into a concern or a red flag; somebody has dealt with most of those.
func (h *history) spoil(r *rand.Rand, answer catalogue.Answer, n int) {
	for range min(n, len(h.findings)) {
		f := &h.findings[r.IntN(len(h.findings))]
		f.answer, f.state = answer, assessment.Open
		if answer == catalogue.RedFlag {
			f.state = pick(r, []assessment.Disposition{assessment.Open, assessment.Explained, assessment.Explained, assessment.Confirmed})
		}
	}
}

// hearSignals adds what telemetry reported; most of it has an innocent explanation.
func (h *history) hearSignals(ed *catalogue.Edition, r *rand.Rand, variant int) {
	for range 1 + r.IntN(3) {
		sig := pick(r, ed.Signals)
		if slices.Contains(h.signals, sig.ID) || sig.Strength.AtLeast(catalogue.Strong) && variant < 46 {
			continue
		}
		h.signals = append(h.signals, sig.ID)
		state := assessment.Explained
		if variant >= 40 {
			state = assessment.Open
		}
		h.findings = append(h.findings, finding{item: sig.ID, answer: catalogue.Raised, state: state, strength: sig.Strength, group: sig.Group})
	}
}

// assess weighs the findings as the assessment feature does, and keeps the result as it is stored.
func (h *history) assess(ed *catalogue.Edition) {
	in := assessment.Input{Level: h.level, Stage: h.stage}
	answered := map[string]bool{}
	for _, f := range h.findings {
		answered[f.item] = true
		in.Findings = append(in.Findings, assessment.Finding{ID: f.item, Answer: f.answer, Disposition: f.state})
		if f.state == assessment.Open && f.answer != catalogue.Concern && f.flagged() {
			h.openFlags++
		}
	}
	a := assessment.Assess(ed, in)
	h.band, h.score, h.coverage = a.Band, a.Score, a.Coverage.Percent()
	h.claims, h.reasons, h.next = stored(a.Claims), stored(a.Reasons), stored(a.Next)
	behind := map[string]bool{}
	for p := range h.position + 1 {
		behind[ed.Stages[p].ID] = true
	}
	for _, c := range ed.Required(h.level) {
		if behind[c.Stage] {
			h.awaited = append(h.awaited, c.ID)
			if !answered[c.ID] {
				h.missing = append(h.missing, c.ID)
			}
		}
	}
}

// stored is a list as JSON; an empty one is an empty array.
func stored[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	body, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return string(body)
}
