package app_test

import (
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/app/apptest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/id"
)

// reads finds the names of fields where the pages' code reads them.
var reads = regexp.MustCompile(`(?:Text|FormValue|PostFormValue|IDs|dayOf|number|bounded|chosen|Get)\((?:w, )?(?:r, )?"([a-z_]+)"\)|Form\["([a-z_]+)"\]`)

// fieldNames are all that some handler reads.
func fieldNames(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("../../web", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, m := range reads.FindAllStringSubmatch(string(content), -1) {
			names[m[1]+m[2]] = true
		}
		return err
	})
	if err != nil || len(names) < 50 {
		t.Fatalf("%d names, %v", len(names), err)
	}
	return slices.Sorted(maps.Keys(names))
}

// TestNoFieldBreaksARoute sends every form of one's own with nonsense in its fields: in all of them, and in one that would name
// something while the others are as they should be. Whatever is wrong with it, it is the sender's mistake and no fault of the server.
func TestNoFieldBreaksARoute(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	everything := w.User("Somebody", authz.Roles...)
	mine, b := arrange(t, w, hire(w, "Staff"), everything), w.SignIn(everything)
	good := url.Values{"version": {"1"}, "item": {"0"}, "mark": {"on"}, "explanation": {"Because."}, "reason": {"Because."}, "note": {"As seen."}, "name": {"Robin"}, "title": {"Engineer"},
		"level": {"level-verified"}, "channel": {"channel-public-application"}, "value": {"x"}, "body": {"A note."}, "state": {"explained"}, "to": {"stopped"},
		"function": {"lead"}, "sees": {"whole"}, "check": {mine.check}, "answer": {"clear"}, "verdict": {"clear"}, "starts": {"2030-01-01T10:00"}, "minutes": {"30"}, "place": {"Room 1"}}
	all := url.Values{}
	for _, name := range fieldNames(t) {
		all.Set(name, "1' OR \x00\xff")
	}
	var naming []string
	for _, name := range fieldNames(t) {
		if _, known := good[name]; !known || name == "check" {
			naming = append(naming, name)
		}
	}
	for _, r := range gently(routes(w)) {
		if r.Method != http.MethodPost || endsSession(r) || strings.HasSuffix(r.Pattern, "/end") || strings.HasPrefix(r.Pattern, "/api/") {
			continue
		}
		to := r.Pattern
		if k, named := kindOf(t, r.Pattern); named {
			to = filled(r.Pattern, k.of(mine))
		}
		forms := []url.Values{all}
		for _, odd := range []string{"nonsense", id.New()} {
			form := maps.Clone(good)
			for _, name := range naming {
				form.Set(name, odd)
			}
			forms = append(forms, form)
		}
		for _, name := range []string{"evidence", "flags", "owner", "user_id", "manager", "interviewers", "job", "referrer", "items", "kit"} {
			form := maps.Clone(good)
			form.Set(name, "nonsense")
			forms = append(forms, form)
		}
		for _, form := range forms {
			if got := b.Post(to, form); got.Status >= http.StatusInternalServerError {
				t.Errorf("POST %s: status %d for %v", r.Pattern, got.Status, form)
				break
			}
		}
	}
}
