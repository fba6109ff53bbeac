// Command gatehouse runs the Gatehouse web application and its tools.
//
// Each subcommand lives in a file of its own and is listed in commands. It gets
// its arguments and streams handed in, so that tests run it as the shell would.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// stdio is where a subcommand reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// command is one subcommand.
type command struct {
	name, short string
	run         func(ctx context.Context, args []string, stdio stdio) error
}

// commands lists the subcommands in the order the usage text shows them.
var commands = []command{
	{"demo", "start with invented people on a private database: nothing to set up", runDemo},
	{"assess", "weigh scenarios from files, without a database", runAssess},
	{"serve", "run the web server", runServe},
	{"migrate", "bring the database up to date", runMigrate},
	{"user", "add a user, or reset a lost second factor", runUser},
	{"token", "create an API token", runToken},
	{"keys", "list the installation's keys, or rotate them", runKeys},
	{"health", "ask the server on this machine whether it serves", runHealth},
	{"seed", "fill an empty installation with synthetic data, for measuring", runSeed},
	{"log", "print the audit log's public key, or export it", runLog},
	{"verify", "check an exported audit log, without an installation", runVerify},
	{"backup", "copy the installation into a folder, beside a running server", runBackup},
	{"restore", "put a backup back where nothing is, and verify it", runRestore},
	{"doctor", "say what is configured, what is missing, and what it costs", runDoctor},
	{"framework", "print the embedded framework", runFramework},
}

// Exit codes: 1 says that the command ran and its result is a failure or that it
// broke; 2 says that what it was given makes no sense.
const (
	exitFailed = 1
	exitUsage  = 2
)

// exitError is an error that chooses the exit code. A nil err ends the program
// without a message, for commands whose output has already said it.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// usagef is an error about the arguments or the input.
func usagef(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who asks a second time waits for nothing
	code := dispatch(ctx, os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// dispatch runs the subcommand named first and returns the exit code.
func dispatch(ctx context.Context, args []string, stdio stdio) int {
	if len(args) == 0 {
		usage(stdio.err)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(stdio.out)
		return 0
	}
	for _, c := range commands {
		if c.name == args[0] {
			return exitCode(c.run(ctx, args[1:], stdio), stdio.err)
		}
	}
	fmt.Fprintf(stdio.err, "gatehouse: no such command %q\n\n", args[0])
	usage(stdio.err)
	return exitUsage
}

func exitCode(err error, w io.Writer) int {
	if err == nil {
		return 0
	}
	var exit exitError
	if !errors.As(err, &exit) {
		exit = exitError{exitFailed, err}
	}
	if exit.err != nil {
		fmt.Fprintf(w, "gatehouse: %v\n", err)
	}
	return exit.code
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Usage: gatehouse <command> [arguments]\n\nCommands:\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, "\nRun gatehouse <command> -h for its arguments.\n")
}
