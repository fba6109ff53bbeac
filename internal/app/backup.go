package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"gatehouse/internal/audit"
	"gatehouse/internal/backup"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
	"gatehouse/web/admin"
)

// Backup makes a backup of the installation in a folder.
func (a *App) Backup(ctx context.Context, dir string, o backup.Options) (backup.Report, error) {
	return backup.Make(ctx, backup.Installation{DB: a.DB, Blobs: a.Blobs, Keys: a.Keys, Sealer: a.Features.Sealer, Version: Version}, dir, o)
}

// Prepare opens the place for an installation that is to be put back: its key, a database as it is, and the store of
// evidence. It has no features. The key must be there: a new one could read nothing of the backup.
func Prepare(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	if err := keyThere(cfg); err != nil {
		return nil, err
	}
	a := &App{Config: cfg, Log: log}
	if err := a.prepare(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func keyThere(cfg config.Config) error {
	if cfg.MasterKey != "" || cfg.MasterKeyFile != "" || cfg.KMSCommand != "" {
		return nil
	}
	file := filepath.Join(cfg.Data, "master.key")
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the installation's key is missing: put the one that the backup's manifest names in %s (mode 0600), or set GATEHOUSE_MASTER_KEY_FILE", file)
	}
	return nil
}

func (a *App) prepare(ctx context.Context) (err error) {
	if err := a.reach(ctx); err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, a.url); err != nil {
		return err
	}
	return a.openBlobs()
}

// Restore puts a backup of a folder back into the place that Prepare opened; the newest one if name is empty.
func (a *App) Restore(ctx context.Context, dir, name string, tell func(string)) (backup.Report, error) {
	root, err := seal.FindRoot(KeySource(a.Config))
	if err != nil {
		return backup.Report{}, err
	}
	return backup.Restore(ctx, backup.Target{DB: a.DB, URL: a.url, Blobs: a.Blobs, Root: root,
		Sealer: func(keys *seal.Keyring) *audit.Sealer { return newSealer(a.DB, keys) }}, dir, name, tell)
}

// staleBackup is the age at which a backup is none to rely on.
const staleBackup = 8 * 24 * time.Hour

// BackupState says how old the last backup is, in words, and whether that is fresh enough.
func BackupState(last, now time.Time) (words string, fresh bool) {
	age := now.Sub(last)
	switch days := int(age / (24 * time.Hour)); {
	case last.IsZero():
		return "no backup yet", false
	case age < time.Hour:
		words = "last backup within the hour"
	case age < 2*time.Hour:
		words = "last backup an hour ago"
	case days == 0:
		words = fmt.Sprintf("last backup %d hours ago", age/time.Hour)
	case days == 1:
		words = "last backup yesterday"
	default:
		words = fmt.Sprintf("last backup %d days ago", days)
	}
	return words, age < staleBackup
}

func (a *App) backupPart(ctx context.Context) admin.Part {
	p := admin.Part{Name: "Backups", Note: "Made with gatehouse backup, on the machine. Try putting one back now and then, and keep the key apart."}
	last, err := backup.LastOf(ctx, a.DB)
	if err != nil {
		p.State, p.Note = "Not known", "When the last backup was made could not be read."
		return p
	}
	p.State, p.Ready = BackupState(last, a.DB.Now())
	return p
}
