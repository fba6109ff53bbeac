package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test be the children that the bench starts of itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if child, ok := children[os.Args[1]]; ok {
			exit(child(context.Background(), os.Args[2:]))
			return
		}
	}
	os.Exit(m.Run())
}

// TestASmallRunMeasuresEverything goes through the whole bench on a handful of people. Whether bars hold is not asked:
// figures of moments say nothing.
func TestASmallRunMeasuresEverything(t *testing.T) {
	data, err := os.MkdirTemp("", "gh-bench-") // short, and open to the database's own user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	p := plan{small: 300, large: 600, signals: 500, connections: 2, rounds: 1, warm: 50 * time.Millisecond, measure: 200 * time.Millisecond,
		ingest: 300, upload: 1 << 20, entries: 3000, people: 200, evidence: 3 << 20, data: data}
	b, err := run(t.Context(), p)
	var table bytes.Buffer
	if b != nil {
		b.print(&table)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, table.String())
	}
	for _, r := range b.rows {
		if strings.HasPrefix(r.what, "tables and files that differ") && !r.met() {
			t.Errorf("restored something else: %+v", r)
		}
	}
	for _, want := range []string{"list of F2", "candidate of F1", "case, p95 grown", "overload, p99 of what is served", "overload, back to normal", "audited write", "while the log is sealed", "entries of the log sealed", "verifying a million", "two clients", "full replay", "uploading 1 MiB", "warm start", "cold start", "first backup", "second backup", "restore, verified", "tables and files that differ"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no line for %q in\n%s", want, table.String())
		}
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		row row
		met bool
	}{
		{row{measured: 26, bar: 25}, true}, {row{measured: 24, bar: 25}, false},
		{row{measured: 1.1, bar: 1.2, atMost: true}, true}, {row{measured: 1.3, bar: 1.2, atMost: true}, false},
		{row{missing: true}, false}, {row{only: true}, true},
	} {
		if c.row.met() != c.met {
			t.Errorf("%+v is met: %v", c.row, !c.met)
		}
	}
	if m := median([]float64{9, 1, 5}); m != 5 {
		t.Errorf("median %v", m)
	}
}
