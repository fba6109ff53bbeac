package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/web"
	"gatehouse/web/path"
)

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// fill puts ids that name no row into a pattern's parameters.
func fill(pattern string) string {
	return parameter.ReplaceAllStringFunc(strings.TrimSuffix(pattern, "*"), func(string) string { return id.New() })
}

// harmless are routes that every test may call without ending its own session.
func endsSession(r web.Route) bool {
	return r.Pattern == path.SignOut || r.Pattern == path.Account+"/password"
}

func routes(w *apptest.World) []web.Route {
	server, ok := w.Handler().(*web.Server)
	if !ok {
		panic("the handler is not web.Server")
	}
	return server.Routes()
}

// TestEveryRouteAsEveryRole walks the whole route table as each role. A role without the route's permission is
// refused with 403 before anything is looked up, or with 404 at the addresses of a case; a role with it is never told to
// sign in or that it may not.
func TestEveryRouteAsEveryRole(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	table := routes(w)
	for _, role := range authz.Roles {
		u := w.User("User "+string(role), role)
		b := w.SignIn(u)
		for _, r := range table {
			if strings.HasPrefix(r.Pattern, "/api/") || endsSession(r) {
				continue
			}
			name := fmt.Sprintf("%s %s as %s", r.Method, r.Pattern, role)
			got := b.Send(r.Method, fill(r.Pattern), "application/x-www-form-urlencoded", strings.NewReader(""))
			allowed, refusal := u.Actor().May(r.Permission), http.StatusForbidden
			if strings.HasPrefix(r.Pattern, path.Cases+"/{id}") {
				refusal = http.StatusNotFound
			}
			switch {
			case got.Status >= 500:
				t.Errorf("%s: status %d", name, got.Status)
			case !allowed && got.Status != refusal:
				t.Errorf("%s: status %d, want %d", name, got.Status, refusal)
			case allowed && got.Status == http.StatusForbidden && !strings.Contains(got.Body, "<h1"):
				t.Errorf("%s: refused although the role holds %s", name, r.Permission)
			case allowed && strings.HasPrefix(got.Header.Get("Location"), path.SignIn):
				t.Errorf("%s: told to sign in", name)
			}
		}
	}
}

// TestAVisitorReachesOnlyTheEntrance: without a session every route leads to the sign-in page and says nothing of
// whether its subject exists; under /api the answer is 401.
func TestAVisitorReachesOnlyTheEntrance(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	open := map[string]bool{path.SignIn: true, path.SignIn + "/link/{secret}": true, path.Health: true, path.Ready: true,
		path.SSO: true, path.SSOCallback: true, path.SSOLogout: true}
	for _, r := range routes(w) {
		if (r.Permission == authz.Public) != open[r.Pattern] {
			t.Errorf("%s %s: permission %q", r.Method, r.Pattern, r.Permission)
		}
		if open[r.Pattern] {
			continue
		}
		got := w.Visitor().Send(r.Method, fill(r.Pattern), "application/x-www-form-urlencoded", strings.NewReader(""))
		switch {
		case strings.HasPrefix(r.Pattern, "/api/"):
			if got.Status != http.StatusUnauthorized {
				t.Errorf("%s %s: status %d, want 401", r.Method, r.Pattern, got.Status)
			}
		case got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), path.SignIn):
			t.Errorf("%s %s: status %d to %q, want the sign-in page", r.Method, r.Pattern, got.Status, got.Header.Get("Location"))
		}
	}
	for _, nowhere := range []string{"/nowhere", "/candidates/" + id.New() + "/nowhere", "/dev/components"} {
		if got := w.Visitor().Get(nowhere); got.Status != http.StatusSeeOther {
			t.Errorf("GET %s: status %d, want a redirect to sign in", nowhere, got.Status)
		}
	}
}

// TestEveryRouteNeedsAPermission: an empty one would be a hole, and New panics on it; the table has no doubles.
func TestRouteTableIsSound(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range routes(apptest.New(t)) {
		key := r.Method + " " + r.Pattern
		if seen[key] {
			t.Errorf("%s stands twice in the table", key)
		}
		seen[key] = true
		if r.Permission == "" || r.Handler == nil {
			t.Errorf("%s has no permission or no handler", key)
		}
	}
}

func TestWritesFromAnotherSiteAreRefused(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	b := w.SignIn(w.User("Ada Admin", authz.Administrator))
	req, err := http.NewRequest(http.MethodPost, w.URL+path.Users, strings.NewReader("name=x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://elsewhere.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("status %d, want 403", resp.StatusCode)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	u := w.User("Ada Admin", authz.Administrator)
	t.Run("leads back to where one was", func(t *testing.T) {
		b := w.Visitor()
		got := b.Get(path.Users + "?x=1")
		if want := path.SignIn + "?next=%2Fadmin%2Fusers%3Fx%3D1"; got.Header.Get("Location") != want {
			t.Fatalf("sent to %q, want %q", got.Header.Get("Location"), want)
		}
		got = b.Post(path.SignIn, url.Values{"email": {u.Email}, "password": {apptest.Password}, "next": {"/admin/users?x=1"}})
		if got.Header.Get("Location") != "/admin/users?x=1" {
			t.Errorf("sent to %q", got.Header.Get("Location"))
		}
	})
	t.Run("never leads to another site", func(t *testing.T) {
		for _, next := range []string{"https://elsewhere.example", "//elsewhere.example", `/\elsewhere.example`, "javascript:alert(1)", "/\t/elsewhere.example"} {
			got := w.Visitor().Post(path.SignIn, url.Values{"email": {u.Email}, "password": {apptest.Password}, "next": {next}})
			if got.Header.Get("Location") != path.Today {
				t.Errorf("next=%q sent to %q", next, got.Header.Get("Location"))
			}
		}
	})
	t.Run("keeps the address and says nothing of which part was wrong", func(t *testing.T) {
		wrong := w.Visitor().Post(path.SignIn, url.Values{"email": {u.Email}, "password": {"not the password"}})
		unknown := w.Visitor().Post(path.SignIn, url.Values{"email": {"nobody@example.com"}, "password": {"not the password"}})
		for _, got := range []apptest.Page{wrong, unknown} {
			if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "The e-mail address or the password is not right.") {
				t.Errorf("status %d", got.Status)
			}
		}
		if !strings.Contains(wrong.Body, u.Email) {
			t.Error("the typed address is gone")
		}
	})
	t.Run("signing out ends the session on the server", func(t *testing.T) {
		b := w.SignIn(u)
		cookies := b.Jar.Cookies(mustParse(t, w.URL))
		b.Post(path.SignOut, nil)
		stale := w.Visitor()
		stale.Jar.SetCookies(mustParse(t, w.URL), cookies)
		if got := stale.Get(path.Users); got.Status != http.StatusSeeOther {
			t.Errorf("the old cookie still works: status %d", got.Status)
		}
	})
}

func TestSignInIsLimited(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	u := w.User("Ada Admin", authz.Administrator)
	for range 30 {
		got := w.Visitor().Post(path.SignIn, url.Values{"email": {u.Email}, "password": {"wrong"}})
		if got.Status == http.StatusTooManyRequests {
			if got.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			return
		}
	}
	t.Error("thirty wrong passwords in a row were all answered")
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
