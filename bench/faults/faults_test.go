package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestNothingAcknowledgedIsLost goes through both parts with a few faults each.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	var table bytes.Buffer
	if err := run(t.Context(), 2, 1, &table); err != nil {
		t.Fatalf("%v\n%s", err, table.String())
	}
	if n := strings.Count(table.String(), "pass"); n != 9 {
		t.Errorf("%d bars hold, want 9:\n%s", n, table.String())
	}
}

func TestWhatIsMissedIsSaid(t *testing.T) {
	var table bytes.Buffer
	if err := report(&table, outcome{what: "kill -9", tally: tally{lost: 1}}); err == nil || !strings.Contains(table.String(), "FAIL") {
		t.Errorf("a lost write gives %v and\n%s", err, table.String())
	}
}
