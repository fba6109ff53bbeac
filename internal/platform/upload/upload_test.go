package upload_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"gatehouse/internal/platform/blob"
	"gatehouse/internal/platform/seal"
	"gatehouse/internal/platform/upload"
)

const (
	item   = "0192f0c1-7b3a-7cde-8123-456789abcdef"
	person = "0192f0c1-7b3a-7cde-8123-0000000000aa"
	mega   = 1 << 20
)

// bench is one store and one person's key.
type bench struct {
	dir   string
	store *blob.Disk
	key   seal.DataKey
}

func setup(t testing.TB) bench {
	t.Helper()
	dir := t.TempDir()
	store, err := blob.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	key, _, err := seal.KeyringOf(seal.NewKey()).NewDataKey(person)
	if err != nil {
		t.Fatal(err)
	}
	return bench{dir, store, key}
}

func (b bench) receive(t testing.TB, r io.Reader, limit int64) (upload.Received, error) {
	t.Helper()
	return upload.Receive(t.Context(), b.store, b.key, item, item, r, limit, upload.Anything)
}

func (b bench) open(t testing.TB, aad string, want upload.Received) ([]byte, error) {
	t.Helper()
	f, err := upload.Open(t.Context(), b.store, b.key, item, aad, want)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (b bench) mustBeEmpty(t *testing.T) {
	t.Helper()
	if _, err := b.store.Stat(t.Context(), item); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("something is stored: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(b.dir, "incoming")); len(left) != 0 {
		t.Errorf("left half-written: %v", left)
	}
}

func noise(n int64) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func TestReceiveAndOpen(t *testing.T) {
	for _, size := range []int64{0, 1, 4095, 4096, 4097, seal.Segment, 3*mega + 1} {
		b := setup(t)
		content := noise(size)
		got, err := b.receive(t, iotest.HalfReader(bytes.NewReader(content)), size)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if got.Size != size || got.SHA256 != sha256.Sum256(content) {
			t.Errorf("%d bytes: received %+v", size, got)
		}
		if back, err := b.open(t, item, got); err != nil || !bytes.Equal(back, content) {
			t.Errorf("%d bytes: %d came back, %v", size, len(back), err)
		}
	}
}

func TestNothingReadableIsStored(t *testing.T) {
	b := setup(t)
	secret := strings.Repeat("Passport number 123456789. ", 10_000)
	if _, err := b.receive(t, strings.NewReader(secret), mega); err != nil {
		t.Fatal(err)
	}
	r, err := b.store.Get(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil || bytes.Contains(raw, []byte("Passport")) {
		t.Errorf("the store holds plaintext (%v)", err)
	}
}

func TestTypeIsWhatTheContentShows(t *testing.T) {
	var word bytes.Buffer
	z := zip.NewWriter(&word)
	for _, name := range []string{"[Content_Types].xml", "_rels/.rels", "word/document.xml"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "<xml/>")
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for want, content := range map[string]string{
		"application/pdf":          "%PDF-1.7\n%âãÏÓ",
		"image/png":                "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"text/html":                "<!DOCTYPE html><script>alert(1)</script>",
		"text/plain":               "Only words.",
		"application/x-elf":        "\x7fELF\x02\x01\x01",
		"application/octet-stream": "\x00\x01\x02\x03 nothing known",
		"application/zip":          "PK\x03\x04 something",
		"application/vnd.microsoft.portable-executable":                           "MZ\x90\x00\x03",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": word.String(),
	} {
		b := setup(t)
		got, err := b.receive(t, iotest.OneByteReader(strings.NewReader(content)), mega)
		if err != nil || got.Type != want {
			t.Errorf("%q is %q, %v; want %q", content[:min(8, len(content))], got.Type, err, want)
		}
	}
}

func TestFailedUploadLeavesNothing(t *testing.T) {
	lost := errors.New("connection lost")
	tests := map[string]struct {
		r    io.Reader
		want error
	}{
		"one byte too large":   {bytes.NewReader(noise(mega + 1)), upload.TooLarge{Limit: mega}},
		"endless":              {rand.NewChaCha8([32]byte{}), upload.TooLarge{Limit: mega}},
		"broken at once":       {iotest.ErrReader(lost), lost},
		"broken half-way":      {io.MultiReader(bytes.NewReader(noise(mega/2)), iotest.ErrReader(lost)), lost},
		"shorter than it said": {io.MultiReader(bytes.NewReader(noise(mega/2)), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			if got, err := b.receive(t, tt.r, mega); !errors.Is(err, tt.want) || got != (upload.Received{}) {
				t.Errorf("%+v, %v; want nothing and %v", got, err, tt.want)
			}
			b.mustBeEmpty(t)
		})
	}
}

func TestReceiveNeverTouchesWhatIsThere(t *testing.T) {
	b := setup(t)
	first, err := b.receive(t, strings.NewReader("first"), mega)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.receive(t, strings.NewReader("second"), mega); !errors.Is(err, blob.ErrExists) {
		t.Errorf("second upload: %v, want ErrExists", err)
	}
	if got, err := b.open(t, item, first); err != nil || string(got) != "first" {
		t.Errorf("stored is %q, %v", got, err)
	}
}

func TestOpenVerifies(t *testing.T) {
	b := setup(t)
	content := noise(3 * seal.Segment)
	good, err := b.receive(t, bytes.NewReader(content), mega)
	if err != nil {
		t.Fatal(err)
	}
	shorter, longer, other := good, good, good
	shorter.Size--
	longer.Size++
	other.SHA256[0] ^= 1
	for name, want := range map[string]upload.Received{"shorter": shorter, "longer": longer, "another hash": other} {
		if _, err := b.open(t, item, want); !errors.Is(err, upload.ErrMismatch) {
			t.Errorf("recorded as %s: %v, want ErrMismatch", name, err)
		}
	}
	if _, err := b.open(t, "another item", good); !errors.Is(err, seal.ErrAltered) {
		t.Errorf("as another item: %v, want ErrAltered", err)
	}
	stranger := setup(t)
	stranger.store = b.store
	if _, err := stranger.open(t, item, good); !errors.Is(err, seal.ErrAltered) {
		t.Errorf("with another person's key: %v, want ErrAltered", err)
	}

	file, err := filepath.Glob(filepath.Join(b.dir, "*", "*", item))
	if err != nil || len(file) != 1 {
		t.Fatalf("blob files: %v, %v", file, err)
	}
	if err := os.Truncate(file[0], 2*seal.Segment); err != nil {
		t.Fatal(err)
	}
	got, err := b.open(t, item, good)
	if !errors.Is(err, seal.ErrAltered) || !bytes.HasPrefix(content, got) {
		t.Errorf("cut off on the disk: %d bytes, %v; want ErrAltered after true ones", len(got), err)
	}
	if err := b.store.Delete(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if _, err := b.open(t, item, good); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("deleted: %v, want ErrNotFound", err)
	}
}

// All that is allocated on the way in and out, even were none of it ever
// collected, is a small part of the file: so the heap cannot grow with it.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const size, allowed = 256 * mega, 16 * mega
	b := setup(t)
	var before, received, opened runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := b.receive(t, io.LimitReader(rand.NewChaCha8([32]byte{}), size), size)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&received)
	f, err := upload.Open(t.Context(), b.store, b.key, item, item, got)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := io.Copy(io.Discard, f); n != size || err != nil {
		t.Fatalf("read back %d, %v", n, err)
	}
	runtime.ReadMemStats(&opened)
	in, out := received.TotalAlloc-before.TotalAlloc, opened.TotalAlloc-received.TotalAlloc
	t.Logf("allocated %d KiB receiving and %d KiB opening %d MiB", in>>10, out>>10, size/mega)
	if in > allowed || out > allowed {
		t.Errorf("allocated %d receiving and %d opening, want at most %d", in, out, allowed)
	}
}

func BenchmarkReceive(b *testing.B) {
	const size = 16 * mega
	s, content := setup(b), noise(size)
	b.SetBytes(size)
	for b.Loop() {
		if _, err := s.receive(b, bytes.NewReader(content), size); err != nil {
			b.Fatal(err)
		}
		if err := s.store.Delete(b.Context(), item); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	const size = 16 * mega
	s := setup(b)
	got, err := s.receive(b, bytes.NewReader(noise(size)), size)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	for b.Loop() {
		f, err := upload.Open(b.Context(), s.store, s.key, item, item, got)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, f); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
