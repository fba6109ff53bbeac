package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"gatehouse/internal/app"
	"gatehouse/internal/audit"
	"gatehouse/internal/audit/proof"
)

// runLog is `gatehouse log key`, which prints the public key of the installation's audit log, `gatehouse log checkpoint`, which
// prints its last signed checkpoint, and `gatehouse log export [--without-values]`, which writes what is sealed of it to
// standard output.
func runLog(ctx context.Context, args []string, stdio stdio) error {
	if len(args) == 0 || !slices.Contains([]string{"key", "checkpoint", "export"}, args[0]) {
		return usagef("log: log key prints the public key of the audit log; log checkpoint prints its last checkpoint, for somebody to keep;\n" +
			"log export [--without-values] writes the log to standard output, for gatehouse verify")
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
		if err := noArguments("log "+args[0], rest); err != nil {
			return err
		}
		if args[0] == "key" {
			printf(stdio.out, "%s\n", a.Features.Sealer.Key())
			return nil
		}
		if err := a.Features.Sealer.SealAll(ctx); err != nil { // no server may run, or it may be behind
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

// runVerify is `gatehouse verify --key KEY [--checkpoint FILE] FILE`: it needs no installation. Without a file it reads
// standard input.
func runVerify(_ context.Context, args []string, stdio stdio) error {
	flags := flag.NewFlagSet("gatehouse verify", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	key := flags.String("key", "", "public key of the log, as gatehouse log key printed it; not from where the bundle comes from")
	var kept, names []string
	flags.Func("checkpoint", "file of a checkpoint that somebody kept, which the log must have grown from; may be given several times", func(name string) error {
		signed, err := os.ReadFile(name)
		// What went through a mail may have other line ends. What counts is the signature over the text.
		kept, names = append(kept, strings.TrimRight(strings.ReplaceAll(string(signed), "\r\n", "\n"), "\n")+"\n"), append(names, name)
		return err
	})
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return exitError{code: exitUsage}
	}
	if *key == "" || flags.NArg() > 1 {
		return usagef("verify: verify --key KEY [--checkpoint FILE] [FILE] reads a file that gatehouse log export wrote")
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
	report, err := proof.Verify(in, *key, kept...)
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
