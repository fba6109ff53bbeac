package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/blob"
)

// file is a file of evidence in a backup, as encrypted as it was.
type file struct {
	Key    string `json:"key"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Damaged says that it was altered when the backup was made, Missing that it was not there.
	Damaged bool `json:"damaged,omitempty"`
	Missing bool `json:"missing,omitempty"`

	kept evidence.Kept
}

// copiers is how many files are copied at a time: a bucket answers slowly and many at once.
const copiers = 4

// copyFiles copies the files that the folder does not have yet, reads each through there, and completes what is known of all.
func (b *making) copyFiles(ctx context.Context, items []file) error {
	known := b.folder.known()
	var done, copied, bytes, copiedBytes atomic.Int64
	stop := b.tell.every(func() string {
		return fmt.Sprintf("evidence: %d of %d files, %s copied", done.Load(), len(items), evidence.Size(copiedBytes.Load()))
	})
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(copiers)
	for i := range items {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			f := &items[i]
			isNew, err := b.copyFile(ctx, f, known)
			if err != nil {
				return fmt.Errorf("file %s: %w", f.Key, err)
			}
			done.Add(1)
			bytes.Add(f.Size)
			if isNew {
				copied.Add(1)
				copiedBytes.Add(f.Size)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, f := range items {
		if f.Damaged || f.Missing {
			b.report.Damaged = append(b.report.Damaged, f.Key)
		}
	}
	b.report.Files, b.report.Bytes = int64(len(items)), bytes.Load()
	b.report.Copied, b.report.CopiedBytes = copied.Load(), copiedBytes.Load()
	return nil
}

// copyFile completes what is known of a file, copying it where the folder lacks it. What an interrupted backup left is whole,
// but nobody has written down what it is: it is read through like a new one.
func (b *making) copyFile(ctx context.Context, f *file, known map[string]file) (isNew bool, err error) {
	was, there := known[f.Key]
	if info, err := b.folder.blobs.Stat(ctx, f.Key); there && err == nil && info.Size == was.Size && !was.Damaged {
		f.Size, f.SHA256 = was.Size, was.SHA256
		return false, nil
	}
	for try := 0; ; try++ {
		err := b.fetch(ctx, f)
		if errors.Is(err, blob.ErrNotFound) {
			f.Missing = true
			return false, nil
		}
		left := errors.Is(err, blob.ErrExists) // by an interrupted backup, or when it was damaged
		if err != nil && !left {
			return false, err
		}
		if f.Size, f.SHA256, err = hashed(ctx, b.folder.blobs, f.Key); err != nil {
			return false, err
		}
		switch err := f.kept.Check(ctx, b.folder.blobs, b.Keys); {
		case err == nil:
			return !left, nil
		case !evidence.Spoiled(err):
			return false, err
		case left && try == 0: // the store may hold a better one
			if err := b.folder.blobs.Delete(ctx, f.Key); err != nil {
				return false, err
			}
			continue
		}
		f.Damaged = true
		return true, nil
	}
}

func (b *making) fetch(ctx context.Context, f *file) error {
	r, err := b.Blobs.Get(ctx, f.Key)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = b.folder.blobs.Put(ctx, f.Key, r)
	return err
}

// hashed reads a file of a store through.
func hashed(ctx context.Context, s blob.Store, key string) (size int64, sum string, err error) {
	r, err := s.Get(ctx, key)
	if err != nil {
		return 0, "", err
	}
	defer r.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, r)
	return size, hex.EncodeToString(hash.Sum(nil)), err
}

// known are the files of the last backup. Without one that can be read, nothing is: then all files are read through.
func (f *folder) known() map[string]file {
	all := map[string]file{}
	names, err := f.names()
	if err != nil || len(names) == 0 {
		return all
	}
	m, err := f.manifest(names[len(names)-1])
	if err == nil {
		err = f.check(m, filesPart)
	}
	if err == nil {
		err = f.readFiles(m, func(e file) error { all[e.Key] = e; return nil })
	}
	if err != nil {
		return map[string]file{}
	}
	return all
}

func writeFiles(w io.Writer, items []file) error {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	for _, f := range items {
		if err := lines.Encode(f); err != nil {
			return err
		}
	}
	return out.Flush()
}

// readFiles calls each with the files of a backup.
func (f *folder) readFiles(m Manifest, each func(file) error) error {
	return f.read(m, filesPart, func(r io.Reader) error {
		lines := json.NewDecoder(r)
		for {
			var e file
			if err := lines.Decode(&e); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := each(e); err != nil {
				return err
			}
		}
	})
}

// putBack copies files of a backup into a store, and refuses one that is not what was backed up.
func (r *restoring) putBack(ctx context.Context, files []file) error {
	var done, bytes atomic.Int64
	stop := r.tell.every(func() string {
		return fmt.Sprintf("evidence: %d of %d files, %s", done.Load(), len(files), evidence.Size(bytes.Load()))
	})
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(copiers)
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if f.Missing {
				return nil
			}
			if err := r.putOne(ctx, f); err != nil {
				return err
			}
			done.Add(1)
			bytes.Add(f.Size)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.report.Files, r.report.Copied, r.report.Bytes = int64(len(files)), done.Load(), bytes.Load()
	return nil
}

// putOne puts a file back. The end of what is read is an error unless it is what was backed up, so that the store, which
// takes all or nothing, takes nothing else.
func (r *restoring) putOne(ctx context.Context, f file) error {
	in, err := r.folder.blobs.Get(ctx, f.Key)
	if err != nil {
		return fmt.Errorf("%s: %w", r.folder.path(f.Key), err)
	}
	defer in.Close()
	checked := &exactly{r: in, want: f, hash: sha256.New(), file: r.folder.path(f.Key)}
	_, err = r.Blobs.Put(ctx, f.Key, checked)
	if !errors.Is(err, blob.ErrExists) {
		return err
	}
	// An earlier try put it there, or so it seems. The one in the folder must be whole all the same.
	if _, err := io.Copy(io.Discard, checked); err != nil {
		return err
	}
	_, sum, err := hashed(ctx, r.Blobs, f.Key)
	if err == nil && sum != f.SHA256 {
		err = &NotEmptyError{"the store of evidence holds another file " + f.Key}
	}
	return err
}

// path is where the folder keeps a file, for people.
func (f *folder) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(f.dir, "blobs", hex.EncodeToString(sum[:1]), hex.EncodeToString(sum[1:2]), key)
}

// onlyOurs refuses a store that holds files that are not of the backup.
func (r *restoring) onlyOurs(ctx context.Context, files []file) error {
	ours := make(map[string]bool, len(files))
	for _, f := range files {
		ours[f.Key] = true
	}
	var once sync.Once
	var other error
	err := r.Blobs.Older(ctx, farAhead, func(key string) error {
		if !ours[key] {
			once.Do(func() { other = &NotEmptyError{"the store of evidence is not empty (it holds " + key + ")"} })
			return other
		}
		return nil
	})
	if other != nil {
		return other
	}
	return err
}
