package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse/internal/app"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/seal"
)

// runKeys is `gatehouse keys list`, `gatehouse keys rotate` and `gatehouse keys rotate --root`.
func runKeys(ctx context.Context, args []string, stdio stdio) error {
	if len(args) > 0 {
		switch args[0] {
		case "list":
			return listKeys(ctx, args[1:], stdio)
		case "rotate":
			return rotateKeys(ctx, args[1:], stdio)
		}
	}
	return usagef("keys: what it does is\n" +
		"  keys list                      the installation's keys, and the root key that wraps them\n" +
		"  keys rotate [--grace 30s]      a new key, and everything moved under it; running servers go on\n" +
		"  keys rotate --root             the same keys under another root key: GATEHOUSE_NEW_MASTER_KEY,\n" +
		"                                 GATEHOUSE_NEW_MASTER_KEY_FILE or GATEHOUSE_NEW_KMS_COMMAND")
}

func listKeys(ctx context.Context, args []string, stdio stdio) error {
	return withInstallation(ctx, "keys list", args, stdio, func(a *app.App, rest []string) error {
		if err := noArguments("keys list", rest); err != nil {
			return err
		}
		all, err := a.Keystore().Generations(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(stdio.out, 0, 0, 2, ' ', 0)
		fmt.Fprint(table, "generation\tkey\troot key\tmade\tstate\n")
		for _, g := range all {
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", g.Number, g.KeyID, g.RootID, g.MadeAt.UTC().Format(time.DateTime), keyState(g))
		}
		return table.Flush()
	})
}

func keyState(g keystore.Generation) string {
	var is []string
	switch {
	case g.Seals && g.RotatedAt == nil:
		is = append(is, "seals; the rotation is not finished: gatehouse keys rotate")
	case g.Seals:
		is = append(is, "seals")
	case g.RetiredAt != nil:
		is = append(is, "retired")
	case g.RotatedAt == nil:
		is = append(is, "not in use yet")
	}
	if g.Number == 1 {
		is = append(is, "derives hashes and the log's signature")
	}
	if len(is) == 0 {
		return "opens what it sealed"
	}
	return strings.Join(is, ", ")
}

func rotateKeys(ctx context.Context, args []string, stdio stdio) error {
	root, args := takeFlag(args, "root")
	mine, setup := splitOwn(args, "grace")
	flags := flag.NewFlagSet("gatehouse keys rotate", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	flags.Bool("root", false, "wrap the same keys under another root key instead: see the GATEHOUSE_NEW_… variables")
	grace := flags.Duration("grace", keystore.Grace, "time for running servers to learn of the new key; 0s where none runs")
	if helped("keys rotate", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	if *grace < 0 || *grace > time.Hour {
		return usagef("keys rotate: --grace is a time up to an hour, such as 30s")
	}
	if root {
		return changeRoot(ctx, setup, stdio)
	}
	return withInstallation(ctx, "keys rotate", setup, stdio, func(a *app.App, rest []string) error {
		if err := noArguments("keys rotate", rest); err != nil {
			return err
		}
		r, err := a.Keystore().Rotate(ctx, authz.System("cli"), a.Sealed(), *grace, &progress{w: stdio.err})
		if err != nil {
			return fmt.Errorf("%w\nWhat was moved stays moved; run gatehouse keys rotate again to go on", err)
		}
		return reportRotation(r, stdio)
	})
}

// takeFlag takes a flag without a value out of args.
func takeFlag(args []string, name string) (given bool, rest []string) {
	for _, arg := range args {
		if arg == "--"+name || arg == "-"+name {
			given = true
			continue
		}
		rest = append(rest, arg)
	}
	return given, rest
}

// progress tells of a rotation on standard error.
type progress struct {
	w    io.Writer
	told string // what was told last: a table and its share that was moved
}

func (p *progress) Begun(g keystore.Generation, resumed bool, wait time.Duration) {
	word := "made"
	if resumed {
		word = "taken up again"
	}
	printf(p.w, "Key %s, generation %d, %s.\n", g.KeyID, g.Number, word)
	if wait > 0 {
		printf(p.w, "Running servers have %s to learn of it.\n", wait.Round(time.Second))
	}
}

// Moving tells of every twentieth part of a table.
func (p *progress) Moving(table string, moved, of int) {
	if step := fmt.Sprint(table, 20*moved/max(of, 1)); step != p.told {
		printf(p.w, "%s: %d of %d\n", table, moved, of)
		p.told = step
	}
}

func reportRotation(r keystore.Rotation, stdio stdio) error {
	if len(r.Damaged) > 0 {
		more := ""
		if r.More {
			more = " and others"
		}
		return fmt.Errorf("these rows could not be opened, so older keys are not retired: %s%s", strings.Join(r.Damaged, ", "), more)
	}
	printf(stdio.out, "Everything is under key %s now, generation %d.\n", r.Generation.KeyID, r.Generation.Number)
	for _, id := range r.Retired {
		printf(stdio.out, "Nothing needs key %s any more.\n", id)
	}
	return nil
}

// changeRoot is `gatehouse keys rotate --root`.
func changeRoot(ctx context.Context, setup []string, stdio stdio) error {
	cfg, _, err := load("keys rotate", setup, stdio)
	if err != nil {
		return err
	}
	other, err := seal.FindRoot(app.NewKeySource(cfg))
	switch {
	case errors.Is(err, seal.ErrNoRoot):
		return usagef("keys rotate --root: say which root key is to come, by GATEHOUSE_NEW_MASTER_KEY, GATEHOUSE_NEW_MASTER_KEY_FILE or GATEHOUSE_NEW_KMS_COMMAND")
	case err != nil:
		return fmt.Errorf("the root key to come: %w", err)
	}
	changed := 0
	err = withInstallation(ctx, "keys rotate", setup, stdio, func(a *app.App, rest []string) (err error) {
		if err := noArguments("keys rotate --root", rest); err != nil {
			return err
		}
		changed, err = a.Keystore().ChangeRoot(ctx, authz.System("cli"), other)
		return err
	})
	var needs *keystore.RootError
	if errors.As(err, &needs) && needs.Wanted == other.ID() {
		err = nil // an earlier run did it
	}
	if err != nil {
		return err
	}
	if changed == 0 {
		printf(stdio.out, "The keys are wrapped by the root key %s already.\n", other.ID())
	} else {
		printf(stdio.out, "%d keys are wrapped by the root key %s now.\n", changed, other.ID())
	}
	printf(stdio.out, "%s\nServers that run go on with the keys they hold. Restart them with the new setting before the next keys rotate: they could not learn\n"+
		"a newer key. Keep the old root key as long as backups from before are kept.\n", nextSetting(cfg))
	return nil
}

// nextSetting says which variable has to change.
func nextSetting(cfg config.Config) string {
	to := "GATEHOUSE_MASTER_KEY to the value of GATEHOUSE_NEW_MASTER_KEY"
	switch {
	case cfg.NewKMSCommand != "":
		to = "GATEHOUSE_KMS_COMMAND to the value of GATEHOUSE_NEW_KMS_COMMAND"
	case cfg.NewMasterKeyFile != "":
		to = "GATEHOUSE_MASTER_KEY_FILE to the value of GATEHOUSE_NEW_MASTER_KEY_FILE"
	}
	return "From the next start on, set " + to + ", and none of the other two."
}
