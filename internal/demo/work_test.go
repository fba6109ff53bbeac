package demo

import (
	"testing"
	"time"
)

// TestPeopleOfTheDemoWorkByDay: nobody interviews on a Sunday or at four in the morning.
func TestPeopleOfTheDemoWorkByDay(t *testing.T) {
	for given, want := range map[string]string{
		"2026-11-25T10:30:05Z": "2026-11-25T10:30:05Z", // a Wednesday
		"2026-11-25T03:54:05Z": "2026-11-25T08:54:05Z",
		"2026-11-25T18:00:00Z": "2026-11-26T08:00:00Z",
		"2026-11-27T23:10:00Z": "2026-11-30T08:10:00Z", // a Friday night
		"2026-11-29T09:00:00Z": "2026-11-30T08:00:00Z", // a Sunday
	} {
		when, err := time.Parse(time.RFC3339, given)
		if err != nil {
			t.Fatal(err)
		}
		if got := atWork(when).Format(time.RFC3339); got != want {
			t.Errorf("%s becomes %s, want %s", given, got, want)
		}
	}
}
