package main

import (
	"context"
	"flag"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/seed"
)

// seedPassword is that of every user of a synthetic installation, which holds nothing worth protecting.
const seedPassword = "gatehouse-synthetic"

// runSeed is `gatehouse seed --candidates N --signals M [--seed S]`: fill an empty installation with synthetic data.
func runSeed(ctx context.Context, args []string, stdio stdio) error {
	mine, setup := splitOwn(args, "candidates", "signals", "seed")
	flags := flag.NewFlagSet("gatehouse seed", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	candidates := flags.Int("candidates", 10_000, "how many people")
	signals := flags.Int("signals", 0, "how many signals, over twelve months")
	number := flags.Uint64("seed", 1, "the same number gives the same installation")
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	return withApp(ctx, "seed", setup, stdio, func(a *app.App, rest []string) error {
		if err := noArguments("seed", rest); err != nil {
			return err
		}
		result, err := seed.Run(ctx, a.DatabaseURL(), a.Keys, a.Features.Catalogue, seed.Plan{
			Candidates: *candidates, Signals: *signals, Seed: *number, Now: a.DB.Now(), Password: seedPassword,
			Tell: func(what string) { printf(stdio.err, "%s\n", what) },
		})
		if err != nil {
			return err
		}
		printf(stdio.out, "%d rows in %s (%.0f rows/s). Sign in as %s with the password %q.\n", result.Rows,
			result.Took.Round(time.Second), float64(result.Rows)/result.Took.Seconds(), result.Login, seedPassword)
		return nil
	})
}
