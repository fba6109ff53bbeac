package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"

	"gatehouse/internal/app"
	"gatehouse/internal/backup"
	"gatehouse/internal/evidence"
)

// runBackup is `gatehouse backup [--keep N] FOLDER`.
func runBackup(ctx context.Context, args []string, stdio stdio) error {
	mine, setup := splitOwn(args, "keep")
	flags := flag.NewFlagSet("gatehouse backup", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	keep := flags.Int("keep", 0, "how many backups stay in the folder; older ones are removed (default: all stay)")
	if helped("backup FOLDER", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil || *keep < 0 {
		return exitError{code: exitUsage}
	}
	dir, setup, err := folderOf("backup", setup, stdio)
	if err != nil {
		return err
	}
	return withApp(ctx, "backup", setup, stdio, func(a *app.App, _ []string) error {
		report, err := a.Backup(ctx, dir, backup.Options{Keep: *keep, Tell: func(what string) { printf(stdio.err, "%s\n", what) }})
		if report.Name != "" && err == nil {
			printf(stdio.out, "Backup %s: %d rows and %d files (%s), %d of them new (%s).\n", report.Name, report.Rows, report.Files,
				evidence.Size(report.Bytes), report.Copied, evidence.Size(report.CopiedBytes))
			printf(stdio.out, "It needs the root key %s. Keep that apart from it.\n", a.Keystore().Root())
			sayRemoved(report.Removed, stdio)
			sayDamaged(report.Damaged, stdio)
		}
		return err
	})
}

// folderOf takes the one argument that is not an option out of args.
func folderOf(command string, args []string, stdio stdio) (dir string, setup []string, err error) {
	_, rest, err := load(command, args, stdio)
	if err != nil {
		return "", nil, err
	}
	if len(rest) != 1 || len(args) == 0 || args[len(args)-1] != rest[0] {
		return "", nil, usagef("%s: name one folder, after the options", command)
	}
	return rest[0], args[:len(args)-1], nil
}

func sayRemoved(n int, stdio stdio) {
	if n > 0 {
		printf(stdio.out, "Older backups removed: %d.\n", n)
	}
}

func sayDamaged(files []string, stdio stdio) {
	if len(files) > 0 {
		printf(stdio.err, "Altered or missing when the backup was made: %v\n", files)
	}
}

// runRestore is `gatehouse restore [--backup NAME] FOLDER`.
func runRestore(ctx context.Context, args []string, stdio stdio) error {
	mine, setup := splitOwn(args, "backup")
	flags := flag.NewFlagSet("gatehouse restore", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	name := flags.String("backup", "", "name of the backup (default: the newest)")
	if helped("restore FOLDER", flags, setup, stdio) {
		return nil
	}
	if err := flags.Parse(mine); err != nil {
		return exitError{code: exitUsage}
	}
	dir, setup, err := folderOf("restore", setup, stdio)
	if err != nil {
		return err
	}
	cfg, _, err := load("restore", setup, stdio)
	if err != nil {
		return err
	}
	a, err := openWith(ctx, app.Prepare, cfg, logger(cfg, stdio.err, slog.LevelWarn), stdio)
	if err != nil {
		return err
	}
	report, err := a.Restore(ctx, dir, *name, func(what string) { printf(stdio.err, "%s\n", what) })
	if err := errors.Join(err, a.Close()); err != nil {
		return fmt.Errorf("not restored: %w", err)
	}
	printf(stdio.out, "Backup %s is restored and verified: %d rows, the audit log up to its checkpoint, %d files of evidence (%s).\n",
		report.Name, report.Rows, report.Files, evidence.Size(report.Bytes))
	sayDamaged(report.Damaged, stdio)
	return nil
}
