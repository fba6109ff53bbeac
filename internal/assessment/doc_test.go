package assessment

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"gatehouse/internal/catalogue"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/assessment.md")

const docPath = "../../docs/assessment.md"

// The tables and examples of the documentation are computed from the code. A
// difference means that one of the two is wrong; -update rewrites the page.
func TestDocumentationIsComputed(t *testing.T) {
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	parts := map[string]string{
		"points": docPoints(), "relief": docRelief(), "floors": docFloors(),
		"bands": docBands(lib.Current()), "examples": docExamples(t, lib.Current()),
	}
	for name, part := range parts {
		begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
		head, rest, ok := strings.Cut(doc, begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("no part %q in the page", name)
		}
		doc = head + begin + part + end + tail
	}
	if doc == string(raw) {
		return
	}
	if !*update {
		t.Fatal("docs/assessment.md does not agree with the code: go test ./internal/assessment -update")
	}
	if err := os.WriteFile(docPath, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
}

func docPoints() string {
	var b strings.Builder
	b.WriteString("| strength | concern | red flag or signal | alone, a red flag scores |\n| --- | ---: | ---: | ---: |\n")
	for _, s := range catalogue.Strengths() {
		fmt.Fprintf(&b, "| %s | %g | %g | %d |\n", s, concernPoints[s], flagPoints[s], bend(flagPoints[s]))
	}
	return b.String()
}

func docRelief() string {
	var b strings.Builder
	b.WriteString("| the clear check is | near, it takes off | far, it takes off |\n| --- | ---: | ---: |\n")
	for _, s := range catalogue.Strengths() {
		fmt.Fprintf(&b, "| %s | %.0f %% | %.0f %% |\n", s, 100*nearRelief[s], 100*farRelief[s])
	}
	return b.String()
}

func docFloors() string {
	return fmt.Sprintf(`| doubt | lowered by | at least remains |
| --- | --- | ---: |
| concern, weak or moderate check | near and far | %[1]v %% |
| concern, strong or decisive check | near | %[1]v %% |
| signal, weak or moderate | near | %[1]v %% |
| red flag, weak | near | %[2]v %% |
| red flag, moderate | near | %[3]v %% |
| red flag or signal, strong or decisive | nothing | 100 %% |
`, 100*floorObservation, 100*floorWeakFlag, 100*floorModerateFlag)
}

func docBands(ed *catalogue.Edition) string {
	var b strings.Builder
	from := map[catalogue.Band]int{
		catalogue.Low: 0, catalogue.Elevated: elevatedFrom, catalogue.High: highFrom, catalogue.Critical: criticalFrom,
	}
	b.WriteString("| score | band | meaning |\n| --- | --- | --- |\n")
	for _, band := range catalogue.Bands() {
		fmt.Fprintf(&b, "| %d–%d | %s | %s |\n", from[band], highest(band), band, ed.Meta.Vocabularies.Bands.Meaning(string(band)))
	}
	return b.String()
}

// docExamples works through some of the catalogue's scenarios, chosen to show
// relief, the worst of a group, support from a second group, and a washed doubt.
func docExamples(t *testing.T, ed *catalogue.Edition) string {
	t.Helper()
	var b strings.Builder
	for _, id := range []string{
		"scenario-open-deposit", "scenario-dtex-interview", "scenario-knowbe4", "scenario-benign-vpn",
	} {
		found := false
		for _, s := range ed.Scenarios {
			if s.ID == id {
				found = true
				b.WriteString(docExample(ed, s))
			}
		}
		if !found {
			t.Fatalf("no scenario %s", id)
		}
	}
	return b.String()
}

func docExample(ed *catalogue.Edition, s *catalogue.Scenario) string {
	var findings []Finding
	for _, r := range s.Raised {
		findings = append(findings, Finding{ID: r.ID, Answer: r.Answer})
	}
	for _, id := range s.Evaded {
		findings = append(findings, Finding{ID: id, Answer: catalogue.Clear})
	}
	book := sift(ed, findings)
	w := book.weigh()
	counted := map[string]bool{}
	for _, d := range w.worst {
		counted[d.id] = true
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s (`%s`)\n\n%s\n\n", s.Title, s.ID, s.Summary)
	b.WriteString("| finding | answer | strength | group | points | × relief | = | counts |\n")
	b.WriteString("| --- | --- | --- | --- | ---: | ---: | ---: | ---: |\n")
	for _, d := range book.doubts {
		full, counts := concernPoints[d.strength], "–"
		if d.flagged() {
			full = flagPoints[d.strength]
		}
		if counted[d.id] {
			counts = fmt.Sprintf("%.2f", book.pointsOf(d))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %g | %.3f | %.2f | %s |\n",
			d.id, d.answer, d.strength, d.group, full, book.relief(d), book.pointsOf(d), counts)
	}
	var clears []string
	for _, c := range book.clears {
		clears = append(clears, fmt.Sprintf("`%s` (%s, %s)", c.id, c.strength, c.group))
	}
	fmt.Fprintf(&b, "\nClear: %s.\n\n", strings.Join(clears, ", "))
	fmt.Fprintf(&b, "P = %.2f, so 100 × (1 − e^−%.4f) = %d. Ceiling %s. **Score %d, %s.**\n\n",
		w.points, w.points/100, bend(w.points), w.ceiling, w.score(), BandOf(w.score()))
	return b.String()
}
