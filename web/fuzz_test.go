package web

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/web/path"
)

// FuzzKnownDevice looks for a cookie by which a browser is known to an account that never gave it one.
func FuzzKnownDevice(f *testing.F) {
	s := &Server{deps: Deps{DeviceKey: bytes.Repeat([]byte{7}, 32)}}
	mark := "browser." + base64.RawURLEncoding.EncodeToString(s.deviceMark("browser", "ada@example.com"))
	f.Add(mark, "ada@example.com")
	f.Add(mark, "bo@example.com")
	f.Add("."+mark, "ADA@example.com")
	f.Add("a.b", "")
	f.Fuzz(func(t *testing.T, value, email string) {
		r := httptest.NewRequest(http.MethodPost, path.SignIn, nil)
		r.Header.Set("Cookie", s.deviceName(email)+"="+value)
		name, known := s.knownDevice(r, email)
		// The last sign of the mark has bits that mean nothing.
		if same := strings.EqualFold(email, "ada@example.com") && strings.HasPrefix(strings.Trim(value, "\" \t"), mark[:len(mark)-1]); known && (!same || name == "") {
			t.Errorf("%q is known to %q by %q", name, email, value)
		}
	})
}

// FuzzTrustProxy looks for a header that makes of the client's address none.
func FuzzTrustProxy(f *testing.F) {
	for _, s := range []string{"203.0.113.7", "evil, 203.0.113.7", "::1%eth0", "", ",", "1.2.3.4:80", "[::1]:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, chain string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["X-Forwarded-For"] = []string{chain}
		trustProxy(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, err := netip.ParseAddrPort(r.RemoteAddr); err != nil {
				t.Errorf("%q makes the address %q", chain, r.RemoteAddr)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	})
}

// FuzzSentWith looks for a form that is carried on with a password or a proof in it, or with what no page can show.
func FuzzSentWith(f *testing.F) {
	for _, s := range []string{"name=Ada&password=secret&current=secret", "gatehouse_proof=123456&gatehouse_answer=x&a=1&a=2", "%00=%ff&password="} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, field := range sentWith(httptest.NewRecorder(), r) {
			switch field.name {
			case "password":
				if field.value != leftOut && field.value != "" {
					t.Errorf("a password is carried on: %q", body)
				}
			case "current", proofField, answerField:
				t.Errorf("%s is carried on", field.name)
			}
			if !utf8.ValidString(field.value) || strings.ContainsRune(field.value, 0) {
				t.Errorf("carried on: %q", field.value)
			}
		}
	})
}
