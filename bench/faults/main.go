// Command faults kills what Gatehouse runs on while people and machines write, and then looks for every write whose
// sender was told that it was taken.
//
// It has two parts. In the first an installation with its private PostgreSQL loses the server, the database or both to
// kill -9 at any moment. In the second the database is a primary with a synchronous standby: the primary is killed, the
// standby promoted, the old primary made anew as the next standby, and so on. After each fault every acknowledged write
// must be there, every item of evidence whole, and the exported log must verify.
//
//	go run ./bench/faults [--kills N] [--promotions N]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	kills := flag.Int("kills", 200, "how often something is killed")
	promotions := flag.Int("promotions", 20, "how often a standby is promoted")
	flag.Parse()
	err := run(ctx, *kills, *promotions, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// errMissed says that a bar is not met; which one, the table says.
var errMissed = errors.New("a bar is not met")

// run does both parts and prints the table.
func run(ctx context.Context, kills, promotions int, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "gh-faults-") // short, since sockets lie below it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // the database's own user passes through
		return err
	}
	binary := filepath.Join(dir, "gatehouse")
	if said, err := build(ctx, binary); err != nil {
		return fmt.Errorf("build: %w\n%s", err, said)
	}
	var parts []outcome
	if kills > 0 {
		killed, err := killing(ctx, binary, filepath.Join(dir, "k"), kills)
		if err != nil {
			return fmt.Errorf("kill -9: %w", err)
		}
		parts = append(parts, killed)
	}
	if promotions > 0 {
		promoted, err := promoting(ctx, binary, filepath.Join(dir, "p"), promotions)
		if err != nil {
			return fmt.Errorf("promotions: %w", err)
		}
		parts = append(parts, promoted)
	}
	return report(out, parts...)
}

// outcome is what came of one part.
type outcome struct {
	tally

	what   string
	faults map[string]int // by kind
	took   time.Duration
	// unreadable counts the pages that did not read while there was no primary, of asked.
	unreadable, asked int
}

func report(out io.Writer, parts ...outcome) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "What\tMeasured\tBar\t\tDetail")
	missed := false
	line := func(what string, measured int, detail string) {
		verdict := "pass"
		if measured > 0 {
			verdict, missed = "FAIL", true
		}
		fmt.Fprintf(table, "%s\t%d\tat most 0\t%s\t%s\n", what, measured, verdict, detail)
	}
	for _, p := range parts {
		n := 0
		for _, of := range p.faults {
			n += of
		}
		line(p.what+", acknowledged writes lost", p.lost, fmt.Sprintf("of %d, after %d faults %v in %s: %v", p.acknowledged, n, p.faults, p.took.Round(time.Second), p.kinds))
		line(p.what+", evidence half written", p.broken, fmt.Sprintf("of %d items, acknowledged or not", p.items))
		line(p.what+", writes without their entry in the log", p.unaudited, "")
		line(p.what+", logs that did not verify", p.unverified, fmt.Sprintf("of %d, the last of %d entries", p.verified, p.entries))
		if p.asked > 0 {
			line(p.what+", pages that did not read without a primary", p.unreadable, fmt.Sprintf("of %d", p.asked))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if missed {
		return errMissed
	}
	return nil
}
