package app_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
	"gatehouse/web/path"
)

// TestASlashTooManyLeadsToThePage: an address that ends in a slash leads to the page without it, with its query, and
// never to another site.
func TestASlashTooManyLeadsToThePage(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	hr := w.SignIn(w.User("Hanna Reyes", authz.HR))
	person := id.New()
	for from, want := range map[string]string{
		"/candidates/":                    path.Candidates,
		"/candidates//":                   path.Candidates,
		"/candidates/?q=a%26b&band=high":  path.Candidates + "?q=a%26b&band=high",
		"/candidates/" + person + "/":     path.Candidate(person),
		"/candidates/" + person + "/?a=/": path.Candidate(person) + "?a=/",
	} {
		if p := hr.Get(from); p.Status != http.StatusMovedPermanently || p.Header.Get("Location") != want {
			t.Errorf("%s: status %d to %q, want %q", from, p.Status, p.Header.Get("Location"), want)
		}
	}
	for _, nowhere := range []string{"/nonsense/", "//evil.example/", "//evil.example/candidates/", "/%2Fevil.example/", "/%5Cevil.example/", "/candidates/%0A/"} {
		if p := hr.Get(nowhere); p.Status != http.StatusNotFound || p.Header.Get("Location") != "" {
			t.Errorf("%s: status %d to %q", nowhere, p.Status, p.Header.Get("Location"))
		}
	}
	if p := hr.Post("/candidates/", nil); p.Status != http.StatusNotFound {
		t.Errorf("a write: status %d", p.Status)
	}
	if p := w.Visitor().Get("/candidates/"); !strings.HasPrefix(p.Header.Get("Location"), path.SignIn) {
		t.Errorf("a visitor is led to %q", p.Header.Get("Location"))
	}
}
