package outbound_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/platform/outbound"
)

func allow(t testing.TB, list string) outbound.Allowed {
	t.Helper()
	a, err := outbound.ParseAllowed(list)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1",
		"2001:db8::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "3fff::1", "5f00::1",
	} {
		if outbound.Check(outbound.Allowed{}, netip.AddrPortFrom(netip.MustParseAddr(address), 443).String()) == nil {
			t.Errorf("%s may be reached", address)
		}
	}
	for _, address := range []string{"1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"} {
		if err := outbound.Check(outbound.Allowed{}, netip.AddrPortFrom(netip.MustParseAddr(address), 443).String()); err != nil {
			t.Error(err)
		}
	}
	if err := outbound.Check(allow(t, "10.0.0.0/8, 192.168.1.5"), "10.2.3.4:80"); err != nil {
		t.Error(err)
	}
	for _, address := range []string{"192.168.1.6:80", "nonsense", "fe80::1%eth0:80"} {
		if outbound.Check(allow(t, "10.0.0.0/8, 192.168.1.5"), address) == nil {
			t.Errorf("%s may be reached", address)
		}
	}
	for _, bad := range []string{"", ",", "a,,b", "https://x", "10.0.0.0/99", "*.example.com", "a b"} {
		if _, err := outbound.ParseAllowed(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// get asks for an address and says what was refused.
func get(t testing.TB, c *http.Client, address string) (status int, err error) {
	t.Helper()
	resp, err := c.Get(address)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, nil
}

func TestOnlyWhatIsAllowedIsReached(t *testing.T) {
	t.Parallel()
	reached := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		switch r.URL.Path {
		case "/within":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/elsewhere":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		case "/in-circles":
			http.Redirect(w, r, "/in-circles", http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	named := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	secure := strings.Replace(tls.URL, "127.0.0.1", "localhost", 1)

	// localhost is a name that is looked up: what it leads to is refused when the connection is made, not before.
	closed := outbound.Client(outbound.Allowed{})
	for _, address := range []string{server.URL, named, tls.URL, secure, "https://[::1]:1/", "ftp://127.0.0.1/", "https://2130706433/"} {
		if _, err := get(t, closed, address); !errors.As(err, new(outbound.Refused)) && !strings.Contains(err.Error(), "no such host") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if reached != 0 {
		t.Fatalf("reached %d times", reached)
	}
	open := outbound.Client(allow(t, "127.0.0.0/8"))
	for path, want := range map[string]int{"/": 200, "/within": 200} {
		if got, err := get(t, open, server.URL+path); got != want {
			t.Errorf("%s: %d, %v", path, got, err)
		}
	}
	if _, err := get(t, open, server.URL+"/elsewhere"); !errors.As(err, new(outbound.Refused)) {
		t.Errorf("a redirect to elsewhere: %v", err)
	}
	if _, err := get(t, open, server.URL+"/in-circles"); err == nil {
		t.Error("a redirect in circles ends well")
	}
	if _, err := get(t, open, named); !errors.As(err, new(outbound.Refused)) {
		t.Errorf("plain http to a name that is not allowed: %v", err)
	}
	if got, err := get(t, outbound.Client(allow(t, "LOCALHOST")), named); got != 200 {
		t.Errorf("an allowed name: %d, %v", got, err)
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	key, err := outbound.ParseSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	type message struct {
		body   string
		header http.Header
	}
	got, status := make(chan message, 1), http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- message{string(body), r.Header}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	at := time.Unix(1_800_000_000, 0)
	client := outbound.Client(allow(t, "127.0.0.1"))
	if err := outbound.NewWebhook(client, server.URL+"/x?token=t0ken", key).Post(t.Context(), "log-12", "text/plain", "a note\n", at); err != nil {
		t.Fatal(err)
	}
	m := <-got
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("log-12.1800000000.a note\n"))
	for name, want := range map[string]string{"Content-Type": "text/plain", "Webhook-Id": "log-12", "Webhook-Timestamp": "1800000000",
		"Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))} {
		if m.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, m.header.Get(name), want)
		}
	}
	if m.body != "a note\n" {
		t.Errorf("body %q", m.body)
	}
	if err := outbound.NewWebhook(client, server.URL, nil).Post(t.Context(), "1", "text/plain", "x", at); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m.header.Get("Webhook-Signature") != "" {
		t.Error("signed without a secret")
	}
	status = http.StatusInternalServerError
	if err := outbound.NewWebhook(client, server.URL, nil).Post(t.Context(), "1", "text/plain", "x", at); err == nil {
		t.Error("a failure is taken for receipt")
	}
	<-got
	server.Close()
	err = outbound.NewWebhook(client, server.URL+"/x?token=t0ken", nil).Post(context.Background(), "1", "text/plain", "x", at)
	if err == nil || strings.Contains(err.Error(), "t0ken") {
		t.Errorf("the error tells the token: %v", err)
	}
	for _, bad := range []string{"short", "whsec_", "whsec_!!!", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))} {
		if _, err := outbound.ParseSecret(bad); err == nil {
			t.Errorf("%q was taken for a secret", bad)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for raw, ok := range map[string]bool{"https://hooks.example.com/x": true, "http://hooks.example.com": false, "http://hooks.internal/x": true,
		"https://user:pass@hooks.example.com": false, "hooks.example.com": false, "file:///etc/passwd": false, "": false} {
		if err := outbound.CheckURL(raw, allow(t, "hooks.internal")); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
