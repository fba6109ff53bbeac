package dashboard

import (
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/platform/db"
)

// FuzzNewView looks for a view that is kept with a filter that is another once it is opened.
func FuzzNewView(f *testing.F) {
	f.Add(string(ViewCandidates), "Mine", "q=ada&after=x&before=y")
	f.Add("nowhere", " a  b ", "%zz;&=")
	f.Fuzz(func(t *testing.T, page, name, query string) {
		n := NewView{Page: ViewPage(page), Name: name, Query: query}
		if n.tidy() != nil {
			return
		}
		once := n
		if err := n.tidy(); err == nil && n != once {
			t.Errorf("%+v became %+v", once, n)
		}
		v, err := url.ParseQuery(n.Query)
		if err != nil || v.Has("after") || v.Has("before") || strings.ContainsAny(n.Query, "\r\n\x00 #") {
			t.Errorf("kept: %q, %v", n.Query, err)
		}
	})
}

// FuzzLikeWords looks for a search that grows beyond reason.
func FuzzLikeWords(f *testing.F) {
	for _, s := range []string{"ada berg", `%_\`, strings.Repeat("x ", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var w db.Where
		likeWords(&w, "j.title", s)
		if len(w.Args) > 10 {
			t.Errorf("%d patterns", len(w.Args))
		}
	})
}
