package clamd_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"gatehouse/internal/platform/clamd"
	"gatehouse/internal/platform/clamd/clamdtest"
)

// TestWithARealDaemon asks the program that people run.
func TestWithARealDaemon(t *testing.T) {
	c := clamdtest.Start(t)
	if version, err := c.Version(t.Context()); err != nil || !strings.HasPrefix(version, "ClamAV ") {
		t.Errorf("version %q, %v", version, err)
	}
	if found, err := c.Scan(t.Context(), strings.NewReader(clamdtest.Malware())); found != clamdtest.Found || err != nil {
		t.Errorf("malware: %q, %v", found, err)
	}
	for name, r := range map[string]io.Reader{
		"a text": strings.NewReader("The lamp stood on the left."), "nothing": strings.NewReader(""),
		"in small pieces": iotest.OneByteReader(strings.NewReader("piece by piece")),
	} {
		if found, err := c.Scan(t.Context(), r); found != "" || err != nil {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
	if found, err := c.Scan(t.Context(), io.LimitReader(zeros{}, 64<<20)); found != "" || !errors.Is(err, clamd.ErrTooLarge) {
		t.Errorf("a large file: %q, %v", found, err)
	}
	gone := errors.New("altered")
	if _, err := c.Scan(t.Context(), io.MultiReader(strings.NewReader("x"), iotest.ErrReader(gone))); !errors.Is(err, gone) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// answering listens on a free port and says the same to everybody, whatever they send.
func answering(t *testing.T, says string) *clamd.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(conn, says)
				_ = conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, conn)
				conn.Close()
			}()
		}
	}()
	return clamdtest.Client(t, l.Addr().String())
}

func TestWhatIsNoVerdictIsNone(t *testing.T) {
	for _, says := range []string{"", "stream: OK", "stream: \x00", "stream:  FOUND\x00", "stream: Can't allocate memory ERROR\x00",
		"UNKNOWN COMMAND\x00", "HTTP/1.1 400 Bad Request\r\n\r\n", strings.Repeat("x", 1<<20)} {
		if found, err := answering(t, says).Scan(t.Context(), strings.NewReader("a")); err == nil || errors.Is(err, clamd.ErrTooLarge) {
			t.Errorf("%.40q was taken for a verdict: %q", says, found)
		}
	}
	if found, err := answering(t, "stream: Win.Test FOUND\x00").Scan(t.Context(), strings.NewReader("a")); found != "Win.Test" || err != nil {
		t.Errorf("%q, %v", found, err)
	}
}

func TestADaemonThatIsAwayOrSilent(t *testing.T) {
	away := clamdtest.Client(t, "unix:"+t.TempDir()+"/nobody")
	if _, err := away.Scan(t.Context(), strings.NewReader("a")); err == nil {
		t.Error("nobody answered, and that was well")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it takes connections and says nothing
	ctx, cancel := context.WithCancel(t.Context())
	scanning := make(chan error)
	go func() {
		_, err := clamdtest.Client(t, l.Addr().String()).Scan(ctx, strings.NewReader("a"))
		scanning <- err
	}()
	cancel()
	if err := <-scanning; err == nil {
		t.Error("silence was taken for a verdict")
	}
}

func TestAddresses(t *testing.T) {
	for _, bad := range []string{"", "unix:", "unix:clamd.ctl", "127.0.0.1", "127.0.0.1:", ":3310", "http://127.0.0.1:3310"} {
		if _, err := clamd.New(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
