package app

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// served runs the server as people's requests meet it, with less patience for headers where a test would have to wait for it.
func served(t *testing.T, patience time.Duration) (conn net.Conn) {
	t.Helper()
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}), slog.New(slog.DiscardHandler))
	if server.ReadHeaderTimeout <= 0 || server.ReadHeaderTimeout > 30*time.Second || server.IdleTimeout <= 0 || server.MaxHeaderBytes > 64<<10 {
		t.Fatalf("the server waits without end: %+v", server)
	}
	if patience > 0 {
		server.ReadHeaderTimeout, server.IdleTimeout = patience, patience
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	if conn, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// TestSlowHeadersAreBrokenOff: neither half a header nor nothing at all holds a connection.
func TestSlowHeadersAreBrokenOff(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{
		"half a header": "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "nothing": "", "idle after an answer": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		conn := served(t, 100*time.Millisecond)
		fmt.Fprint(conn, begin)
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("%s: the connection stays open: %v", name, err)
		}
	}
}

func TestLongHeadersAndAddressesAreRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 80<<10)
	for name, request := range map[string]string{
		"a header":     "GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + long + "\r\n\r\n",
		"a query":      "GET /?q=" + long + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"many headers": "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: a\r\n", 20_000) + "\r\n",
	} {
		conn := served(t, 0)
		go func() { _, _ = io.WriteString(conn, request) }()
		if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %v, %v", name, answer, err)
		}
	}
}
