package preview_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"gatehouse/internal/platform/preview"
)

// prober is the name under which the test's program is a confined process that tries things.
const prober = "preview-prober"

func TestMain(m *testing.M) {
	if os.Args[0] == prober {
		probe(os.Args[1], os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// probe confines itself, tries one thing, and says how that ended.
func probe(what, file string) {
	if err := preview.Confine(); err != nil {
		fmt.Println("not confined:", err)
		return
	}
	fmt.Println(try(what, file))
}

func try(what, file string) error {
	switch what {
	case "nothing":
		return nil
	case "read a file":
		_, err := os.ReadFile(file)
		return err
	case "write a file":
		return os.WriteFile(file+".new", []byte("x"), 0o600)
	case "reach the network":
		_, err := net.Dial("tcp", file)
		return err
	case "listen":
		_, err := net.Listen("tcp", "127.0.0.1:0")
		return err
	case "start a program":
		return exec.Command("/bin/true").Run()
	case "fork":
		_, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if errno == 0 {
			return nil
		}
		return errno
	case "signal its parent":
		return syscall.Kill(os.Getppid(), 0)
	case "be root":
		if os.Geteuid() == 0 {
			return nil
		}
		return syscall.EPERM
	case "have an environment":
		if len(os.Environ()) > 0 {
			return nil
		}
		return syscall.EPERM
	case "take memory":
		var all [][]byte
		for range 64 {
			all = append(all, bytes.Repeat([]byte{1}, 32<<20))
		}
		return fmt.Errorf("took %d pieces", len(all))
	}
	return errors.New("no such thing")
}

func run(t *testing.T, what, file string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := exec.Command(self)
	p.Args, p.Env, p.Dir = []string{prober, what, file}, []string{}, "/"
	out, err := p.Output()
	return strings.TrimSpace(string(out)), err
}

func TestWhatAConfinedWorkerCannotDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("key"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got, err := run(t, "nothing", file); got != "<nil>" || err != nil {
		t.Fatalf("doing nothing: %q, %v", got, err)
	}
	for _, what := range []string{"read a file", "write a file", "listen", "start a program", "fork", "signal its parent", "be root", "have an environment"} {
		if got, err := run(t, what, file); !strings.Contains(got, "operation not permitted") || err != nil {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	if got, err := run(t, "reach the network", l.Addr().String()); !strings.Contains(got, "operation not permitted") || err != nil {
		t.Errorf("reach the network: %q, %v", got, err)
	}
	if got, err := run(t, "take memory", file); err == nil || got != "" {
		t.Errorf("take two gigabytes: %q", got)
	}
}

func photo(t testing.TB, width, height int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x + y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func drawing(t testing.TB, encode func(io.Writer, image.Image) error, width, height int) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.White, color.Black})
	img.SetColorIndex(0, 0, 1)
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webp is a picture of one pixel.
var webp = []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")

func TestPreviews(t *testing.T) {
	t.Parallel()
	m := preview.NewMaker()
	for _, c := range []struct {
		name          string
		content       []byte
		mediaType     string
		width, height int
	}{
		{"a photograph", photo(t, 2400, 600), "image/jpeg", 1200, 300},
		{"a small one", photo(t, 40, 30), "image/jpeg", 40, 30},
		{"a drawing", drawing(t, png.Encode, 100, 4000), "image/png", 30, 1200},
		{"a thin line", drawing(t, png.Encode, 1, 9000), "image/png", 1, 1200},
		{"a GIF", drawing(t, func(w io.Writer, i image.Image) error { return gif.Encode(w, i, nil) }, 20, 10), "image/png", 20, 10},
		{"a WebP", webp, "image/png", 1, 1},
		{"a picture with something behind it", append(photo(t, 8, 8), "<script>alert(1)</script>"...), "image/jpeg", 8, 8},
	} {
		got, err := m.Make(t.Context(), bytes.NewReader(c.content))
		if err != nil || got.Type != c.mediaType {
			t.Errorf("%s: %s, %v", c.name, got.Type, err)
			continue
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(got.Content))
		if err != nil || config.Width != c.width || config.Height != c.height {
			t.Errorf("%s: %d × %d, %v", c.name, config.Width, config.Height, err)
		}
		if bytes.Contains(got.Content, []byte("alert")) {
			t.Errorf("%s: bytes of the original came through", c.name)
		}
	}
}

// bomb claims a size and brings next to nothing.
func bomb(width, height uint32) []byte {
	header := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(header[4:], width)
	binary.BigEndian.PutUint32(header[8:], height)
	header[12] = 8
	header[13] = 6
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
}

func TestNoPreviews(t *testing.T) {
	t.Parallel()
	m := preview.NewMaker()
	for name, content := range map[string][]byte{
		"nothing": {}, "a text": []byte("The lamp."), "a page": []byte("<html><script>"),
		"half a picture": photo(t, 400, 300)[:200], "a bomb": bomb(50_000, 50_000), "no width": bomb(0, 5),
	} {
		if got, err := m.Make(t.Context(), bytes.NewReader(content)); !errors.Is(err, preview.ErrNone) {
			t.Errorf("%s: %s, %v", name, got.Type, err)
		}
	}
	altered := errors.New("altered")
	if _, err := m.Make(t.Context(), io.MultiReader(bytes.NewReader(photo(t, 8, 8)), iotest.ErrReader(altered))); !errors.Is(err, altered) {
		t.Errorf("a file that is not what was stored: %v", err)
	}
}

func TestNotTooManyAtATime(t *testing.T) {
	t.Parallel()
	m := preview.NewMaker()
	held, ended := make(chan struct{}), make(chan error)
	for range 20 {
		go func() {
			_, err := m.Make(t.Context(), io.MultiReader(waiting{held}, bytes.NewReader(photo(t, 8, 8))))
			ended <- err
		}()
	}
	// Two are at work and eight wait; nobody is held up to be told that there is no room.
	for range 10 {
		if err := <-ended; !errors.Is(err, preview.ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
	}
	close(held)
	for range 10 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// waiting holds its reader up until it is told to go on, and then is empty.
type waiting struct{ until chan struct{} }

func (w waiting) Read([]byte) (int, error) { <-w.until; return 0, io.EOF }
