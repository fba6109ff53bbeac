package assessment

import (
	"math"
	"math/bits"

	"gatehouse/internal/catalogue"
)

// The points of a finding by strength. They are chosen so that the meanings the
// catalogue gives to strengths and bands come out of the sum itself; see "Why
// these numbers" in docs/assessment.md before touching one.
var (
	flagPoints = map[catalogue.Strength]float64{
		catalogue.Weak: 15, catalogue.Moderate: 45, catalogue.Strong: 108, catalogue.Decisive: 230,
	}
	concernPoints = map[catalogue.Strength]float64{
		catalogue.Weak: 6, catalogue.Moderate: 15, catalogue.Strong: 30, catalogue.Decisive: 40,
	}
)

// What a clear answer takes off a doubt, by the strength of the clear check:
// near if both are of one group or test one claim, far otherwise.
var (
	nearRelief = map[catalogue.Strength]float64{
		catalogue.Weak: 0.15, catalogue.Moderate: 0.35, catalogue.Strong: 0.60, catalogue.Decisive: 0.80,
	}
	farRelief = map[catalogue.Strength]float64{
		catalogue.Weak: 0, catalogue.Moderate: 0.05, catalogue.Strong: 0.15, catalogue.Decisive: 0.25,
	}
)

// The part of a doubt that clear answers leave standing, however many they are.
// Only an explanation takes the rest away.
const (
	floorObservation  = 0.25 // concerns, and signals that nobody has judged
	floorWeakFlag     = 0.50
	floorModerateFlag = 0.80
)

// repeatBonus is what a signal gains at most by being raised again and again.
// Repetition is one cause: it must not lift a finding into the next band alone.
const repeatBonus = 0.25

// The scores at which bands begin.
const (
	elevatedFrom = 25
	highFrom     = 50
	criticalFrom = 75
)

// BandOf is the band of a score.
func BandOf(score int) catalogue.Band {
	switch {
	case score >= criticalFrom:
		return catalogue.Critical
	case score >= highFrom:
		return catalogue.High
	case score >= elevatedFrom:
		return catalogue.Elevated
	}
	return catalogue.Low
}

// highest is the highest score within a band.
func highest(b catalogue.Band) int {
	switch b {
	case catalogue.Critical:
		return 100
	case catalogue.High:
		return criticalFrom - 1
	case catalogue.Elevated:
		return highFrom - 1
	}
	return elevatedFrom - 1
}

// bend turns points without end into a score below 100: the first doubts count
// most, the tenth hardly changes the picture. It rounds down, so that a band
// begins exactly where its number is shown.
func bend(points float64) int {
	return int(math.Floor(100 * (1 - math.Exp(-points/100))))
}

// weighed is a doubt with its points.
type weighed struct {
	doubt
	points float64
}

// weighing is the outcome of the sum.
type weighing struct {
	worst   []weighed // the worst of each group, in the catalogue's group order
	also    map[catalogue.Group][]string
	points  float64
	ceiling catalogue.Band
}

func (w weighing) score() int { return min(bend(w.points), highest(w.ceiling)) }

// weigh gives each doubt its points and keeps the worst of each group.
func (b book) weigh() weighing {
	worst, points := b.worst()
	w := weighing{also: map[catalogue.Group][]string{}, points: points, ceiling: b.ceiling()}
	for _, at := range worst {
		if at != none {
			d := b.doubts[at]
			w.worst = append(w.worst, weighed{d, b.pointsOf(d)})
		}
	}
	for i, d := range b.doubts {
		if worst[d.place] != i {
			w.also[d.group] = append(w.also[d.group], d.id)
		}
	}
	return w
}

// score is the score alone, without building the explanation.
func (b book) score() int {
	_, points := b.worst()
	return weighing{points: points, ceiling: b.ceiling()}.score()
}

// places numbers the groups in the catalogue's order.
var places = func() map[catalogue.Group]int {
	m := map[catalogue.Group]int{}
	for i, group := range catalogue.Groups() {
		m[group] = i
	}
	return m
}()

// none stands for a group without findings.
const none = -1

// worst finds the heaviest doubt of each group, by index, and the sum of their
// points. Of equals the first by id is kept.
func (b book) worst() (at []int, total float64) {
	at = make([]int, len(places))
	points := make([]float64, len(places))
	for place := range at {
		at[place] = none
	}
	for i, d := range b.doubts {
		if p := b.pointsOf(d); p > points[d.place] {
			at[d.place], points[d.place] = i, p
		}
	}
	for _, p := range points {
		total += p
	}
	return at, total
}

// pointsOf is what one doubt weighs after repetition and relief. The result is
// rounded to thousandths, so that the order of multiplications cannot show.
func (b book) pointsOf(d doubt) float64 {
	points := concernPoints[d.strength]
	if d.flagged() {
		points = flagPoints[d.strength]
	}
	points *= 1 + repeatBonus*(1-1/float64(d.count))
	return math.Round(points*b.relief(d)*1000) / 1000
}

// relief is the factor that clear answers leave of a doubt.
//
// A strong or decisive red flag, a strong or decisive signal, and anything a
// person has confirmed keep their full weight. A red flag is a claim found
// false: only answers about the same thing soften it, and not by much. A concern
// is a question: a person whose identity, presence and history hold gets the
// benefit of the doubt on weak and moderate ones even where nothing was asked
// about the very same thing.
func (b book) relief(d doubt) float64 {
	if d.confirmed || (d.flagged() && d.strength.AtLeast(catalogue.Strong)) {
		return 1
	}
	far := !d.flagged() && !d.strength.AtLeast(catalogue.Strong)
	factor := 1.0
	for _, c := range b.clears {
		switch {
		case near(d.subject, c):
			factor *= 1 - nearRelief[c.strength]
		case far:
			factor *= 1 - farRelief[c.strength]
		}
	}
	return max(factor, floorOf(d))
}

func near(a, b subject) bool {
	return a.group == b.group || (a.claim != "" && a.claim == b.claim)
}

func floorOf(d doubt) float64 {
	switch {
	case d.answer != catalogue.RedFlag:
		return floorObservation
	case d.strength == catalogue.Weak:
		return floorWeakFlag
	}
	return floorModerateFlag
}

// groups is a set of groups, by place.
type groups uint32

func (g *groups) add(place int) { *g |= 1 << place }
func (g groups) size() int      { return bits.OnesCount32(uint32(g)) }

// ceiling is the highest band this kind of evidence can reach, whatever its
// points: many small doubts are not one large one.
func (b book) ceiling() catalogue.Band {
	var (
		decisive, strong bool
		flagged          groups // any red flag or raised signal
		moderate         groups // one of moderate strength or more
		serious          groups // the same, or a concern about a strong check
	)
	for i := range b.doubts {
		d := &b.doubts[i]
		if !d.flagged() {
			if d.strength.AtLeast(catalogue.Strong) {
				serious.add(d.place)
			}
			continue
		}
		flagged.add(d.place)
		if d.strength.AtLeast(catalogue.Moderate) {
			moderate.add(d.place)
			serious.add(d.place)
		}
		strong = strong || d.strength.AtLeast(catalogue.Strong)
		decisive = decisive || d.strength == catalogue.Decisive
	}
	switch {
	case decisive, strong && flagged.size() >= 2, moderate.size() >= 4:
		return catalogue.Critical
	case strong, serious.size() >= 2, moderate.size() >= 1 && flagged.size() >= 4:
		return catalogue.High
	}
	return catalogue.Elevated
}
