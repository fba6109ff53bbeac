package layout_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"gatehouse/internal/browsertest"
	"gatehouse/static"
	"gatehouse/web/layout"
	"gatehouse/web/ui"
)

// policy is the strictest the application is served under.
const policy = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"

var nav = []layout.NavGroup{
	{Items: []layout.NavItem{{Section: "today", Label: "Today", Href: "/", Icon: ui.IconCalendarEvent, Waiting: 4}}},
	{Label: "Hiring", Items: []layout.NavItem{
		{Section: "board", Label: "Board", Href: "/board", Icon: ui.IconLayoutKanban},
		{Section: "candidates", Label: "Candidates", Href: "/candidates", Icon: ui.IconUsers},
		{Section: "interviews", Label: "Interviews", Href: "/interviews", Icon: ui.IconClipboardList, Waiting: 2},
		{Section: "jobs", Label: "Jobs", Href: "/jobs", Icon: ui.IconBriefcase},
	}},
	{Label: "Workforce", Items: []layout.NavItem{
		{Section: "people", Label: "People", Href: "/people", Icon: ui.IconId},
		{Section: "signals", Label: "Signals", Href: "/signals", Icon: ui.IconActivity},
	}},
	{Label: "Response", Items: []layout.NavItem{{Section: "cases", Label: "Cases", Href: "/cases", Icon: ui.IconShieldLock, Waiting: 1}}},
	{Label: "Insights", Items: []layout.NavItem{
		{Section: "risk", Label: "Hiring risk", Href: "/insights/risk", Icon: ui.IconChartBar},
		{Section: "response", Label: "Response", Href: "/insights/response", Icon: ui.IconGauge},
		{Section: "controls", Label: "Controls", Href: "/controls", Icon: ui.IconChecklist},
	}},
	{Label: "Organisation", Items: []layout.NavItem{
		{Section: "library", Label: "Library", Href: "/library", Icon: ui.IconBook2},
		{Section: "admin", Label: "Admin", Href: "/admin", Icon: ui.IconSettings},
	}},
}

func frame(r *http.Request) layout.Frame {
	f := layout.Frame{
		Person: layout.Person{Name: "Ines Duarte", Role: "Security lead"},
		Nav:    nav,
		Inbox:  3,
		Links:  layout.Links{Home: "/", Search: "/search", Inbox: "/inbox", Account: "/account", SignOut: "/signout", Help: "/help"},
		Flash:  &layout.Flash{Tone: ui.Good, Message: "Candidate added.", Undo: "/undo"},
	}
	if c, err := r.Cookie(layout.ThemeCookie); err == nil {
		f.Theme = layout.ParseTheme(c.Value)
	}
	return f
}

// serve runs the gallery as the application would: framed, with its policy.
func serve(t *testing.T) string {
	t.Helper()
	page := layout.Page{Title: "Components", Section: "candidates", Crumbs: []ui.Crumb{{Label: "Development", Href: "/"}, {Label: "Components"}}}
	mux := http.NewServeMux()
	mux.Handle("GET "+static.Prefix, static.Handler())
	mux.HandleFunc("GET /search", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<h3>People</h3><ul><li><a href="/gallery#found">Robin Ek <small>Candidate</small></a></li><li><a href="/gallery#second">Robin Vale</a></li></ul>`)
	})
	show := func(body templ.Component, in func(layout.Page) templ.Component) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			ctx := templ.WithChildren(layout.WithFrame(r.Context(), frame(r)), body)
			if err := in(page).Render(ctx, w); err != nil {
				t.Error(err)
			}
		}
	}
	mux.HandleFunc("GET /gallery", show(ui.Gallery(), layout.Shell))
	mux.HandleFunc("GET /bare", show(ui.PageHeader(ui.Header{Title: "Sign in"}), layout.Bare))
	mux.HandleFunc("GET /print", show(ui.PageHeader(ui.Header{Title: "Report"}), layout.Print))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestGalleryLooksRightEverywhere(t *testing.T) {
	t.Parallel()
	url := serve(t)
	page := browsertest.New(t).Page()
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int{1440, 390, 360} {
			page.SetViewport(width, 900)
			page.Goto(url + "/gallery")
			page.SetTheme(theme)
			page.MustNotScrollSideways()
			if n := browsertest.Eval[int](page, `new Set([...document.querySelectorAll(".step small")].map((note) => note.getBoundingClientRect().top)).size`); n != 1 {
				t.Errorf("%s, %d pixels: the notes under the steps stand at %d heights, want one", theme, width, n)
			}
			if width != 360 { // the narrowest differs in nothing that axe sees
				page.MustBeAccessible()
			}
			if width < 992 {
				page.MustBeTouchable()
			}
			if dir := os.Getenv("GATEHOUSE_SCREENSHOTS"); dir != "" {
				page.Screenshot(filepath.Join(dir, fmt.Sprintf("gallery-%s-%d.png", theme, width)))
			}
		}
	}
	for _, path := range []string{"/bare", "/print"} {
		page.Goto(url + path)
		page.MustBeAccessible()
		page.MustNotScrollSideways()
	}
}

func contains(s, part string) bool { return strings.Contains(s, part) }
