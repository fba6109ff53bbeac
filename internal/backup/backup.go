// Package backup copies a whole installation into a folder, and puts one back.
//
// A backup is what one snapshot of the database saw: its rows, and the files of the evidence that the rows name. Files are
// written once, so that all backups of a folder share them, and a later backup copies only what is new:
//
//	blobs/3f/a0/0192f0c1-…            files of evidence, as encrypted as they were: each under the key of its person
//	20261127T003315.000Z.database     the rows, encrypted under a key that is derived from the installation's
//	20261127T003315.000Z.files        which files belong to the backup, with size and SHA-256; encrypted likewise
//	20261127T003315.000Z.json         the manifest: the backup exists once this has its name
//
// The manifest holds the size and SHA-256 of the other two, and is itself authenticated. It says which key the backup needs;
// the key is not in it. Nothing of a backup can be changed without its restoring refusing it by name.
//
// Restore takes only an empty database. It puts the files back, then loads the rows and verifies everything in one
// transaction: an installation that was not put back whole is not there at all.
//
// The package owns no table and knows none: it asks the database which there are (catalogue.go).
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"gatehouse/internal/audit"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/db"
	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/seal"
)

// Last is what the database keeps the time of the last backup as.
const Last = "last_backup"

// Installation is what is backed up.
type Installation struct {
	DB      *db.DB
	Blobs   blob.Store
	Keys    *seal.Keyring
	Sealer  *audit.Sealer
	Version string // of the program
}

// Options say how a backup is made.
type Options struct {
	// Keep is how many backups stay in the folder, this one among them; 0 for all.
	Keep int
	// Tell is called with words on how far it is.
	Tell func(string)
}

// Report is what a backup holds, or what was put back.
type Report struct {
	Name string
	// Rows of all tables; Files of evidence, and how many of them were Copied.
	Rows, Files, Copied int64
	// Bytes of the files, and CopiedBytes of those that were copied.
	Bytes, CopiedBytes int64
	// Damaged are files that were altered or missing when the backup was made.
	Damaged []string
	// Removed is how many older backups were removed.
	Removed int
}

// Make makes a backup in a folder, beside a running server if need be, and notes that in the database.
func Make(ctx context.Context, in Installation, dir string, o Options) (Report, error) {
	f, err := openFolder(dir, in.Keys)
	if err != nil {
		return Report{}, err
	}
	defer f.close()
	if err := f.lock(); err != nil {
		return Report{}, err
	}
	if err := f.tidy(); err != nil {
		return Report{}, err
	}
	if err := in.Sealer.SealNow(ctx); err != nil { // the later the last checkpoint, the more it proves
		return Report{}, err
	}
	b := &making{Installation: in, folder: f, tell: newTeller(o.Tell)}
	defer b.tell.stop()
	if err := b.run(ctx); err != nil {
		return b.report, err
	}
	if o.Keep > 0 {
		if b.report.Removed, err = f.prune(ctx, o.Keep); err != nil {
			return b.report, fmt.Errorf("the backup is made, but older ones could not be removed: %w", err)
		}
	}
	return b.report, in.note(ctx, b.report, b.manifest.MadeAt)
}

// note records that a backup was made.
func (in Installation) note(ctx context.Context, r Report, at time.Time) error {
	return in.DB.Write(ctx, authz.System("backup"), func(tx *db.Tx) error {
		tx.Record(db.Entry{Action: "backup.made", SubjectKind: "system", SubjectID: "backup",
			Detail: map[string]any{"backup": r.Name, "rows": r.Rows, "files": r.Files, "damaged": len(r.Damaged)}})
		return tx.Note(ctx, Last, at.Format(time.RFC3339))
	})
}

// LastOf says when the last backup was made; the zero time when there was none.
func LastOf(ctx context.Context, d *db.DB) (time.Time, error) {
	kept, err := d.Recall(ctx, Last)
	if err != nil || kept == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, kept)
}

// making is one run of Make.
type making struct {
	Installation
	folder   *folder
	tell     *teller
	manifest Manifest
	report   Report
}

// run writes the parts under temporary names, gives them their names, and the manifest last.
func (b *making) run(ctx context.Context) error {
	at := b.DB.Now()
	b.manifest = Manifest{Format: format, Name: at.Format(nameForm), MadeAt: at, Version: b.Version}
	b.report.Name = b.manifest.Name
	var err error
	if b.manifest.Keys, err = keystore.WrappedOf(ctx, b.DB.Pool()); err != nil {
		return err
	}
	if n := len(b.manifest.Keys); n > 0 {
		b.manifest.Root = b.manifest.Keys[n-1].RootID
	}
	var items []file
	err = b.folder.write(b.manifest.Name, rowsPart, &b.manifest, func(w io.Writer) error {
		var err error
		items, err = b.dump(ctx, w)
		return err
	})
	if err != nil {
		return fmt.Errorf("backing up the database: %w", err)
	}
	if err := b.copyFiles(ctx, items); err != nil {
		return fmt.Errorf("backing up evidence: %w", err)
	}
	if err := b.folder.write(b.manifest.Name, filesPart, &b.manifest, func(w io.Writer) error { return writeFiles(w, items) }); err != nil {
		return fmt.Errorf("backing up evidence: %w", err)
	}
	b.manifest.Files, b.manifest.Bytes = b.report.Files, b.report.Bytes
	return b.folder.publish(b.manifest)
}

// folder is a folder of backups.
type folder struct {
	dir   string
	root  *os.Root
	keys  *seal.Keyring
	blobs *blob.Disk
	held  *os.File // the lock
}

func openFolder(dir string, keys *seal.Keyring) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	blobs, err := blob.OpenDisk(filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("backup folder: %w", err), root.Close())
	}
	return &folder{dir: dir, root: root, keys: keys, blobs: blobs}, nil
}

func (f *folder) close() {
	if f.held != nil {
		_ = f.held.Close() // the lock goes with it
	}
	_ = f.blobs.Close()
	_ = f.root.Close()
}

// lock keeps others from making or removing backups here for as long as the folder is open.
func (f *folder) lock() error {
	held, err := f.root.OpenFile("lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	f.held = held
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another backup is being made in %s: %w", f.dir, err)
	}
	return nil
}
