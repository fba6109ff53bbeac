package journeys

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/web/path"
)

// reader is somebody whose browser runs no script: pages are fetched, forms filled in by their labels and sent, and
// redirects followed.
type reader struct {
	*apptest.Browser
	w    *world
	t    *testing.T
	name string
	at   string // path and query of the page
	page *html.Node
	// last is the answer to the last request, redirects followed.
	last apptest.Page
}

// plainly signs a user in through the form, without a script.
func (w *world) plainly(u account.User) *reader {
	w.t.Helper()
	return w.plainlyWith(u, apptest.Password)
}

// plainlyWith is plainly for users with another password than the usual one.
func (w *world) plainlyWith(u account.User, password string) *reader {
	w.t.Helper()
	r := &reader{Browser: w.Visitor(), w: w, t: w.t, name: u.Name}
	r.open(path.SignIn)
	r.send("Sign in", "E-mail address", u.Email, "Password", password)
	if r.at != path.Today {
		r.t.Fatalf("%s stands at %s after signing in", r.name, r.at)
	}
	return r
}

// open fetches a page that must be there.
func (r *reader) open(page string) {
	r.t.Helper()
	r.take(page, r.Get(page))
	if r.last.Status != http.StatusOK {
		r.t.Fatalf("%s opens %s: status %d\n%.1500s", r.name, page, r.last.Status, r.words())
	}
}

// take reads an answer, after following where it leads.
func (r *reader) take(asked string, p apptest.Page) {
	r.t.Helper()
	for p.Status == http.StatusSeeOther {
		asked = p.Header.Get("Location")
		p = r.Get(asked)
	}
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		r.t.Fatalf("%s: %v", asked, err)
	}
	asked, _, _ = strings.Cut(asked, "#")
	r.at, r.page, r.last = asked, doc, p
}

// words are what the page's main part says.
func (r *reader) words() string {
	if main := first(r.page, "main"); main != nil {
		return textOf(main)
	}
	return textOf(r.page)
}

func (r *reader) sees(texts ...string) {
	r.t.Helper()
	said := strings.ToLower(textOf(r.page))
	for _, text := range texts {
		if !strings.Contains(said, strings.ToLower(text)) {
			r.t.Fatalf("%s at %s (status %d) does not read %q:\n%.3000s", r.name, r.at, r.last.Status, text, r.words())
		}
	}
}

// follow opens the first link with the text.
func (r *reader) follow(text string) {
	r.t.Helper()
	for _, a := range all(r.page, "main a[href]") {
		if strings.HasPrefix(strings.ToLower(nameOf(a)), strings.ToLower(text)) {
			r.open(attr(a, "href"))
			return
		}
	}
	r.t.Fatalf("%s finds no link %q at %s:\n%.3000s", r.name, text, r.at, r.words())
}

// send presses a button of a form filled in with pairs of label and value; the value of a radio button or checkbox
// is "on" or "off". It fails unless the form is accepted.
func (r *reader) send(button string, pairs ...string) {
	r.t.Helper()
	if status := r.try(button, pairs...); status != http.StatusOK {
		r.t.Fatalf("%s sends %q at %s: status %d\n%.3000s", r.name, button, r.at, status, r.words())
	}
}

// try is send for a form that may be refused; it gives the status of the answer.
func (r *reader) try(button string, pairs ...string) int {
	r.t.Helper()
	form, pressed := r.formOf(button, pairs)
	action := attr(form, "action")
	if own := attr(pressed, "formaction"); own != "" {
		action = own
	}
	values, file := r.fill(form, pressed, pairs)
	if attr(form, "enctype") == "multipart/form-data" {
		contentType, body := r.multipart(values, file)
		r.take(action, r.Send(http.MethodPost, action, contentType, body))
		return r.last.Status
	}
	if strings.EqualFold(attr(form, "method"), "post") {
		r.take(action, r.Post(action, values))
		return r.last.Status
	}
	r.take(action, r.Get(action+"?"+values.Encode()))
	return r.last.Status
}

// formOf finds the first form with the button that has a field for each label.
func (r *reader) formOf(button string, pairs []string) (form, pressed *html.Node) {
	r.t.Helper()
	for _, b := range all(r.page, "button") {
		if !strings.EqualFold(nameOf(b), button) || attr(b, "type") == "button" {
			continue
		}
		f := ownerOf(r.page, b)
		if f == nil {
			continue
		}
		fits := true
		for i := 0; i < len(pairs); i += 2 {
			fits = fits && control(r.page, f, pairs[i]) != nil
		}
		if fits {
			return f, b
		}
	}
	r.t.Fatalf("%s finds no form with the button %q and the fields %q at %s:\n%.3000s", r.name, button, pairs, r.at, r.words())
	return nil, nil
}

// fill gives what the form sends: what the page put into it, and what is filled in.
func (r *reader) fill(form, pressed *html.Node, pairs []string) (url.Values, *html.Node) {
	r.t.Helper()
	set := map[*html.Node]string{}
	for i := 0; i < len(pairs); i += 2 {
		c := control(r.page, form, pairs[i])
		set[c] = pairs[i+1]
		if attr(c, "type") == "radio" {
			for _, other := range all(form, `input[type=radio]`) {
				if other != c && attr(other, "name") == attr(c, "name") {
					set[other] = "off"
				}
			}
		}
	}
	values := url.Values{}
	var file *html.Node
	for _, c := range all(r.page, "input, select, textarea") {
		name := attr(c, "name")
		if name == "" || ownerOf(r.page, c) != form || has(c, "disabled") {
			continue
		}
		value, filled := set[c]
		switch {
		case attr(c, "type") == "file":
			file = c
		case attr(c, "type") == "radio" || attr(c, "type") == "checkbox":
			if filled && value == "on" || !filled && has(c, "checked") {
				values.Add(name, attr(c, "value"))
			}
		case c.Data == "select":
			values.Add(name, r.option(c, value, filled))
		case filled:
			values.Add(name, value)
		case c.Data == "textarea":
			values.Add(name, textOf(c))
		default:
			values.Add(name, attr(c, "value"))
		}
	}
	if name := attr(pressed, "name"); name != "" {
		values.Add(name, attr(pressed, "value"))
	}
	return values, file
}

// option is the value of the option that begins with the text, or the one that the page chose.
func (r *reader) option(list *html.Node, text string, filled bool) string {
	r.t.Helper()
	options := all(list, "option")
	for _, o := range options {
		if filled && strings.HasPrefix(strings.ToLower(textOf(o)), strings.ToLower(text)) || !filled && has(o, "selected") {
			return attr(o, "value")
		}
	}
	if filled || len(options) == 0 {
		r.t.Fatalf("%s finds no option %q at %s", r.name, text, r.at)
	}
	return attr(options[0], "value")
}

// multipart writes the form with an empty file, as a browser does when none is chosen.
func (r *reader) multipart(values url.Values, file *html.Node) (string, *bytes.Buffer) {
	r.t.Helper()
	body := &bytes.Buffer{}
	out := multipart.NewWriter(body)
	for name, list := range values {
		for _, value := range list {
			must(r.t, out.WriteField(name, value))
		}
	}
	if file != nil {
		_, err := out.CreateFormFile(attr(file, "name"), "")
		must(r.t, err)
	}
	must(r.t, out.Close())
	return out.FormDataContentType(), body
}

// control finds a form's field by the beginning of its label.
func control(page, form *html.Node, label string) *html.Node {
	var found *html.Node
	for _, l := range all(page, "label") {
		said := strings.ToLower(textOf(l))
		if !strings.HasPrefix(said, strings.ToLower(label)) {
			continue
		}
		c := first(l, "input, select, textarea")
		if id := attr(l, "for"); id != "" {
			c = first(page, "#"+cssEscape(id))
		}
		if c == nil || ownerOf(page, c) != form {
			continue
		}
		if said == strings.ToLower(label) {
			return c
		}
		if found == nil {
			found = c
		}
	}
	return found
}

// cssEscape writes an id so that a selector can name it.
func cssEscape(id string) string {
	var b strings.Builder
	for i, r := range id {
		if r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' && i > 0 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\%x `, r)
		}
	}
	return b.String()
}

// ownerOf is the form that a control belongs to: the one it names, or the one around it.
func ownerOf(page, c *html.Node) *html.Node {
	if id := attr(c, "form"); id != "" {
		return first(page, "form#"+cssEscape(id))
	}
	for n := c.Parent; n != nil; n = n.Parent {
		if n.Data == "form" {
			return n
		}
	}
	return nil
}

func all(n *html.Node, css string) []*html.Node {
	return cascadia.QueryAll(n, cascadia.MustCompile(css))
}

func first(n *html.Node, css string) *html.Node { return cascadia.Query(n, cascadia.MustCompile(css)) }

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// nameOf is what a button or link is called.
func nameOf(n *html.Node) string {
	if label := attr(n, "aria-label"); label != "" {
		return label
	}
	return textOf(n)
}

// textOf is the text below a node with its spaces tidied, without what only a script shows.
func textOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "template" || strings.Contains(" "+attr(n, "class"), " js-only")) {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && !strings.Contains(" b i em strong code abbr time ", " "+n.Data+" ") {
			b.WriteByte(' ')
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}
