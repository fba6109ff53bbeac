package library_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"gatehouse/internal/catalogue"
	"gatehouse/web/library"
	"gatehouse/web/path"
)

func serve(t *testing.T) (http.Handler, *catalogue.Edition) {
	t.Helper()
	lib, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	h := library.New(lib)
	router := chi.NewRouter()
	handle := func(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
			}
		}
	}
	router.Get(path.Library, handle(h.Index))
	router.Get(path.Library+"/{id}", handle(h.Show))
	return router, lib.Current()
}

func get(t *testing.T, h http.Handler, url string, header ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, url, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

var libraryLink = regexp.MustCompile(`href="(/library/[^"?#]+)"`)

// TestEveryEntryHasAPageAndNoLinkLeadsNowhere opens every entry and every section.
func TestEveryEntryHasAPageAndNoLinkLeadsNowhere(t *testing.T) {
	h, ed := serve(t)
	known := map[string]bool{}
	for _, item := range ed.Items() {
		known[path.LibraryItem(item.ID)] = true
	}
	pages := []string{path.Library, path.LibraryExcluded}
	for _, section := range []string{"signals", "playbook", "controls", "levels", "liveness", "channels", "stages", "dossier",
		"risks", "scenarios", "learn", "profile", "reading", "coverage", "sources"} {
		pages = append(pages, path.Library+"?section="+section)
	}
	for p := range known {
		pages = append(pages, p)
	}
	for _, p := range pages {
		status, body := get(t, h, p)
		if status != http.StatusOK || strings.Count(body, "<h1") != 1 {
			t.Errorf("%s: status %d, %d headings", p, status, strings.Count(body, "<h1"))
		}
		for _, m := range libraryLink.FindAllStringSubmatch(body, -1) {
			if !known[m[1]] {
				t.Errorf("%s leads to %s, which is nothing", p, m[1])
			}
		}
	}
}

// TestEveryEntryIsInItsSection: whoever browses instead of searching finds everything too.
func TestEveryEntryIsInItsSection(t *testing.T) {
	h, ed := serve(t)
	all := ""
	for _, section := range []string{"checks", "signals", "playbook", "controls", "levels", "liveness", "channels", "stages",
		"dossier", "risks", "scenarios", "learn", "profile", "reading", "excluded", "sources"} {
		_, body := get(t, h, path.Library+"?section="+section)
		all += body
	}
	for _, item := range ed.Items() {
		if !strings.Contains(all, `href="`+path.LibraryItem(item.ID)+`"`) {
			t.Errorf("%s is in no section", item.ID)
		}
	}
}

func TestACheckSaysWhatTheCatalogueSays(t *testing.T) {
	h, ed := serve(t)
	c, _ := ed.Check("check-place-photo")
	_, body := get(t, h, path.LibraryItem(c.ID))
	for _, want := range []string{c.Title, c.Question, c.Concern, c.RedFlag, c.FalsePositives, "Decisive", "Legal note",
		"Live call", ed.Meta.Version, "Story 3", path.LibraryItem("stage-employed"), path.LibraryItem("claim-location")} {
		if !strings.Contains(body, strings.ReplaceAll(want, "'", "&#39;")) {
			t.Errorf("missing: %s", want)
		}
	}
}

func TestSearchAnswersAFragmentOrAPage(t *testing.T) {
	h, _ := serve(t)
	status, whole := get(t, h, path.Library+"?q=mouse+jiggler")
	if status != http.StatusOK || !strings.Contains(whole, "<!doctype") && !strings.Contains(whole, "<!DOCTYPE") {
		t.Errorf("the page: status %d", status)
	}
	_, part := get(t, h, path.Library+"?q=mouse+jiggler", "HX-Request", "true")
	if strings.Contains(part, "<html") || !strings.Contains(part, path.LibraryItem("signal-mouse-jiggler")) {
		t.Errorf("the fragment: %.200s", part)
	}
	_, none := get(t, h, path.Library+"?q=zzzzz")
	if !strings.Contains(none, "Nothing has all these words") {
		t.Error("no word about an empty result")
	}
}

func TestFiltersNarrow(t *testing.T) {
	h, ed := serve(t)
	_, body := get(t, h, path.Library+"?section=checks&group=camera&strength=strong")
	for _, c := range ed.Checks {
		there := strings.Contains(body, `href="`+path.LibraryItem(c.ID)+`"`)
		if want := c.Group == "camera" && c.Strength == "strong"; there != want {
			t.Errorf("%s: shown %v", c.ID, there)
		}
	}
}
