package backup

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"gatehouse/internal/platform/keystore"
	"gatehouse/internal/platform/seal"
)

const (
	// format is that of all files of a backup; Restore reads this one.
	format = 1
	// nameForm is what backups are called: when they were made, so that the last name is the newest.
	nameForm = "20060102T150405.000Z"

	rowsPart  = "database"
	filesPart = "files"
	partial   = ".partial"
	manifests = ".json"
)

// Manifest describes a backup. It names neither people nor numbers of rows.
type Manifest struct {
	Format  int       `json:"gatehouse_backup"`
	Name    string    `json:"name"`
	MadeAt  time.Time `json:"made_at"`
	Version string    `json:"version"`
	// Root is the id of the root key that the backup needs, Keys are the installation's keys, wrapped by it.
	Root string             `json:"root_key"`
	Keys []keystore.Wrapped `json:"keys"`
	// Schema is the number of the last migration of the database.
	Schema int64 `json:"schema"`
	// Checkpoint is the log's last one, signed; empty when nothing was sealed.
	Checkpoint string `json:"checkpoint"`
	Files      int64  `json:"files"`
	Bytes      int64  `json:"bytes"`
	Parts      []Part `json:"parts"`
	// MAC authenticates the others under a key derived from the installation's first.
	MAC string `json:"mac"`
}

// Part is a file that belongs to one backup alone.
type Part struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// bytes is the one way to write a manifest.
func (m Manifest) bytes() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	return append(b, '\n'), err
}

func (m Manifest) sign(keys *seal.Keyring) (string, error) {
	m.MAC = ""
	b, err := m.bytes()
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, keys.Derive("backup manifest"))
	mac.Write(b)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// publish writes the manifest, which makes the backup exist.
func (f *folder) publish(m Manifest) error {
	var err error
	if m.MAC, err = m.sign(f.keys); err != nil {
		return err
	}
	content, err := m.bytes()
	if err != nil {
		return err
	}
	name := m.Name + manifests
	out, err := f.root.OpenFile(name+partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if err := f.sync(); err != nil { // the parts' names before the manifest's
		return err
	}
	if err := f.root.Rename(name+partial, name); err != nil {
		return err
	}
	return f.sync()
}

func (f *folder) sync() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// unlock opens the keys that a backup brings along, by the root key. What else the manifest says is not trusted before that.
func (f *folder) unlock(ctx context.Context, name string, root seal.Root) error {
	content, err := f.root.ReadFile(name + manifests)
	if err != nil {
		return fmt.Errorf("backup %s: %w", name, err)
	}
	file := filepath.Join(f.dir, name+manifests)
	var m Manifest
	if err := json.Unmarshal(content, &m); err != nil {
		return fmt.Errorf("%s was altered: it cannot be read", file)
	}
	var other *keystore.RootError
	f.keys, err = keystore.KeyringOf(ctx, root, m.Keys)
	switch {
	case errors.As(err, &other) && other.Wanted != other.Found:
		return fmt.Errorf("%s needs the root key %s, and the one here is %s: put the right one in its place", file, other.Wanted, other.Found)
	case err != nil:
		return fmt.Errorf("%s was altered: its keys cannot be opened: %w", file, err)
	}
	return nil
}

// manifest reads the manifest of a backup. What cannot be one, byte for byte, is refused.
func (f *folder) manifest(name string) (Manifest, error) {
	var m Manifest
	file := filepath.Join(f.dir, name+manifests)
	content, err := f.root.ReadFile(name + manifests)
	if err != nil {
		return m, fmt.Errorf("backup %s: %w", name, err)
	}
	bad := func(why string) (Manifest, error) { return Manifest{}, fmt.Errorf("%s %s", file, why) }
	if err := json.Unmarshal(content, &m); err != nil {
		return bad("was altered: it cannot be read")
	}
	if m.Format != format {
		return bad(fmt.Sprintf("is of format %d, and this program reads %d: use the Gatehouse that made it, or a newer one", m.Format, format))
	}
	again, err := m.bytes()
	if err != nil || !bytes.Equal(again, content) {
		return bad("was altered: it is written in another way")
	}
	if mac, err := m.sign(f.keys); err != nil || !hmac.Equal([]byte(mac), []byte(m.MAC)) || m.Name != name {
		return bad("was altered, or belongs to another backup")
	}
	return m, nil
}

// names lists the backups in the folder, the oldest first.
func (f *folder) names() ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), manifests); ok && isName(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func isName(s string) bool {
	_, err := time.Parse(nameForm, s)
	return err == nil
}

// tidy removes the parts of backups that were broken off.
func (f *folder) tidy() error {
	names, err := f.names()
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		stem := strings.TrimSuffix(e.Name(), partial)
		name := strings.TrimSuffix(stem, filepath.Ext(stem))
		if !isName(name) || slices.Contains(names, name) && stem == e.Name() {
			continue
		}
		if err := f.root.Remove(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// prune removes all but the newest backups, and the files that none of those needs. Backups that cannot be read are not
// counted: nobody would know which files they need.
func (f *folder) prune(ctx context.Context, keep int) (removed int, err error) {
	names, err := f.names()
	if err != nil || len(names) <= keep {
		return 0, err
	}
	needed := map[string]bool{}
	for _, name := range names[len(names)-keep:] {
		m, err := f.manifest(name)
		if err != nil {
			return 0, err
		}
		if err := f.readFiles(m, func(e file) error { needed[e.Key] = true; return nil }); err != nil {
			return 0, err
		}
	}
	for _, name := range names[:len(names)-keep] {
		for _, ending := range []string{manifests, "." + rowsPart, "." + filesPart} { // the manifest first: then it is none
			if err := f.root.Remove(name + ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, err
			}
		}
		removed++
	}
	return removed, f.blobs.Older(ctx, farAhead, func(key string) error {
		if needed[key] {
			return nil
		}
		return f.blobs.Delete(ctx, key)
	})
}

// farAhead is later than any file was written.
var farAhead = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// key encrypts the parts of backups.
func (f *folder) key() seal.DataKey { return f.keys.StreamKey("backup") }

// bound is what a part's encryption is bound to: it cannot stand in for another's.
func bound(name, part string) string { return "backup " + name + " " + part }

// write makes a part: what fill writes, compressed and encrypted. It gets its name when it is whole and on the disk, and
// a line in the manifest.
func (f *folder) write(name, part string, m *Manifest, fill func(io.Writer) error) (err error) {
	final := name + "." + part
	out, err := f.root.OpenFile(final+partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.root.Remove(final+partial))
		}
	}()
	reader, pipe := io.Pipe()
	go func() { pipe.CloseWithError(compressed(pipe, fill)) }()
	defer reader.CloseWithError(io.ErrClosedPipe) // or the writer would wait for ever after an error here
	sealed, err := seal.Encrypt(f.key(), bound(name, part), reader)
	if err != nil {
		return errors.Join(err, out.Close())
	}
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(out, hash), sealed)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	m.Parts = append(m.Parts, Part{part, size, hex.EncodeToString(hash.Sum(nil))})
	return f.root.Rename(final+partial, final)
}

func compressed(w io.Writer, fill func(io.Writer) error) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	return errors.Join(fill(z), z.Close())
}

// check compares a part with the manifest, from its first byte to its last.
func (f *folder) check(m Manifest, part string) error {
	i := slices.IndexFunc(m.Parts, func(p Part) bool { return p.Name == part })
	if i < 0 {
		return fmt.Errorf("%s has no part %q", filepath.Join(f.dir, m.Name+manifests), part)
	}
	name := m.Name + "." + part
	in, err := f.root.Open(name)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer in.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, in)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if want := m.Parts[i]; size != want.Size || hex.EncodeToString(hash.Sum(nil)) != want.SHA256 {
		return fmt.Errorf("%s was altered: it is not what the manifest says (SHA-256 %s, %d bytes)", filepath.Join(f.dir, name), want.SHA256, want.Size)
	}
	return nil
}

// read opens a part for take, which reads it to its end.
func (f *folder) read(m Manifest, part string, take func(io.Reader) error) error {
	name := m.Name + "." + part
	in, err := f.root.Open(name)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer in.Close()
	plain, err := seal.Decrypt(f.key(), bound(m.Name, part), in)
	if err == nil {
		err = uncompressed(plain, take)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(f.dir, name), err)
	}
	return nil
}

func uncompressed(r io.Reader, take func(io.Reader) error) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	if err := take(z); err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, z); err != nil || n > 0 { // the end is authenticated too
		return errors.Join(fmt.Errorf("%d bytes follow the end", n), err)
	}
	return nil
}
