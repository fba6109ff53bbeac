// Command bench measures the speed bars and prints them as ratios within one run.
//
// It keeps two installations, a small and a large one, each with a durable PostgreSQL of its own, and serves each from
// a process of its own. Load comes from a third process over kept connections. What is compared is measured in
// interleaved turns after a warm-up, and the medians of their ratios count: on a shared machine only ratios of neighbours
// mean anything.
//
// The floors are served by the same router and middleware as the pages. F2 is one look-up by primary key and a page
// of the same bytes, of which four values change; F1 is the look-up and the very component of the page, with data
// from memory.
//
//	go run ./bench [--small] [--data DIR] [--parts pages,…] [--strict]
//	go run ./bench --parts restore [--people N] [--evidence BYTES]      the drill of losing and restoring an installation
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// plan is how large and how long to measure.
type plan struct {
	small, large  int
	signals       int
	connections   int
	rounds        int
	warm, measure time.Duration
	ingest        int   // signals to take in
	upload        int64 // bytes of one evidence file
	entries       int   // of the log, to seal and verify
	ordinary      int   // candidates of the demo beside its stories
	people        int   // of the installation that is lost and put back
	evidence      int64 // bytes of its files
	data          string
	parts         []string // what to measure; all when empty
	strict        bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 {
		if child, ok := children[os.Args[1]]; ok {
			exit(child(ctx, os.Args[2:]))
			return
		}
	}
	p := plan{small: 10_000, large: 1_000_000, signals: 10_000_000, connections: 8, rounds: 3,
		warm: 10 * time.Second, measure: 10 * time.Second, ingest: 400_000, upload: 1 << 30, entries: 1_000_000, ordinary: 200,
		people: 100_000, evidence: 1 << 30, parts: partNames[:len(partNames)-1]}
	quick := flag.Bool("small", false, "a quick run on 2,000 and 20,000 people")
	flag.StringVar(&p.data, "data", "", "folder that keeps the installations for later runs (default: a temporary one)")
	flag.BoolVar(&p.strict, "strict", false, "exit 1 when a bar is not met")
	flag.IntVar(&p.rounds, "rounds", p.rounds, "interleaved rounds")
	flag.Int64Var(&p.evidence, "evidence", p.evidence, "bytes of evidence in the drill of restoring")
	flag.IntVar(&p.people, "people", p.people, "people in the drill of restoring")
	flag.Func("parts", "measure only some of (restore is measured only when named) "+strings.Join(partNames, ","), func(list string) error {
		p.parts = strings.Split(list, ",")
		if i := slices.IndexFunc(p.parts, func(name string) bool { return !slices.Contains(partNames, name) }); i >= 0 {
			return fmt.Errorf("there is no part %q", p.parts[i])
		}
		return nil
	})
	flag.Parse()
	if *quick {
		p.small, p.large, p.signals, p.ingest, p.upload, p.entries = 2_000, 20_000, 50_000, 20_000, 64<<20, 50_000
		p.people, p.evidence = 2_000, 64<<20
		p.warm, p.measure = time.Second, 2*time.Second
	}
	b, err := run(ctx, p)
	if b != nil {
		b.print(os.Stdout)
	}
	if err == nil && p.strict && b.failed() {
		err = errors.New("a bar is not met")
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// children are what this program does as a child of itself.
var children = map[string]func(context.Context, []string) error{
	"-serve": serveChild, "-load": loadChild, "-flood": floodChild, "-cold": coldChild,
}

// run measures everything. What was measured before an error comes back with it.
func run(ctx context.Context, p plan) (b *bench, err error) {
	if p.data == "" {
		if p.data, err = os.MkdirTemp("", "gatehouse-bench-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(p.data)
		if err := os.Chmod(p.data, 0o755); err != nil { // the database's own user passes through
			return nil, err
		}
	}
	b = &bench{plan: p}
	if p.measures("pages", "overload", "writes", "ingest", "upload", "starts") {
		if b.small, err = openInstallation(ctx, p, p.small, 0); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, b.small.close()) }()
		if b.large, err = openInstallation(ctx, p, p.large, p.signals); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, b.large.close()) }()
	}
	for i, part := range []func(context.Context) error{b.pages, b.overload, b.writes, b.proofs, b.ingestion, b.uploading, b.starts, b.restore} {
		if !p.measures(partNames[i]) {
			continue
		}
		if err := part(ctx); err != nil {
			return b, err
		}
	}
	return b, nil
}

// measures reports whether one of the parts is to be measured.
func (p plan) measures(parts ...string) bool {
	return len(p.parts) == 0 || slices.ContainsFunc(parts, func(name string) bool { return slices.Contains(p.parts, name) })
}

// partNames are what a run measures, in this order.
var partNames = []string{"pages", "overload", "writes", "proof", "ingest", "upload", "starts", "restore"}
