package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// Disk keeps blobs as files below one folder, two levels deep:
//
//	3f/a0/0192f0c1-…   a blob, under the first bytes of its key's SHA-256
//	incoming/…         what is being written
//
// Keys begin with a time, so their own first letters would fill one folder.
// The folder's file system must have hard links.
type Disk struct {
	root *os.Root
}

const (
	incoming = "incoming"
	// abandoned is the age at which a file in incoming belongs to a process
	// that died: no upload takes as long.
	abandoned = 24 * time.Hour
)

// OpenDisk opens the store in a folder, making it if need be, and clears away
// what a crash left half-written.
func OpenDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	// Within an os.Root no name leads outside, not even through a symbolic
	// link that somebody planted.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	d := &Disk{root}
	if err := d.prepare(); err != nil {
		root.Close()
		return nil, fmt.Errorf("blob store: %w", err)
	}
	return d, nil
}

// Close lets go of the folder. Blobs that are open stay readable.
func (d *Disk) Close() error { return d.root.Close() }

func (d *Disk) prepare() error {
	if err := d.root.MkdirAll(incoming, 0o700); err != nil {
		return err
	}
	entries, err := fs.ReadDir(d.root.FS(), incoming)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < abandoned {
			continue
		}
		if err := d.root.Remove(path.Join(incoming, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Put implements Store. The file gets its name only once it is whole and on
// the disk; a hard link, unlike a rename, never replaces what has that name.
func (d *Disk) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	file, err := location(key)
	if err != nil {
		return 0, err
	}
	if _, err := d.root.Lstat(file); err == nil { // before taking the bytes in vain
		return 0, fmt.Errorf("blob %s: %w", key, ErrExists)
	}
	temp := path.Join(incoming, rand.Text())
	defer d.root.Remove(temp)
	size, err := d.write(temp, whileAlive{ctx, r})
	if err != nil {
		return 0, fmt.Errorf("blob %s: %w", key, err)
	}
	if err := d.publish(temp, file); err != nil {
		return 0, fmt.Errorf("blob %s: %w", key, err)
	}
	return size, nil
}

func (d *Disk) write(name string, r io.Reader) (int64, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	size, err := io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	return size, errors.Join(err, f.Close())
}

// publish gives a written file its name, and makes the name last.
func (d *Disk) publish(temp, file string) error {
	dir := path.Dir(file)
	if err := d.root.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := d.root.Link(temp, file); errors.Is(err, fs.ErrExist) {
		return ErrExists
	} else if err != nil {
		return err
	}
	// Each folder on the way may be new itself.
	for _, made := range []string{dir, path.Dir(dir), "."} {
		if err := d.sync(made); err != nil {
			return errors.Join(err, d.root.Remove(file))
		}
	}
	return nil
}

func (d *Disk) sync(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get implements Store.
func (d *Disk) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	file, err := location(key)
	if err != nil {
		return nil, err
	}
	f, err := d.root.Open(file)
	if err != nil {
		return nil, failure(key, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{whileAlive{ctx, f}, f}, nil
}

// Stat implements Store.
func (d *Disk) Stat(_ context.Context, key string) (Info, error) {
	file, err := location(key)
	if err != nil {
		return Info{}, err
	}
	info, err := d.root.Lstat(file)
	if err != nil {
		return Info{}, failure(key, err)
	}
	return Info{Size: info.Size()}, nil
}

// Delete implements Store.
func (d *Disk) Delete(_ context.Context, key string) error {
	file, err := location(key)
	if err != nil {
		return err
	}
	err = d.root.Remove(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = d.sync(path.Dir(file)) // so that no power cut brings it back
	}
	if err != nil {
		return failure(key, err)
	}
	return nil
}

// Older implements Store.
func (d *Disk) Older(ctx context.Context, than time.Time, each func(key string) error) error {
	return fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // deleted since its folder was read
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case e.IsDir() && name == incoming:
			return fs.SkipDir
		}
		if home, err := location(e.Name()); e.IsDir() || err != nil || home != name {
			return nil // a folder, or nothing that Put made
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !info.ModTime().Before(than) {
			return err
		}
		return each(e.Name())
	})
}

// location is the file of a key, within the root.
func location(key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(key))
	return path.Join(hex.EncodeToString(sum[:1]), hex.EncodeToString(sum[1:2]), key), nil
}

// failure names the key, and calls a missing file what it is to the store.
func failure(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	return fmt.Errorf("blob %s: %w", key, err)
}
