package assessment_test

import (
	"testing"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
)

// An assessment runs in background work after each answer, over and over.
func BenchmarkAssess(b *testing.B) {
	ed := edition(b)
	in := assessment.Input{Level: "level-verified"}
	for _, r := range ed.Scenarios[1].Raised {
		in.Findings = append(in.Findings, assessment.Finding{ID: r.ID, Answer: r.Answer})
	}
	for _, id := range ed.Scenarios[1].Evaded {
		in.Findings = append(in.Findings, assessment.Finding{ID: id, Answer: catalogue.Clear})
	}
	b.ReportAllocs()
	for b.Loop() {
		assessment.Assess(ed, in)
	}
}
