package main

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/tlstest"
)

func TestDoctorLooksAtTheCertificate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		what  string
		until time.Time
		base  string
		state health
		words string
	}{
		{"a good one", now.Add(90 * 24 * time.Hour), "https://localhost:8443", well, "certificate until"},
		{"one that runs out", now.Add(13 * 24 * time.Hour), "https://localhost", broken, "runs out soon"},
		{"one that has run out", now.Add(-time.Hour), "https://localhost", broken, "has run out"},
		{"another's", now.Add(90 * 24 * time.Hour), "https://gatehouse.example.com", broken, "gatehouse.example.com"},
	} {
		cert, key := tlstest.Certify(t, t.TempDir(), 1, tt.until)
		d := examineCertificate(config.Config{BaseURL: tt.base, TLSCert: cert, TLSKey: key}, now)
		if d.State != tt.state || !strings.Contains(d.Found+" "+d.Note, tt.words) {
			t.Errorf("%s: %+v", tt.what, d)
		}
	}
	cert, _ := tlstest.Certify(t, t.TempDir(), 1, now.Add(time.Hour))
	if d := examineCertificate(config.Config{BaseURL: "https://localhost", TLSCert: cert, TLSKey: cert}, now); d.State != broken {
		t.Errorf("without a key: %+v", d)
	}
}

// TestHealthAsksByHTTPS where the server speaks it, and takes no other certificate than its own.
func TestHealthAsksByHTTPS(t *testing.T) {
	cert, key := tlstest.Certify(t, t.TempDir(), 1, time.Now().Add(time.Hour))
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	t.Setenv("GATEHOUSE_BASE_URL", "https://localhost")
	t.Setenv("GATEHOUSE_TLS_KEY", key)
	t.Setenv("GATEHOUSE_TLS_CERT", cert)
	if code, _, said := gatehouse(t, "", "health", "--addr", "127.0.0.1:"+port); code != 0 {
		t.Errorf("exit %d, %s", code, said)
	}
	other, _ := tlstest.Certify(t, t.TempDir(), 2, time.Now().Add(time.Hour))
	t.Setenv("GATEHOUSE_TLS_CERT", other)
	if code, _, said := gatehouse(t, "", "health", "--addr", "127.0.0.1:"+port); code == 0 || !strings.Contains(said, "certificate") {
		t.Errorf("another's certificate: exit %d, %s", code, said)
	}
}
