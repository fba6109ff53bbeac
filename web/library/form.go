package library

import (
	"net/http"
	"net/url"
	"slices"

	"gatehouse/internal/catalogue"
	"gatehouse/web/path"
	"gatehouse/web/request"
)

// query is the state of the index as its address spells it.
type query struct {
	Text     string
	Section  string
	Group    string
	Strength string
}

// maxText bounds a search; nobody types more.
const maxText = 100

func parseQuery(r *http.Request) query {
	q := query{Text: request.Text(r, "q"), Section: r.FormValue("section")}
	if text := []rune(q.Text); len(text) > maxText {
		q.Text = string(text[:maxText])
	}
	if !slices.ContainsFunc(sections, func(s section) bool { return s.name == q.Section }) {
		q.Section = sections[0].name
	}
	if g := catalogue.Group(r.FormValue("group")); slices.Contains(catalogue.Groups(), g) {
		q.Group = string(g)
	}
	if s := catalogue.Strength(r.FormValue("strength")); s.Rank() >= 0 {
		q.Strength = string(s)
	}
	return q
}

// url is the index in that state.
func (q query) url() string {
	v := url.Values{}
	for name, value := range map[string]string{"q": q.Text, "section": q.Section, "group": q.Group, "strength": q.Strength} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return path.LibraryWhere(v)
}
