// Package apptest runs a whole installation for a test: a database of its own, every feature, the web server on a
// free port of the loopback interface, and users of every role to sign in as.
package apptest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/account/accounttest"
	"gatehouse/internal/app"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/internal/platform/db/dbtest"
	"gatehouse/internal/signin"
	"gatehouse/web/session"
)

// Password is the password of every user that this package makes.
const Password = "a long test password"

// World is a running installation.
type World struct {
	*app.App
	// URL is the server's address without a final slash.
	URL string
	t   testing.TB
}

// New starts an installation that ends with the test. What it is set up with can be changed first.
func New(t testing.TB, change ...func(*config.Config)) *World {
	t.Helper()
	return With(t, func(_ string, cfg *config.Config) {
		for _, c := range change {
			c(cfg)
		}
	})
}

// With is New with another configuration: set changes it, and is told at which address the server will answer.
func With(t testing.TB, set func(url string, cfg *config.Config)) *World {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	cfg := config.Config{Data: t.TempDir(), DatabaseURL: dbtest.URL(t), MaxUpload: 8 << 20}
	set("http://"+server.Listener.Addr().String(), &cfg)
	a, err := app.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("open the installation: %v", err)
	}
	server.Config.Handler = a.Handler()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		// Whatever a test did, what pages read beside the rows must be what the rows say.
		ctx := context.Background()
		if err := errors.Join(a.Features.Candidates.CheckSheets(ctx, 1000), a.Features.Cases.CheckSheets(ctx, 1000)); err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close the installation: %v", err)
		}
	})
	return &World{App: a, URL: server.URL, t: t}
}

// User adds a user with the given roles; the address is name@example.com.
func (w *World) User(name string, roles ...authz.Role) account.User {
	w.t.Helper()
	ctx := context.Background()
	id, err := w.Features.Accounts.Add(ctx, authz.System("test"), account.New{
		Email: strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com", Name: name, Roles: roles})
	if err != nil {
		w.t.Fatalf("add user %s: %v", name, err)
	}
	accounttest.GivePassword(w.t, w.DB, id, Password)
	u, err := w.Features.Accounts.ByID(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// Browser is a signed-in HTTP client that does not follow redirects.
type Browser struct {
	*http.Client
	w *World
}

// SignIn returns a browser signed in as u.
func (w *World) SignIn(u account.User) *Browser {
	w.t.Helper()
	b := w.Visitor()
	// Straight through the service: the page's limit on tries is for strangers.
	token, _, err := w.Features.Signin.SignIn(context.Background(), u.Email, Password, signin.Device{IP: "127.0.0.1"})
	if err != nil {
		w.t.Fatalf("sign in as %s: %v", u.Email, err)
	}
	server, err := url.Parse(w.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	cookie := session.NewStore(w.Features.Signin, "").CookieName()
	b.Jar.SetCookies(server, []*http.Cookie{{Name: cookie, Value: token, Path: "/"}})
	return b
}

// Visitor returns a browser that is not signed in.
func (w *World) Visitor() *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &Browser{w: w, Client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// Page is an answer with its body.
type Page struct {
	Status int
	Header http.Header
	Body   string
}

// Get fetches a path.
func (b *Browser) Get(path string) Page { return b.Send(http.MethodGet, path, "", nil) }

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) Page {
	return b.Send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// Send sends any request to the server and reads the answer whole.
func (b *Browser) Send(method, path, contentType string, body io.Reader) Page {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, b.w.URL+path, body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := b.Do(req)
	if err != nil {
		b.w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		b.w.t.Fatalf("%s %s: read: %v", method, path, err)
	}
	return Page{Status: resp.StatusCode, Header: resp.Header, Body: string(content)}
}
