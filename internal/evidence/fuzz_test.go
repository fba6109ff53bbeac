package evidence

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/internal/platform/id"
)

// FuzzTidyLink looks for a link that people would be offered to open and that is no address of the web.
func FuzzTidyLink(f *testing.F) {
	for _, s := range []string{"https://example.com/a?b#c", " http://example.com ", "javascript:alert(1)", "https://a:b@c.d", "https://:80", "//x", "https://exa\nmple.com", "https://[::1]:8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		link, err := tidyLink(raw)
		if err != nil {
			return
		}
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || len(link) > maxURL || strings.ContainsFunc(link, unprintable) {
			t.Errorf("%q is taken as %q: %+v", raw, link, u)
		}
	})
}

// FuzzSubject looks for a subject whose root is no id, and for a text that is taken though no database stores it.
func FuzzSubject(f *testing.F) {
	f.Add(OnDossier, "0192f0c1-7b3a-7cde-8123-456789abcdef/field-x", "title")
	f.Add("person", "/", "\x00")
	f.Add("", "0192F0C1-7b3a-7cde-8123-456789abcdef/", "\xff")
	f.Fuzz(func(t *testing.T, kind, subject, title string) {
		s := Subject{Kind: kind, ID: subject}
		if root, ok := s.root(); ok {
			if parsed, err := id.Parse(root); err != nil || parsed != root {
				t.Errorf("%q has the root %q", subject, root)
			}
		}
		a := Add{PersonID: subject, Kind: "document", Title: title, Subjects: []Subject{s}}
		if a.tidy() == nil && (s.inCase() || a.Title == "" || strings.ContainsRune(a.Title, 0)) {
			t.Errorf("taken: %+v", a)
		}
		if text, err := tidyText(title); err == nil && (text == "" || !utf8.ValidString(text) || len(text) > maxText) {
			t.Errorf("taken: %q", text)
		}
	})
}
