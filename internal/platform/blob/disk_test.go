package blob_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/blob/blobtest"
)

func open(t *testing.T, dir string) *blob.Disk {
	t.Helper()
	d, err := blob.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func put(t *testing.T, d *blob.Disk, key, content string) {
	t.Helper()
	if _, err := d.Put(t.Context(), key, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

// files are the regular files below dir, relative to it.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			found = append(found, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDiskKeepsTheContract(t *testing.T) {
	blobtest.Contract(t, func(t *testing.T) blob.Store {
		return open(t, filepath.Join(t.TempDir(), "new", "blobs"))
	})
}

func TestDiskFilesAreForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	put(t, open(t, dir), "a", "x")
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDiskLeavesNoFileOfAFailedPut(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	put(t, d, "a", "x")
	before := files(t, dir)
	half := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("gone")))
	if _, err := d.Put(t.Context(), "b", half); err == nil {
		t.Fatal("Put of a broken reader succeeded")
	}
	if _, err := d.Put(t.Context(), "a", strings.NewReader("y")); err == nil {
		t.Fatal("Put over a blob succeeded")
	}
	if after := files(t, dir); len(after) != len(before) {
		t.Errorf("files left: %v, want %v", after, before)
	}
}

func TestDiskOutlivesItsProcess(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), "a", "still here")
	r, err := open(t, dir).Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != "still here" {
		t.Errorf("read %q, %v", b, err)
	}
}

func TestOpenDiskClearsWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	old, fresh := filepath.Join(dir, "incoming", "OLD"), filepath.Join(dir, "incoming", "FRESH")
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if got := files(t, dir); len(got) != 1 || got[0] != "incoming/FRESH" {
		t.Errorf("files left: %v, want only the fresh one, which another process may be writing", got)
	}
}

func TestDiskFollowsNoLinkOutside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	d := open(t, dir)
	put(t, d, "a", "x")
	blobFile := filepath.Join(dir, files(t, dir)[0])
	secret := filepath.Join(outside, "secret")
	if err := errors.Join(os.WriteFile(secret, []byte("secret"), 0o600), os.Remove(blobFile), os.Symlink(secret, blobFile)); err != nil {
		t.Fatal(err)
	}
	if r, err := d.Get(t.Context(), "a"); err == nil {
		r.Close()
		t.Error("Get followed a link out of the store")
	}
	if _, err := d.Put(t.Context(), "a", strings.NewReader("y")); err == nil {
		t.Error("Put wrote through a link")
	}
	if b, _ := os.ReadFile(secret); string(b) != "secret" {
		t.Errorf("the file outside is now %q", b)
	}
}
