package flag

import (
	"testing"
	"time"

	"gatehouse/internal/catalogue"
)

// TestOnlyWhatCouldDoWithAnAnswerIsCalledOpen also holds that whatever is called open asks for an answer.
func TestOnlyWhatCouldDoWithAnAnswerIsCalledOpen(t *testing.T) {
	at := time.Now()
	for _, c := range []struct {
		name string
		flag Flag
		want Standing
	}{
		{"a red flag", Flag{State: Open, Answer: catalogue.RedFlag}, "open"},
		{"a signal", Flag{State: Open, Answer: catalogue.Raised}, "open"},
		{"a concern", Flag{State: Open, Answer: catalogue.Concern}, Noted},
		{"a concern that was explained", Flag{State: Explained, Answer: catalogue.Concern}, "explained"},
		{"a concern that was confirmed", Flag{State: Confirmed, Answer: catalogue.Concern}, "confirmed"},
		{"a finding taken back", Flag{State: Open, Answer: catalogue.RedFlag, WithdrawnAt: &at}, TakenBack},
		{"a confirmed one taken back", Flag{State: Confirmed, Answer: catalogue.RedFlag, WithdrawnAt: &at}, TakenBack},
	} {
		if got := c.flag.Standing(); got != c.want {
			t.Errorf("%s stands as %q, want %q", c.name, got, c.want)
		}
		if open := c.flag.Standing() == Standing(Open); open != c.flag.Unanswered() {
			t.Errorf("%s: called open %t, asks for an answer %t", c.name, open, c.flag.Unanswered())
		}
	}
}
