package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/platform/tlstest"
)

// certified is an installation with a certificate for localhost.
func certified(t *testing.T, folder string, serial int64) config.Config {
	t.Helper()
	cert, key := tlstest.Certify(t, folder, serial, time.Now().Add(time.Hour))
	return config.Config{BaseURL: "https://localhost", TLSCert: cert, TLSKey: key}
}

func TestTheServerSpeaksHTTPSItself(t *testing.T) {
	t.Parallel()
	cfg := certified(t, t.TempDir(), 1)
	cfg.Data, cfg.DatabaseURL = t.TempDir(), dbtest.URL(t)
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil && err != http.ErrServerClosed {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	pool := x509.NewCertPool()
	shown, err := os.ReadFile(cfg.TLSCert)
	if err != nil || !pool.AppendCertsFromPEM(shown) {
		t.Fatal("the certificate is none", err)
	}
	client := func(most uint16) *http.Client {
		return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: most}}}
	}
	for most, protocol := range map[uint16]string{tls.VersionTLS13: "HTTP/2.0", tls.VersionTLS12: "HTTP/2.0"} {
		got, err := client(most).Get("https://" + l.Addr().String() + "/sign-in")
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != http.StatusOK || got.Proto != protocol || got.TLS.Version != most || got.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s, %s, TLS %x, HSTS %q", got.Status, got.Proto, got.TLS.Version, got.Header.Get("Strict-Transport-Security"))
		}
	}
	if got, err := client(tls.VersionTLS11).Get("https://" + l.Addr().String() + "/sign-in"); err == nil {
		got.Body.Close()
		t.Error("it speaks TLS 1.1")
	}
	got, err := http.Get("http://" + l.Addr().String() + "/sign-in")
	if err == nil {
		got.Body.Close()
		if got.StatusCode != http.StatusBadRequest {
			t.Errorf("in the clear it answers %s", got.Status)
		}
	}
}

func TestARenewedCertificateIsTakenUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var said bytes.Buffer
	c, err := openCertificate(certified(t, folder, 1), slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	shows := func(serial int64) {
		t.Helper()
		got, err := c.current(nil)
		if err != nil || got.Leaf.SerialNumber.Int64() != serial {
			t.Errorf("it shows %v, %v, want %d", got.Leaf.SerialNumber, err, serial)
		}
	}
	later := func() { c.looked = time.Time{} }
	shows(1)
	certified(t, folder, 2)
	shows(1) // it was looked at a moment ago
	later()
	shows(2)
	if err := os.WriteFile(filepath.Join(folder, "cert.pem"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	later()
	shows(2)
	if !strings.Contains(said.String(), "the one from before is shown") {
		t.Errorf("nobody is told: %q", said.String())
	}
	certified(t, folder, 3)
	later()
	shows(3)
}

func TestACertificateThatCannotServeIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	right := certified(t, t.TempDir(), 1)
	for what, change := range map[string]func(*config.Config){
		"GATEHOUSE_TLS_KEY":  func(c *config.Config) { c.TLSKey = "" },
		"GATEHOUSE_BASE_URL": func(c *config.Config) { c.BaseURL = "http://localhost" },
		"no such file":       func(c *config.Config) { c.TLSCert += "x" },
		"TLS certificate":    func(c *config.Config) { c.TLSKey = c.TLSCert },
	} {
		cfg := right
		change(&cfg)
		if _, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}
