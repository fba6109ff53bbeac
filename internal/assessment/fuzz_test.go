package assessment

import (
	"testing"

	"gatehouse/internal/catalogue"
)

// FuzzReadScenarios looks for a file that crashes the reader, or whose scenarios cannot be weighed afterwards.
func FuzzReadScenarios(f *testing.F) {
	lib, err := catalogue.Load()
	if err != nil {
		f.Fatal(err)
	}
	ed := lib.Current()
	check := ed.Checks[0].ID
	f.Add([]byte("- id: one-case\n  level: verified\n  raised: [{id: " + check + ", answer: red_flag, count: 2}]\n  expected_outcome: high\n"))
	f.Add([]byte(`{"scenarios":[{"id":"one-case","raised":null,"evaded":["` + check + `"],"expected_outcome":["low","elevated"]}]}`))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("[[[[{}]]]]\n{\"id\":1}"))
	f.Add([]byte("---\n- id: x\n---\n- 1\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		scenarios, _, err := ReadScenarios(ed, "file", raw)
		if err == nil && len(scenarios) == 0 {
			t.Fatal("no scenario and no error")
		}
		if err != nil {
			return
		}
		for _, s := range scenarios {
			s.Meets(Assess(ed, s.Input).Band)
		}
	})
}
