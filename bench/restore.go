package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/app"
	"gatehouse/internal/backup"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/seed"
)

// restore is the drill: it loses an installation of many people and much evidence and puts it back from a backup, on private
// databases as durable as in earnest, and compares the two.
func (b *bench) restore(ctx context.Context) (err error) {
	dir := filepath.Join(b.plan.data, "drill")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	lost, err := b.drillInstallation(ctx, filepath.Join(dir, "lost"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lost.Close()) }()
	folder := filepath.Join(dir, "backups")
	var report backup.Report
	took, err := timed(func() (err error) { report, err = lost.Backup(ctx, folder, backup.Options{Tell: tell}); return err })
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d people, %d rows, %d files of %s", b.people, report.Rows, report.Files, evidence.Size(report.Bytes))
	b.rows = append(b.rows, row{what: "first backup", measured: took.Seconds(), unit: "s", only: true, detail: what})
	if took, err = timed(func() (err error) {
		report, err = lost.Backup(ctx, folder, backup.Options{Keep: 1, Tell: tell})
		return err
	}); err != nil {
		return err
	}
	b.rows = append(b.rows, row{what: "second backup", measured: took.Seconds(), unit: "s", only: true,
		detail: fmt.Sprintf("%d of %d files copied", report.Copied, report.Files)})
	return b.putBack(ctx, lost, folder, filepath.Join(dir, "restored"))
}

// drillInstallation makes the installation that is lost.
func (b *bench) drillInstallation(ctx context.Context, dir string) (*app.App, error) {
	a, err := app.Open(ctx, config.Config{Data: dir, MaxUpload: 1 << 30}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	_, err = seed.Run(ctx, a.DatabaseURL(), a.Keys, a.Features.Catalogue, seed.Plan{Candidates: b.people, Signals: b.people, Seed: 1,
		Now: a.DB.Now(), Password: "gatehouse-synthetic", Tell: func(what string) { tell("making people: " + what) }})
	if err == nil {
		err = collect(ctx, a, b.evidence)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// wav is how a recording begins, by which its kind is known.
const wav = "RIFF\xff\xff\xff\x7fWAVEfmt "

// collect adds files of one to eight MiB that nothing can compress, until they come to so many bytes.
func collect(ctx context.Context, a *app.App, total int64) error {
	rows, _ := a.DB.Pool().Query(ctx, `SELECT id::text FROM people ORDER BY number LIMIT 1000`)
	people, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	noise := rand.NewChaCha8([32]byte{1})
	for n := 0; total > 0; n++ {
		size := min(total, int64(1+n%8)<<20)
		total -= size
		if n%100 == 0 {
			tell(fmt.Sprintf("collecting evidence: %s to go", evidence.Size(total)))
		}
		about := evidence.Add{PersonID: people[n%len(people)], Kind: "recording-ref", Title: fmt.Sprint("Recording ", n)}
		if _, err := a.Features.Evidence.AddFile(ctx, authz.System("bench"), about, "recording.wav",
			io.MultiReader(strings.NewReader(wav), io.LimitReader(noise, size-int64(len(wav))))); err != nil {
			return err
		}
	}
	return nil
}

// putBack restores the backup into another folder and compares every row and every file with what was lost.
func (b *bench) putBack(ctx context.Context, lost *app.App, folder, dir string) (err error) {
	key, err := os.ReadFile(filepath.Join(lost.Config.Data, "master.key"))
	if err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "master.key"), key, 0o600)); err != nil {
		return err
	}
	restored, err := app.Prepare(ctx, config.Config{Data: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restored.Close()) }()
	took, err := timed(func() error { _, err := restored.Restore(ctx, folder, "", tell); return err })
	if err != nil {
		return err
	}
	b.rows = append(b.rows, row{what: "restore, verified", measured: took.Seconds(), unit: "s", only: true, detail: "rows, the audit log, every item of evidence"})
	different, compared, err := differences(ctx, lost, restored)
	b.rows = append(b.rows, row{what: "tables and files that differ after it", measured: float64(different), bar: 0, atMost: true,
		detail: fmt.Sprintf("%d compared byte by byte", compared)})
	return err
}

// differences counts what is not the same in two installations, but for the two tables in which backing up and putting back
// leave a trace themselves.
func differences(ctx context.Context, a, b *app.App) (different, compared int, err error) {
	var prints [2]map[string]string
	for i, one := range []*app.App{a, b} {
		tell("comparing")
		if prints[i], err = backup.Fingerprints(ctx, one.DB); err != nil {
			return 0, 0, err
		}
		maps.DeleteFunc(prints[i], func(table, _ string) bool { return table == "audit_entries" || table == "installation" })
		if err := hashFiles(ctx, one, prints[i]); err != nil {
			return 0, 0, err
		}
	}
	for name, one := range prints[0] {
		if prints[1][name] != one {
			different++
			tell("differs: " + name)
		}
	}
	return different + max(0, len(prints[1])-len(prints[0])), len(prints[0]), nil
}

// hashFiles adds the hash of each file of evidence, as it is stored.
func hashFiles(ctx context.Context, a *app.App, into map[string]string) error {
	return a.Blobs.Older(ctx, time.Now().Add(time.Hour), func(key string) error {
		r, err := a.Blobs.Get(ctx, key)
		if err != nil {
			return err
		}
		defer r.Close()
		hash := sha256.New()
		if _, err := io.Copy(hash, r); err != nil {
			return err
		}
		into["file "+key] = string(hash.Sum(nil))
		return nil
	})
}

func timed(do func() error) (time.Duration, error) {
	began := time.Now()
	err := do()
	return time.Since(began), err
}

func tell(what string) { fmt.Fprintln(os.Stderr, "drill:", what) }
