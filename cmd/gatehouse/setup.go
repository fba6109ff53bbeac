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

	"gatehouse/internal/app"
	"gatehouse/internal/platform/config"
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

// open opens the installation. Where there are no PostgreSQL programs it gets them first, and says so.
func open(ctx context.Context, cfg config.Config, log *slog.Logger, stdio stdio) (*app.App, error) {
	a, err := app.Open(ctx, cfg, log)
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
	return app.Open(ctx, cfg, log)
}

// logger writes the log to w as the configuration says.
func logger(cfg config.Config, w io.Writer, level slog.Level) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
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
