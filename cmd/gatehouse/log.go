package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"gatehouse/internal/app"
	"gatehouse/internal/audit"
	"gatehouse/internal/audit/proof"
	"gatehouse/internal/platform/authz"
)

// runLog is `gatehouse log key`, which prints the public key of the installation's audit log, `gatehouse log checkpoint`, which
// prints its last signed checkpoint, `gatehouse log export [--without-values]`, which writes what is sealed of it to standard
// output, `gatehouse log prove KIND ID`, which writes a receipt of the entries about one thing, and `gatehouse log growth FILE…`,
// which writes one that shows that the log grew from checkpoints that were kept.
func runLog(ctx context.Context, args []string, stdio stdio) error {
	if len(args) == 0 || !slices.Contains([]string{"key", "checkpoint", "export", "prove", "growth"}, args[0]) {
		return usagef("log: log key prints the public key of the audit log; log checkpoint prints its last checkpoint, for somebody to keep;\n" +
			"log export [--without-values] writes the log to standard output, for gatehouse verify;\n" +
			"log prove KIND ID writes a receipt that the entries about one thing, such as evidence, are in the log;\n" +
			"log growth FILE… writes one that the log grew from the checkpoints in the files")
	}
	with, setup := audit.WithValues, []string{}
	for _, arg := range args[1:] {
		if args[0] == "export" && (arg == "--without-values" || arg == "-without-values") {
			with = audit.EntriesOnly
			continue
		}
		setup = append(setup, arg)
	}
	return withInstallation(ctx, "log "+args[0], setup, stdio, func(a *app.App, rest []string) error {
		if args[0] == "prove" || args[0] == "growth" {
			return writeReceipt(ctx, a, args[0], rest, stdio)
		}
		if err := noArguments("log "+args[0], rest); err != nil {
			return err
		}
		if args[0] == "key" {
			printf(stdio.out, "%s\n", a.Features.Sealer.Key())
			return nil
		}
		if err := a.Features.Sealer.SealNow(ctx); err != nil { // no server may run, or it may be behind
			return err
		}
		if args[0] == "checkpoint" {
			signed, err := a.Features.Sealer.Checkpoint(ctx)
			if err == nil && signed == "" {
				err = errors.New("the log has no entry yet, so there is no checkpoint")
			}
			printf(stdio.out, "%s", signed)
			return err
		}
		return a.Features.Sealer.Export(ctx, stdio.out, with)
	})
}

// writeReceipt is `gatehouse log prove` and `gatehouse log growth`.
func writeReceipt(ctx context.Context, a *app.App, what string, rest []string, stdio stdio) error {
	if what == "prove" && len(rest) != 2 {
		return usagef("log prove: log prove KIND ID, such as log prove evidence 0192f0c1-…")
	}
	if what == "growth" && len(rest) == 0 {
		return usagef("log growth: name the files of the checkpoints that were kept")
	}
	if err := a.Features.Sealer.SealNow(ctx); err != nil {
		return err
	}
	if what == "prove" {
		return a.Features.Sealer.Receipt(ctx, authz.System("command line"), rest[0], rest[1], stdio.out)
	}
	var kept []string
	for _, name := range rest {
		signed, err := readCheckpoint(name)
		if err != nil {
			return err
		}
		kept = append(kept, signed)
	}
	return a.Features.Sealer.Growth(ctx, kept, stdio.out)
}

// readCheckpoint reads a checkpoint that somebody kept. What went through a mail may have other line ends; what counts is the
// signature over the text.
func readCheckpoint(name string) (string, error) {
	signed, err := os.ReadFile(name)
	return strings.TrimRight(strings.ReplaceAll(string(signed), "\r\n", "\n"), "\n") + "\n", err
}

// runVerify is `gatehouse verify --key KEY [--checkpoint FILE] FILE`, of a bundle or a receipt: it needs no installation. Without a
// file it reads standard input.
func runVerify(_ context.Context, args []string, stdio stdio) error {
	flags := flag.NewFlagSet("gatehouse verify", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	key := flags.String("key", "", "public key of the log, as gatehouse log key printed it; not from where the bundle comes from")
	var kept, names []string
	flags.Func("checkpoint", "file of a checkpoint that somebody kept, which the log must have grown from; may be given several times", func(name string) error {
		signed, err := readCheckpoint(name)
		kept, names = append(kept, signed), append(names, name)
		return err
	})
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return exitError{code: exitUsage}
	}
	if *key == "" || flags.NArg() > 1 {
		return usagef("verify: verify --key KEY [--checkpoint FILE] [FILE] reads a file that gatehouse log export, prove or growth wrote, or a receipt from a page")
	}
	for i, signed := range kept {
		if _, err := proof.Opened(signed, *key); err != nil {
			return fmt.Errorf("%s: %w", names[i], err)
		}
	}
	in := stdio.in
	if flags.NArg() == 1 {
		file, err := os.Open(flags.Arg(0))
		if err != nil {
			return usagef("verify: %v", err)
		}
		defer file.Close()
		in = file
	}
	buffered := bufio.NewReaderSize(in, 1<<16)
	if start, _ := buffered.Peek(64); proof.IsReceipt(start) {
		return verifyReceipt(buffered, *key, kept, stdio)
	}
	report, err := proof.Verify(buffered, *key, kept...)
	if err != nil {
		return err
	}
	printf(stdio.out, "%s: %d entries hold, under %d checkpoints.\n", report.Origin, report.Entries, report.Checkpoints)
	if report.Kept > 0 {
		printf(stdio.out, "The log grew from what was kept: %d of %d checkpoints hold.\n", report.Kept, len(kept))
	}
	if report.Values == 0 && report.Erased > 0 {
		printf(stdio.out, "The bundle holds entries alone: none of the %d values beside them.\n", report.Erased)
		return nil
	}
	printf(stdio.out, "%d values are what was written; %d are not there, since they were erased.\n", report.Values, report.Erased)
	return nil
}

// verifyReceipt says what a receipt proves, entry by entry.
func verifyReceipt(in io.Reader, key string, kept []string, stdio stdio) error {
	report, err := proof.VerifyReceipt(in, key, kept...)
	if err != nil {
		return err
	}
	printf(stdio.out, "%s: %d of %d entries shown, and they hold.\n", report.Origin, len(report.Entries), report.Size)
	for _, e := range report.Entries {
		by := e.ActorLabel
		if e.ActorID != nil {
			by = e.ActorKind + " " + *e.ActorID
		}
		printf(stdio.out, "  %s  %s  %s %s  by %s\n", e.At.Format("2006-01-02 15:04:05 UTC"), e.Action, e.SubjectKind, e.SubjectID, by)
	}
	for _, size := range report.Grew {
		printf(stdio.out, "The log grew from what it was at %d entries.\n", size)
	}
	if report.Kept > 0 {
		printf(stdio.out, "%d checkpoints that were kept hold.\n", report.Kept)
	}
	return nil
}
