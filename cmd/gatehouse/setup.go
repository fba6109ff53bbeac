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
	"slices"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/localdb"
)

// load reads the configuration of a subcommand and fills in the default data folder.
func load(command string, args []string, stdio stdio) (config.Config, []string, error) {
	cfg, rest, err := config.Load(command, args, os.Getenv, stdio.err)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return cfg, nil, exitError{code: 0}
	case err != nil:
		return cfg, nil, usagef("%s: %w", command, err)
	}
	if cfg.Data == "" {
		cfg.Data = localdb.DefaultDir(os.Getenv, os.Geteuid())
	}
	if cfg.Data, err = filepath.Abs(cfg.Data); err != nil {
		return cfg, nil, err
	}
	return cfg, rest, nil
}

// helped prints the options of a subcommand that has some of its own beside the installation's, if args ask for it.
func helped(command string, own *flag.FlagSet, args []string, stdio stdio) bool {
	if !slices.ContainsFunc(args, func(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }) {
		return false
	}
	printf(stdio.err, "usage: gatehouse %s [options]\n\nits own options:\n", command)
	own.VisitAll(func(f *flag.Flag) {
		fallback := ""
		if f.DefValue != "" {
			fallback = " (default " + f.DefValue + ")"
		}
		printf(stdio.err, "%-20s %s%s\n", "  --"+f.Name, f.Usage, fallback)
	})
	printf(stdio.err, "\noptions of the installation, each also a variable:\n")
	config.PrintOptions(stdio.err)
	return true
}

// opener is app.Open or app.Join.
type opener func(context.Context, config.Config, *slog.Logger) (*app.App, error)

// open opens the installation for a server.
func open(ctx context.Context, cfg config.Config, log *slog.Logger, stdio stdio) (*app.App, error) {
	return openWith(ctx, app.Open, cfg, log, stdio)
}

// openWith opens the installation. Where there are no PostgreSQL programs it gets them first, and says so.
func openWith(ctx context.Context, open opener, cfg config.Config, log *slog.Logger, stdio stdio) (*app.App, error) {
	a, err := open(ctx, cfg, log)
	var missing *localdb.NotFoundError
	if !errors.As(err, &missing) {
		return a, err
	}
	if err := os.MkdirAll(cfg.Data, 0o711); err != nil {
		return nil, err
	}
	if fetchErr := localdb.Fetch(ctx, cfg.Data, stdio.err); fetchErr != nil {
		return nil, errors.Join(err, fetchErr)
	}
	return open(ctx, cfg, log)
}

// logger writes the log to w as the configuration says.
func logger(cfg config.Config, w io.Writer, level slog.Level) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: db.Redact}
	if cfg.LogJSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// noArguments refuses arguments that a subcommand does not take.
func noArguments(command string, rest []string) error {
	if len(rest) > 0 {
		return usagef("%s: unexpected %q", command, rest[0])
	}
	return nil
}

// printf writes to people; a broken terminal is nobody's to tell.
func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
