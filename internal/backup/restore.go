package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/audit"
	"gatehouse/internal/audit/proof"
	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/seal"
	"gatehouse/migrations"
)

// Target is where a backup is put back: a database and a store with nothing in them.
type Target struct {
	DB    *db.DB
	URL   string // of the database
	Blobs blob.Store
	// Root is the root key that wrapped the keys which the backup brings along.
	Root seal.Root
	// Sealer makes the sealer of the log that those keys sign.
	Sealer func(*seal.Keyring) *audit.Sealer
}

// Restore puts a backup of the folder back, the newest one if name is empty, and verifies it: every row against what was
// backed up, the audit log up to the checkpoint of the backup, and every item of evidence against its hash. The first thing
// that does not hold ends it, with a database as empty as before. It can be tried again: files that are there already are
// not copied again.
func Restore(ctx context.Context, to Target, dir, name string, tell func(string)) (Report, error) {
	if _, err := os.Stat(dir); err != nil {
		return Report{}, err
	}
	f, err := openFolder(dir, nil)
	if err != nil {
		return Report{}, err
	}
	defer f.close()
	if err := f.lock(); err != nil {
		return Report{}, err
	}
	r := &restoring{Target: to, folder: f, tell: newTeller(tell)}
	defer r.tell.stop()
	return r.report, r.run(ctx, name)
}

// restoring is one run of Restore.
type restoring struct {
	Target
	folder   *folder
	tell     *teller
	manifest Manifest
	report   Report
}

func (r *restoring) run(ctx context.Context, name string) error {
	if err := r.choose(ctx, name); err != nil {
		return err
	}
	if err := r.mayTake(ctx); err != nil {
		return err
	}
	for _, part := range []string{rowsPart, filesPart} {
		if err := r.folder.check(r.manifest, part); err != nil {
			return err
		}
	}
	var files []file
	if err := r.folder.readFiles(r.manifest, func(e file) error { files = append(files, e); return nil }); err != nil {
		return err
	}
	if err := r.onlyOurs(ctx, files); err != nil {
		return err
	}
	if err := r.putBack(ctx, files); err != nil {
		return err
	}
	if err := migrations.UpTo(ctx, r.URL, r.manifest.Schema); err != nil {
		return err
	}
	if err := pgx.BeginFunc(ctx, r.DB.Pool(), func(tx pgx.Tx) error { return r.fill(ctx, tx, files) }); err != nil {
		return err
	}
	return r.finish(ctx)
}

// choose finds the backup.
func (r *restoring) choose(ctx context.Context, name string) error {
	names, err := r.folder.names()
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		return fmt.Errorf("there is no backup in %s", r.folder.dir)
	case name == "":
		name = names[len(names)-1]
	case !slices.Contains(names, name):
		return fmt.Errorf("there is no backup %q in %s; there are %v", name, r.folder.dir, names)
	}
	r.report.Name = name
	if err := r.folder.unlock(ctx, name, r.Root); err != nil {
		return err
	}
	r.manifest, err = r.folder.manifest(name)
	return err
}

// mayTake refuses a database with anything in it, and a backup that is newer than this program.
func (r *restoring) mayTake(ctx context.Context) error {
	newest, err := migrations.Newest()
	if err != nil {
		return err
	}
	if r.manifest.Schema > newest {
		return fmt.Errorf("backup %s was made by Gatehouse %s, which is newer than this program: use that one", r.manifest.Name, r.manifest.Version)
	}
	return r.DB.Read(ctx, func(q db.Querier) error {
		if err := mustBeEmpty(ctx, q); err != nil {
			return err
		}
		v, err := version(ctx, q)
		if err == nil && v > r.manifest.Schema {
			err = &NotEmptyError{fmt.Sprintf("the database has the tables of version %d, the backup those of %d", v, r.manifest.Schema)}
		}
		return err
	})
}

// fill loads the rows and verifies all there is, within the transaction that makes it so.
func (r *restoring) fill(ctx context.Context, tx pgx.Tx, files []file) error {
	if err := mustBeEmpty(ctx, tx); err != nil { // once more: migrating took a while
		return err
	}
	l := &loading{tx: tx, tell: r.tell, prints: map[string]fingerprint{}}
	err := r.folder.read(r.manifest, rowsPart, func(in io.Reader) error {
		l.in = bufio.NewReaderSize(in, 256<<10)
		if err := l.load(ctx); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, l.in)
		return err
	})
	if err != nil {
		return err
	}
	r.report.Rows = l.rows
	if err := l.verify(ctx); err != nil {
		return err
	}
	if err := r.verifyLog(ctx, tx); err != nil {
		return fmt.Errorf("the audit log: %w", err)
	}
	return r.verifyEvidence(ctx, tx, files)
}

// verifyLog verifies the log as gatehouse verify does, values included. It must have grown from the backup's checkpoint.
func (r *restoring) verifyLog(ctx context.Context, q db.Querier) error {
	if r.manifest.Checkpoint == "" {
		return nil // nothing was sealed
	}
	r.tell.say("verifying the audit log")
	sealer := r.Sealer(r.folder.keys)
	bundle, out := io.Pipe()
	go func() { out.CloseWithError(sealer.ExportFrom(ctx, q, out, audit.WithValues)) }()
	defer bundle.CloseWithError(io.ErrClosedPipe)
	report, err := proof.Verify(bundle, sealer.Key(), r.manifest.Checkpoint)
	if err == nil && report.Kept != 1 {
		err = errors.New("it does not reach the checkpoint of the backup")
	}
	return err
}

// verifyEvidence reads every item through: the rows' texts and links, and the files where they were put back.
func (r *restoring) verifyEvidence(ctx context.Context, q db.Querier, files []file) error {
	excused := map[string]bool{}
	for _, f := range files {
		if f.Damaged || f.Missing {
			excused[f.Key] = true
			r.report.Damaged = append(r.report.Damaged, f.Key)
		}
	}
	var checked int64
	return evidence.EachKept(ctx, q, func(k evidence.Kept) error {
		if checked++; checked%1000 == 1 {
			r.tell.say("verifying evidence: item %d", checked)
		}
		if k.BlobKey != nil && excused[*k.BlobKey] {
			return nil
		}
		if err := k.Check(ctx, r.Blobs, r.folder.keys); err != nil {
			return fmt.Errorf("item of evidence %s: %w", k.ID, err)
		}
		return nil
	})
}

// finish brings the database up to this program and notes where it came from.
func (r *restoring) finish(ctx context.Context) error {
	r.tell.say("bringing the database up to date")
	if _, err := migrations.Up(ctx, r.URL); err != nil {
		return err
	}
	if _, err := r.DB.Pool().Exec(ctx, `ANALYZE`); err != nil {
		return err
	}
	return r.DB.Write(ctx, authz.System("backup"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "backup.restored", SubjectKind: "system", SubjectID: "backup",
			Detail: map[string]any{"backup": r.report.Name, "rows": r.report.Rows, "files": r.report.Files}})
		return nil
	})
}
