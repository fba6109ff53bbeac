package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/demo"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/localdb"
)

// ordinaryCandidates are how many candidates the demo has beside its stories.
const ordinaryCandidates = 200

// runDemo is `gatehouse demo`: a whole installation with invented people, on a private database of its own.
func runDemo(ctx context.Context, args []string, stdio stdio) error {
	began := time.Now()
	mine, setup := splitOwn(args, "candidates")
	flags := flag.NewFlagSet("gatehouse demo", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	ordinary := flags.Int("candidates", ordinaryCandidates, "how many candidates there are beside the stories")
	if helped("demo", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	cfg, rest, err := load("demo", setup, stdio)
	if err != nil {
		return err
	}
	if err := noArguments("demo", rest); err != nil {
		return err
	}
	if cfg, err = demoConfig(cfg); err != nil {
		return err
	}
	log := logger(cfg, stdio.err, slog.LevelWarn)
	a, err := openDemo(ctx, cfg, log, stdio)
	if err != nil {
		return err
	}
	return errors.Join(serveDemo(ctx, a, *ordinary, began, stdio), a.Close())
}

// demoConfig keeps the demo away from a real installation: its folder is its own, and it never uses a database that
// is set up for another purpose.
func demoConfig(cfg config.Config) (config.Config, error) {
	cfg.DatabaseURL, cfg.MasterKey, cfg.MasterKeyFile = "", "", ""
	if cfg.Data == localdb.DefaultDir(os.Getenv, os.Geteuid()) {
		cfg.Data = filepath.Join(cfg.Data, "demo")
	}
	abs, err := filepath.Abs(cfg.Data)
	cfg.Data = abs
	return cfg, err
}

// openDemo opens the demo's installation. One whose filling was interrupted is emptied and opened anew.
func openDemo(ctx context.Context, cfg config.Config, log *slog.Logger, stdio stdio) (*app.App, error) {
	printf(stdio.err, "Starting a private PostgreSQL in %s\n", cfg.Data)
	a, err := open(ctx, cfg, log, stdio)
	if err != nil {
		return nil, err
	}
	state, err := demo.StateOf(ctx, a.DB)
	switch {
	case err != nil:
		return nil, errors.Join(err, a.Close())
	case state == demo.Foreign:
		return nil, errors.Join(demo.ErrForeign, a.Close())
	case state != demo.Interrupted:
		return a, nil
	}
	printf(stdio.err, "The demo data was left half made by an earlier start. Making it anew.\n")
	if err := errors.Join(demo.Wipe(ctx, a.DB), a.Close()); err != nil {
		return nil, err
	}
	return open(ctx, cfg, log, stdio)
}

// serveDemo fills the demo, if that was not done before, and answers until ctx ends.
func serveDemo(ctx context.Context, a *app.App, ordinary int, began time.Time, stdio stdio) error {
	first, err := fillDemo(ctx, a, ordinary, stdio)
	if err != nil {
		return err
	}
	l, err := app.Listen(a.Config.Addr)
	if err != nil {
		return err
	}
	took := time.Since(began).Round(10 * time.Millisecond)
	printf(stdio.out, "\nGatehouse answers at %s://%s  (%s after %s; Ctrl-C ends it)\n\n", a.Config.Scheme(), l.Addr(), first, took)
	printLogins(stdio.out)
	return a.Serve(ctx, l)
}

// fillDemo makes the demo data where it is missing, and says which kind of start this is.
func fillDemo(ctx context.Context, a *app.App, ordinary int, stdio stdio) (string, error) {
	state, err := demo.StateOf(ctx, a.DB)
	if err != nil {
		return "", err
	}
	if state == demo.Filled {
		return "warm start", demo.Refresh(ctx, a)
	}
	err = demo.Fill(ctx, a, demo.Plan{Ordinary: ordinary, Now: a.DB.Now(),
		Tell: func(what string) { printf(stdio.err, "Making demo data: %s\n", what) }})
	if ctx.Err() != nil {
		return "", errors.New("stopped while the demo data was being made; the next start makes it anew")
	}
	return "cold start", err
}

// printLogins shows one login per role, all with the same password.
func printLogins(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "Role\tE-mail\tName\tPassword")
	for _, l := range demo.Logins() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", l.Role.Title(), l.Email, l.Name, demo.Password)
	}
	if err := table.Flush(); err != nil {
		printf(w, "%v\n", err)
	}
	printf(w, "\nEverything and everybody in it is invented.\n")
}
