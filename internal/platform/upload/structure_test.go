package upload_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"gatehouse/internal/platform/upload"
)

// zipOf makes an archive of empty entries with these names, and of zeros where a size is given.
func zipOf(t testing.TB, entries map[string]int) []byte {
	t.Helper()
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for name, size := range entries {
		w, err := out.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, int64(size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func gzipOf(t testing.TB, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: 3, Mode: 0o600, Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngOf is the beginning of an image that claims a size, without a pixel.
func pngOf(width, height uint32) []byte {
	header := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(header[4:], width)
	binary.BigEndian.PutUint32(header[8:], height)
	header[12] = 1
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
}

func jpegOf(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// longZip is an archive of one entry whose directory says, in the fields for long archives, that it unpacks to a lot.
func longZip(claimed uint64) []byte {
	le := binary.LittleEndian
	local := append([]byte("PK\x03\x04\x2d\x00"), make([]byte, 24)...)
	local[26] = 1
	local = append(local, 'a')
	entry := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	le.PutUint32(entry[24:], 0xffffffff)
	le.PutUint16(entry[28:], 1)
	le.PutUint16(entry[30:], 12)
	entry = append(append(entry, 'a', 1, 0, 8, 0), le.AppendUint64(nil, claimed)...)
	record := append([]byte("PK\x06\x06"), make([]byte, 52)...)
	le.PutUint64(record[32:], 1)
	le.PutUint64(record[40:], uint64(len(entry)))
	locator := append([]byte("PK\x06\x07"), make([]byte, 16)...)
	end := append([]byte("PK\x05\x06\xff\xff\xff\xff\xff\xff\xff\xff"), bytes.Repeat([]byte{0xff}, 10)...)
	end[20], end[21] = 0, 0
	return bytes.Join([][]byte{local, entry, record, locator, end}, nil)
}

const pdfHead = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"

// some stands for a number of bytes that is its writer's business.
const some = -1

func TestStructure(t *testing.T) {
	many := map[string]int{}
	for i := range 10_001 {
		many[fmt.Sprint(i)] = 0
	}
	locked := zipOf(t, map[string]int{"a.txt": 4})
	locked[bytes.Index(locked, []byte("PK\x01\x02"))+8] |= 1
	seam := pdfHead + strings.Repeat(" ", 64<<10-len(pdfHead)-6) + "/J#61vaScript /Launch /Embedded#46ile /ObjStm /Encrypt"
	for _, c := range []struct {
		name    string
		content []byte
		want    upload.Facts
		hazard  string
	}{
		{"a picture", jpegOf(t), upload.Facts{Width: 40, Height: 30}, ""},
		{"a pixel bomb", pngOf(60_000, 60_000), upload.Facts{Width: 60_000, Height: 60_000}, "pixels"},
		{"a picture with an archive behind it", append(jpegOf(t), zipOf(t, map[string]int{"a": 0})...), upload.Facts{Width: 40, Height: 30, Also: "application/zip"}, "two kinds"},
		{"a picture with a document in it", append([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00%PDF-1.4"), make([]byte, 50)...), upload.Facts{Also: "image/gif"}, "two kinds"},
		{"an archive", zipOf(t, map[string]int{"a.txt": 100, "b/c.txt": 5}), upload.Facts{Entries: 2, Unpacked: 105}, ""},
		{"an archive that unpacks to much", longZip(65 << 20), upload.Facts{Entries: 1, Unpacked: 65 << 20}, "unpacks to far more"},
		{"an archive that claims more than there are numbers for", longZip(1 << 63), upload.Facts{Entries: 1, Unpacked: 1<<63 - 1}, "unpacks to far more"},
		{"many entries", zipOf(t, many), upload.Facts{Entries: 10_001}, "unpacks to far more"},
		{"archives within", zipOf(t, map[string]int{"a.ZIP": 1, "b.tar.gz": 1}), upload.Facts{Entries: 2, Unpacked: 2, Archives: 2}, "further archives"},
		{"names that lead out", zipOf(t, map[string]int{"../../etc/cron.d/x": 1, `..\x`: 1, "/etc/x": 1, "c:x": 1, "a/b..c/d": 1}), upload.Facts{Entries: 5, Unpacked: 5, Outside: 4}, "lead out"},
		{"a locked archive", locked, upload.Facts{Entries: 1, Unpacked: 4, Encrypted: true}, ""},
		{"macros", zipOf(t, map[string]int{"word/vbaProject.bin": 1}), upload.Facts{Entries: 1, Unpacked: 1, Macros: true}, ""},
		{"half an archive", zipOf(t, map[string]int{"a.txt": 100})[:60], upload.Facts{Broken: true}, "broken"},
		{"a packed text", gzipOf(t, strings.NewReader("some words")), upload.Facts{Entries: 1, Unpacked: 10}, ""},
		{"a packed archive", gzipOf(t, bytes.NewReader(tarOf(t, "a", "../b", "c.zip"))), upload.Facts{Entries: 3, Unpacked: some, Archives: 1, Outside: 1}, "further archives"},
		{"packed twice", gzipOf(t, bytes.NewReader(gzipOf(t, strings.NewReader("a")))), upload.Facts{Entries: 1, Unpacked: some, Archives: 1}, "further archives"},
		{"a bomb", gzipOf(t, io.LimitReader(zeros{}, 130<<20)), upload.Facts{Entries: 1, Unpacked: some, More: true}, "unpacks to far more"},
		{"half a packed text", gzipOf(t, strings.NewReader("some words"))[:20], upload.Facts{Entries: 1, Unpacked: 9, Broken: true}, "broken"},
		{"a tar", tarOf(t, "a", "b"), upload.Facts{Entries: 2, Unpacked: 6}, ""},
		{"a document", []byte(pdfHead), upload.Facts{Objects: 1}, ""},
		{"a document that acts", []byte(seam), upload.Facts{Objects: 1, Script: true, Launches: true, Attached: true, Packed: true, Encrypted: true}, ""},
		{"a document of too many parts", []byte(pdfHead + strings.Repeat("endobj\n", 500_000)), upload.Facts{Objects: 500_001}, "parts"},
		{"a text", []byte("Of %PDF- and PK, and nothing else."), upload.Facts{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := setup(t).receive(t, bytes.NewReader(c.content), 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			facts := got.Facts
			if c.want.Unpacked == some && facts.Unpacked > 0 {
				c.want.Unpacked = facts.Unpacked
			}
			if facts != c.want {
				t.Errorf("%s: got %+v, want %+v", got.Type, facts, c.want)
			}
			hazard := facts.Hazard(got.Size)
			if hazard == "" != (c.hazard == "") || !strings.Contains(hazard, c.hazard) {
				t.Errorf("hazard %q, want %q", hazard, c.hazard)
			}
			// However it comes, it is the same file.
			again, err := setup(t).receive(t, iotest.HalfReader(bytes.NewReader(c.content)), 1<<30)
			if err != nil || again.Facts != facts {
				t.Errorf("in other pieces: %+v, %v", again.Facts, err)
			}
		})
	}
}

func TestThePolicyKeepsHazardsOut(t *testing.T) {
	for _, c := range []struct {
		name    string
		content []byte
		want    upload.Refused
	}{
		{"a program", append([]byte("MZ"), make([]byte, 100)...), upload.Refused{Type: "application/vnd.microsoft.portable-executable"}},
		{"a page", []byte("<html><script>alert(1)</script>"), upload.Refused{Type: "text/html"}},
		{"a drawing", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), upload.Refused{Type: "image/svg+xml"}},
		{"noise", noise(100), upload.Refused{Type: "application/octet-stream"}},
		{"a bomb", gzipOf(t, io.LimitReader(zeros{}, 70<<20)), upload.Refused{Type: "application/gzip"}},
	} {
		b := setup(t)
		_, err := upload.Receive(t.Context(), b.store, b.key, item, item, bytes.NewReader(c.content), mega, upload.OnlyKnown)
		refused, ok := errors.AsType[upload.Refused](err)
		if !ok || refused.Type != c.want.Type || (c.name == "a bomb") != (refused.Hazard != "") {
			t.Errorf("%s: %v", c.name, err)
		}
		b.mustBeEmpty(t)
	}
	b := setup(t)
	if _, err := upload.Receive(t.Context(), b.store, b.key, item, item, bytes.NewReader(jpegOf(t)), mega, upload.OnlyKnown); err != nil {
		t.Errorf("a picture: %v", err)
	}
}

// TestAProgramIsRefusedAtItsFirstBytes: nobody waits for two gigabytes to be told no.
func TestAProgramIsRefusedAtItsFirstBytes(t *testing.T) {
	b := setup(t)
	read := 0
	r := io.MultiReader(strings.NewReader("MZ"), zeros{})
	_, err := upload.Receive(t.Context(), b.store, b.key, item, item, readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		read += n
		return n, err
	}), 1<<40, upload.OnlyKnown)
	if !errors.As(err, new(upload.Refused)) || read > mega {
		t.Errorf("read %d bytes, then %v", read, err)
	}
	b.mustBeEmpty(t)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestABrokenOffArchiveLeavesNothingRunning: what unpacks beside the upload ends with it.
func TestABrokenOffArchiveLeavesNothingRunning(t *testing.T) {
	b := setup(t)
	content := gzipOf(t, bytes.NewReader(noise(mega)))
	before := runtime.NumGoroutine()
	for range 20 {
		_, err := b.receive(t, io.MultiReader(bytes.NewReader(content[:mega/2]), iotest.ErrReader(errors.New("gone"))), 1<<30)
		if err == nil {
			t.Fatal("half a file was taken")
		}
	}
	if after := runtime.NumGoroutine(); after > before+5 {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestMisnamed(t *testing.T) {
	for _, c := range []struct {
		name, mediaType string
		want            bool
	}{
		{"scan.PDF", "application/pdf", false},
		{"scan.pdf", "image/png", true},
		{"scan.pdf", "application/octet-stream", true},
		{"photo.jpg", "text/html", true},
		{"photo.jpeg", "image/jpeg", false},
		{"sign-ins.log", "text/csv", false},
		{"notes.txt", "application/pdf", true},
		{"letter.docx", "application/zip", false},
		{"tool.exe", "application/vnd.microsoft.portable-executable", false},
		{"README", "text/plain", false},
	} {
		if got := upload.Misnamed(c.name, c.mediaType); got != c.want {
			t.Errorf("Misnamed(%q, %q) = %v", c.name, c.mediaType, got)
		}
	}
}

func FuzzStructure(f *testing.F) {
	f.Add([]byte(pdfHead), uint8(7))
	f.Add(zipOf(f, map[string]int{"a": 1}), uint8(3))
	f.Add(longZip(5), uint8(60))
	f.Add(gzipOf(f, bytes.NewReader(tarOf(f, "a"))), uint8(200))
	f.Add(jpegOf(f), uint8(0))
	b := setup(f)
	f.Fuzz(func(t *testing.T, content []byte, piece uint8) {
		got, err := b.receive(t, readerFunc(func() func(p []byte) (int, error) {
			r := bytes.NewReader(content)
			return func(p []byte) (int, error) { return r.Read(p[:min(len(p), int(piece)+1)]) }
		}()), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if got.Facts.Entries < 0 || got.Facts.Unpacked < 0 {
			t.Errorf("%+v", got.Facts)
		}
		if err := b.store.Delete(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	})
}
