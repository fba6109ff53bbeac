package upload

import (
	"bytes"
	"crypto/sha256"
	"io"
	"mime"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzInspector looks for a file that is measured differently when it arrives in other pieces, that is typed as what no header
// can say, or that gets past the limit.
func FuzzInspector(f *testing.F) {
	for _, content := range []string{"", "%PDF-1.7\n", "\x89PNG\r\n\x1a\n", "PK\x03\x04", "<html><script>", "GIF89a", "MZ\x90", "{\"a\":1}", "\xff\xd8\xff\xe0\x00\x10JFIF"} {
		f.Add([]byte(content), int64(1<<20))
	}
	f.Add(bytes.Repeat([]byte("a"), 5000), int64(4999))
	f.Fuzz(func(t *testing.T, content []byte, limit int64) {
		arrive := func(r io.Reader) ([]byte, Received, error) {
			in := &arrival{inspector: newInspector(r, limit), policy: Anything}
			defer in.examiner.close()
			read, err := io.ReadAll(in)
			return read, in.got, err
		}
		read, got, err := arrive(bytes.NewReader(content))
		if tooLarge := int64(len(content)) > limit && len(content) > 0; tooLarge != (err != nil) {
			t.Fatalf("%d bytes of at most %d: %v", len(content), limit, err)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(read, content) || got.Size != int64(len(content)) || got.SHA256 != sha256.Sum256(content) {
			t.Fatalf("%d bytes received as %+v", len(content), got)
		}
		kind, params, err := mime.ParseMediaType(got.Type)
		if err != nil || kind != got.Type || len(params) > 0 || strings.ContainsFunc(got.Type, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("the type is %q", got.Type)
		}
		_, slow, err := arrive(iotest.OneByteReader(bytes.NewReader(content)))
		if err != nil || slow.Size != got.Size || slow.SHA256 != got.SHA256 || slow.Type != got.Type {
			t.Fatalf("byte by byte it is %+v, %v, at once %+v", slow, err, got)
		}
	})
}
