package main

import (
	"context"
	"errors"
	"log/slog"

	"gatehouse/internal/app"
)

// runServe is `gatehouse serve`: the web server until it is told to stop.
func runServe(ctx context.Context, args []string, stdio stdio) error {
	cfg, rest, err := load("serve", args, stdio)
	if err != nil {
		return err
	}
	if err := noArguments("serve", rest); err != nil {
		return err
	}
	a, err := open(ctx, cfg, logger(cfg, stdio.err, slog.LevelInfo), stdio)
	if err != nil {
		return err
	}
	l, err := app.Listen(cfg.Addr)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	printf(stdio.out, "Gatehouse answers at %s://%s (Ctrl-C ends it)\n", cfg.Scheme(), l.Addr())
	return errors.Join(a.Serve(ctx, l), a.Close())
}

// runMigrate is `gatehouse migrate`: bring the database up to date and end.
func runMigrate(ctx context.Context, args []string, stdio stdio) error {
	cfg, rest, err := load("migrate", args, stdio)
	if err != nil {
		return err
	}
	if err := noArguments("migrate", rest); err != nil {
		return err
	}
	a, err := open(ctx, cfg, logger(cfg, stdio.err, slog.LevelInfo), stdio)
	if err != nil {
		return err
	}
	printf(stdio.out, "The database is up to date.\n")
	return a.Close()
}
