package assessment

import (
	"cmp"
	"fmt"
	"slices"

	"gatehouse/internal/catalogue"
)

// reasonsFor explains the score: one reason per group, heaviest first.
func reasonsFor(w weighing) []Reason {
	reasons := make([]Reason, 0, len(w.worst))
	for _, d := range w.worst {
		reasons = append(reasons, Reason{
			ID: d.id, Title: d.title, Group: d.group, Strength: d.strength, Answer: d.answer,
			Points: d.points, Sentence: sentence(d), Also: w.also[d.group], Sources: d.sources,
		})
	}
	slices.SortStableFunc(reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.ID, b.ID))
	})
	share(reasons, w.points)
	return reasons
}

// share splits 100 percent over the reasons by their points. Rounding leftovers
// go to the largest remainders, so that the shares always add up.
func share(reasons []Reason, total float64) {
	if total <= 0 {
		return
	}
	rest := 100
	order := make([]int, len(reasons))
	remainder := make([]float64, len(reasons))
	for i, r := range reasons {
		exact := 100 * r.Points / total
		reasons[i].Share = int(exact)
		remainder[i] = exact - float64(reasons[i].Share)
		rest -= reasons[i].Share
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder[b], remainder[a]) })
	for _, i := range order[:rest] {
		reasons[i].Share++
	}
}

var answerWords = map[catalogue.Answer]string{
	catalogue.Concern: "Concern", catalogue.RedFlag: "Red flag", catalogue.Raised: "Signal",
}

// sentence says in one plain sentence or two what counts and how much.
func sentence(d weighed) string {
	text := fmt.Sprintf("%s, %s: %s", answerWords[d.answer], d.strength, d.text)
	switch {
	case d.confirmed:
		text += " A person has confirmed it."
	case d.flagged() && d.strength == catalogue.Decisive:
		text += " A second person has to confirm it before a case is opened."
	}
	if d.count > 1 {
		text += fmt.Sprintf(" Seen %d times.", d.count)
	}
	return text
}
