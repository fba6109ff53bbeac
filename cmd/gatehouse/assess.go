package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"

	"gatehouse/internal/assessment"
	"gatehouse/internal/catalogue"
)

// assessLine is one line of output of `gatehouse assess`.
type assessLine struct {
	ID       string         `json:"id"`
	Score    int            `json:"score"`
	Band     catalogue.Band `json:"band"`
	Coverage float64        `json:"coverage"`
	Reasons  []assessReason `json:"reasons"`
	Next     []string       `json:"next"`
	Expected any            `json:"expected"` // null, a band, or a list of bands
	OK       bool           `json:"ok"`
}

type assessReason struct {
	ID    string `json:"id"`
	Share int    `json:"share"`
}

// runAssess is `gatehouse assess FILE…`: it weighs scenarios without a database.
// Nothing is printed before all files have been read, so that a fault in the last
// one cannot be missed behind a page of results.
func runAssess(_ context.Context, args []string, stdio stdio) error {
	flags := flag.NewFlagSet("gatehouse assess", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	flags.Usage = func() {
		fmt.Fprint(stdio.err, "Usage: gatehouse assess FILE…\n\n"+
			"Weighs scenarios from YAML or JSON files (- is standard input) and prints one JSON\n"+
			"object per line. Exits with 1 if a scenario misses its expected_outcome.\n")
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return exitError{code: exitUsage}
	case flags.NArg() == 0:
		return usagef("assess: no file given; - is standard input")
	}
	lib, err := catalogue.Load()
	if err != nil {
		return err
	}
	scenarios, err := readScenarios(lib.Current(), flags.Args(), stdio)
	if err != nil {
		return exitError{exitUsage, err}
	}
	missed := false
	out := json.NewEncoder(stdio.out)
	for _, s := range scenarios {
		line := newAssessLine(s, assessment.Assess(lib.Current(), s.Input))
		missed = missed || !line.OK
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	if missed {
		return exitError{code: exitFailed}
	}
	return nil
}

// readScenarios reads all files and insists that ids are unique over them.
func readScenarios(ed *catalogue.Edition, paths []string, stdio stdio) ([]assessment.Scenario, error) {
	var all []assessment.Scenario
	var faults []error
	seen := map[string]string{}
	for _, path := range paths {
		name, raw, err := readInput(path, stdio.in)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		scenarios, warnings, err := assessment.ReadScenarios(ed, name, raw)
		if err != nil {
			faults = append(faults, err)
		}
		for _, warning := range warnings {
			fmt.Fprintf(stdio.err, "gatehouse: warning: %s\n", warning)
		}
		for _, s := range scenarios {
			at := fmt.Sprintf("%s:%d", name, s.Line)
			if first, ok := seen[s.ID]; ok {
				faults = append(faults, fmt.Errorf("%s: scenario id %q is used twice, first at %s", at, s.ID, first))
				continue
			}
			seen[s.ID] = at
			all = append(all, s)
		}
	}
	return all, errors.Join(faults...)
}

func readInput(path string, stdin io.Reader) (name string, raw []byte, err error) {
	if path == "-" {
		raw, err = io.ReadAll(stdin)
		return "stdin", raw, err
	}
	raw, err = os.ReadFile(path)
	return path, raw, err
}

func newAssessLine(s assessment.Scenario, a assessment.Assessment) assessLine {
	line := assessLine{
		ID: s.ID, Score: a.Score, Band: a.Band,
		Coverage: math.Round(a.Coverage.Fraction*1000) / 1000,
		Reasons:  []assessReason{}, Next: []string{}, OK: s.Meets(a.Band),
	}
	for _, r := range a.Reasons {
		line.Reasons = append(line.Reasons, assessReason{r.ID, r.Share})
	}
	for _, n := range a.Next {
		line.Next = append(line.Next, n.ID)
	}
	switch {
	case s.Listed:
		line.Expected = s.Expected
	case len(s.Expected) > 0:
		line.Expected = s.Expected[0]
	}
	return line
}
