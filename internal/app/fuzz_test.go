package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/internal/signin"
	"gatehouse/web/path"
	"gatehouse/web/session"
)

// FuzzRequests looks for a request that the server answers with a fault of its own: any method, address, header and body at the
// real routes, as a visitor, as each role, and with a token.
func FuzzRequests(f *testing.F) {
	w := apptest.New(f)
	var logged bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelError}))
	table := routes(w)
	e := arrange(f, w, hire(w, "Staff"), w.User("Somebody Else", authz.Roles...))
	for i, r := range table {
		body, kind := "version=1&reason=x&note=x&name=x&q=%00%ff", "application/x-www-form-urlencoded"
		if i%3 == 0 {
			body, kind = "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na\r\n--x--\r\n", "multipart/form-data; boundary=x"
		}
		f.Add(uint8(i), uint16(i), "", "q=a&after=b", r.Method, kind, []byte(body))
	}
	f.Add(uint8(0), uint16(len(table)), "/candidates/%00/..//x", "", "PROPFIND", "", []byte(nil))
	f.Add(uint8(10), uint16(len(table)), path.SignalsAPI, "", "POST", "application/json", []byte(`{"source":"x"}`))
	crowd := &crowd{w: w, server: w.Handler()}
	f.Fuzz(func(t *testing.T, who uint8, route uint16, below, query, method, kind string, body []byte) {
		at := below
		if int(route) < len(table) {
			r := table[route]
			if endsSession(r) {
				return
			}
			at = strings.TrimSuffix(r.Pattern, "*")
			if k, named := kindOf(t, r.Pattern); named {
				at = filled(r.Pattern, k.of(e))
			}
			at += below
			if method == "" {
				method = r.Method
			}
		}
		logged.Reset()
		if status := crowd.ask(t, who, method, at, query, kind, body); status >= http.StatusInternalServerError {
			t.Fatalf("%s %q?%q as %d: status %d\n%s", method, at, query, who, status, logged.String())
		}
	})
}

// crowd sends requests as many people. Whoever is no longer signed in is replaced.
type crowd struct {
	w      *apptest.World
	server http.Handler
	tokens [32]string
	made   int
}

// ask sends one request straight to the server: what no client would send must be answered too.
func (c *crowd) ask(t *testing.T, who uint8, method, at, query, kind string, body []byte) (status int) {
	t.Helper()
	u, err := url.Parse("http://localhost" + at)
	if err != nil || u.Host != "localhost" {
		u = &url.URL{Scheme: "http", Host: "localhost", Path: at}
	}
	u.RawQuery = query
	r := (&http.Request{Method: method, URL: u, Host: u.Host, RequestURI: u.RequestURI(), RemoteAddr: "192.0.2.1:1", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}).WithContext(t.Context())
	if who&0x20 != 0 {
		r.Header.Set("HX-Request", "true")
	}
	slot := int(who & 0x1f)
	switch n := slot % (len(authz.Roles) + 2); {
	case n < len(authz.Roles):
		if c.tokens[slot] == "" {
			c.tokens[slot] = c.signIn(t, authz.Roles[n])
		}
		r.AddCookie(&http.Cookie{Name: session.NewStore(c.w.Features.Signin, "").CookieName(), Value: c.tokens[slot]})
	case n == len(authz.Roles):
		if c.tokens[slot] == "" {
			var err error
			_, c.tokens[slot], err = c.w.Features.Accounts.NewToken(t.Context(), authz.System("test"), "fuzz", []authz.Permission{authz.SignalIngest}, nil)
			must(t, err)
		}
		r.Header.Set("Authorization", "Bearer "+c.tokens[slot])
	}
	rec := httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			t.Fatalf("%s %s: panic: %v", method, u, v)
		}
	}()
	c.server.ServeHTTP(rec, r)
	if strings.HasPrefix(rec.Header().Get("Location"), path.SignIn) {
		c.tokens[slot] = ""
	}
	return rec.Code
}

func (c *crowd) signIn(t *testing.T, role authz.Role) (token string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	c.made++
	email := fmt.Sprintf("fuzz-%d-%s@example.com", c.made, id.New())
	_, err := c.w.Features.Accounts.Add(ctx, authz.System("test"), account.New{Email: email, Name: "Fuzz", Password: apptest.Password, Roles: []authz.Role{role}})
	must(t, err)
	token, _, err = c.w.Features.Signin.SignIn(ctx, email, apptest.Password, signin.Device{IP: "192.0.2.1"})
	must(t, err)
	return token
}
