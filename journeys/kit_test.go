package journeys

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/app/apptest"
	"gatehouse/internal/browsertest"
	"gatehouse/internal/platform/authz"
	"gatehouse/internal/platform/config"
	"gatehouse/web/path"
)

// running is the one browser of all journeys, once the first has started it.
var running *browsertest.Process

var chromium = sync.OnceValues(func() (*browsertest.Process, error) {
	var err error
	running, err = browsertest.Launch()
	return running, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if running != nil {
		running.Close()
	}
	os.Exit(code)
}

// world is an installation with a browser beside it.
type world struct {
	*apptest.World
	t       *testing.T
	browser *browsertest.Browser
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldWith(t, func(string, *config.Config) {})
}

// worldWith is newWorld with another configuration, as apptest.With takes it.
func worldWith(t *testing.T, set func(url string, cfg *config.Config)) *world {
	t.Helper()
	t.Parallel()
	p, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	return &world{World: apptest.With(t, set), t: t, browser: p.For(t)}
}

// title is what the catalogue calls an item, as pages show it.
func (w *world) title(id string) string {
	w.t.Helper()
	item, known := w.Features.Catalogue.Current().Item(id)
	if !known {
		w.t.Fatalf("the catalogue has no %s", id)
	}
	return item.Title
}

// settle does the background work that is due now rather than in some seconds.
func (w *world) settle() {
	w.t.Helper()
	for _, do := range []func(context.Context) error{w.Features.Signals.TakeUp, w.Features.Dashboards.Fold, w.Features.Dashboards.CompareJobs} {
		if err := do(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// desk is somebody at a screen, with a browser window of their own.
type desk struct {
	*browsertest.Page
	w    *world
	user account.User
}

// arrive adds a user and signs them in through the form.
func (w *world) arrive(name string, roles ...authz.Role) *desk {
	w.t.Helper()
	return w.sit(w.User(name, roles...))
}

// sit signs a user in through the form, in a new window.
func (w *world) sit(u account.User) *desk {
	w.t.Helper()
	d := &desk{Page: w.browser.Page(), w: w, user: u}
	d.signIn(apptest.Password)
	return d
}

// signIn fills in the form for signing in.
func (d *desk) signIn(password string) {
	d.w.t.Helper()
	d.open(path.SignIn)
	d.write("E-mail address", d.user.Email)
	d.write("Password", password)
	d.follow("Sign in")
	d.at(path.Today)
}

// open goes to a page of the server.
func (d *desk) open(page string) {
	d.w.t.Helper()
	d.Goto(d.w.URL + page)
}

// here is the path and query of the page that is open.
func (d *desk) here() string {
	d.w.t.Helper()
	return browsertest.Eval[string](d.Page, `location.pathname + location.search`)
}

// at fails the test unless the page with this path is open.
func (d *desk) at(page string) {
	d.w.t.Helper()
	if here, _, _ := strings.Cut(d.here(), "?"); here != page {
		d.w.t.Fatalf("%s stands at %s, not %s:\n%.1500s", d.user.Name, here, page, d.words())
	}
}

// words are what the page shows.
func (d *desk) words() string {
	d.w.t.Helper()
	return browsertest.Eval[string](d.Page, `document.body.innerText`)
}

// sees waits until the page shows each text, whatever its case and spacing are.
func (d *desk) sees(texts ...string) {
	d.w.t.Helper()
	for _, text := range texts {
		d.WaitUntil(look("says(%q)", text))
	}
}

// misses fails the test when the page shows one of the texts.
func (d *desk) misses(texts ...string) {
	d.w.t.Helper()
	for _, text := range texts {
		if browsertest.Eval[bool](d.Page, look("says(%q)", text)) {
			d.w.t.Errorf("%s reads %q at %s", d.user.Name, text, d.here())
		}
	}
}

// press presses a button or link by its name; the page stays.
func (d *desk) press(name string) {
	d.w.t.Helper()
	d.clickOn("act", name)
}

// follow presses a button or link and waits for the page it leads to.
func (d *desk) follow(name string) {
	d.w.t.Helper()
	d.leave()
	d.clickOn("leads", name)
	d.arrived()
}

// confirm presses a button that asks whether one is sure, says yes, and waits for the next page.
func (d *desk) confirm(name string) {
	d.w.t.Helper()
	d.clickOn("act", name)
	d.WaitFor("#confirm[open]")
	d.leave()
	d.Click("#confirm [data-confirm-yes]")
	d.arrived()
}

// leave marks the page, so that arrived knows a new one.
func (d *desk) leave() {
	d.w.t.Helper()
	browsertest.Eval[bool](d.Page, `document.documentElement.dataset.old = "1", true`)
}

func (d *desk) arrived() {
	d.w.t.Helper()
	d.WaitUntil(`!document.documentElement.dataset.old && document.readyState === "complete"`)
}

// tick chooses a radio button or a checkbox by the beginning of its label.
func (d *desk) tick(label string) {
	d.w.t.Helper()
	d.clickOn("choice", label)
}

// write fills in a field by the beginning of its label.
func (d *desk) write(label, value string) {
	d.w.t.Helper()
	d.WaitUntil(look("write(%q, %q)", label, value))
}

// choose picks from a list by the beginnings of its label and of the option.
func (d *desk) choose(label, option string) {
	d.w.t.Helper()
	d.WaitUntil(look("choose(%q, %q)", label, option))
}

// attach chooses files in a file field by the beginning of its label.
func (d *desk) attach(label string, files ...string) {
	d.w.t.Helper()
	d.mark("field", label)
	d.Upload("[data-found]", files...)
}

// clickOn presses what the finder finds, with the mouse.
func (d *desk) clickOn(kind, name string) {
	d.w.t.Helper()
	d.mark(kind, name)
	d.Click("[data-found]")
}

func (d *desk) mark(kind, name string) {
	d.w.t.Helper()
	d.WaitUntil(look("mark(%q, %q)", kind, name))
}

// within keeps what follows to the innermost part of the page (a card, a row, a list entry, a form) that holds the
// text; a call with no text widens it again.
func (d *desk) within(text string) {
	d.w.t.Helper()
	if text == "" {
		browsertest.Eval[bool](d.Page, look("widen()"))
		return
	}
	d.WaitUntil(look("narrow(%q)", text))
}

// unfold opens a folded part by its heading, unless it is open.
func (d *desk) unfold(name string) {
	d.w.t.Helper()
	if !browsertest.Eval[bool](d.Page, look("unfolded(%q)", name)) {
		d.press(name)
	}
}

// picture keeps a picture of the page when asked for.
func (d *desk) picture(name string) {
	d.w.t.Helper()
	if folder := os.Getenv("GATEHOUSE_SCREENSHOTS"); folder != "" {
		d.Screenshot(filepath.Join(folder, name+".png"))
	}
}

// look is a script that asks the finder.
func look(what string, args ...any) string {
	return fmt.Sprintf("((page) => page."+what+")", args...) + "(" + finder + ")"
}

// refused presses a button whose form must be shown again. The console's line about the answer's status is expected.
func (d *desk) refused(name string, why ...string) {
	d.w.t.Helper()
	d.follow(name)
	d.sees(why...)
	d.TakeProblems()
}

// finder finds things on a page as people do: by what they say. It is evaluated anew for each look, since each page
// is another.
const finder = `(() => {
	const tidy = (s) => (s ?? "").replace(/\s+/g, " ").trim().toLowerCase();
	const scope = () => document.querySelector("dialog[open]") ?? document.querySelector("[data-within]") ?? document;
	const all = (css) => [...scope().querySelectorAll(css)].filter((el) => el.checkVisibility());
	const name = (el) => tidy(el.getAttribute("aria-label") || el.innerText || el.value || el.title);
	const best = (list, wanted) => {
		const main = list.filter((el) => el.closest("main, dialog")).concat(list.filter((el) => !el.closest("main, dialog")));
		return main.find((el) => name(el) === wanted) ?? main.find((el) => name(el).startsWith(wanted)) ?? main.find((el) => name(el).includes(wanted));
	};
	const field = (wanted) => {
		const labels = all("label").filter((l) => l.control && !["radio", "checkbox"].includes(l.control.type));
		return best(labels, wanted)?.control ?? all("input, select, textarea").find((el) => tidy(el.getAttribute("aria-label")).startsWith(wanted));
	};
	const ways = {
		act: (wanted) => best(all("button, a[href], summary, input[type=submit]").filter((el) => !el.disabled && el.tabIndex >= 0), wanted),
		leads: (wanted) => best(all("button, a[href]").filter((el) => !el.disabled && el.type !== "button" && el.tabIndex >= 0), wanted),
		choice: (wanted) => best(all("label").filter((l) => l.control && ["radio", "checkbox"].includes(l.control.type)), wanted),
		field,
	};
	const set = (el, value) => {
		el.focus();
		el.value = value;
		for (const kind of ["input", "change"]) el.dispatchEvent(new Event(kind, {bubbles: true}));
		return el.value === value;
	};
	return {
		says: (text) => tidy(scope() === document ? document.body?.innerText : scope().innerText).includes(tidy(text)),
		mark(kind, text) {
			document.querySelectorAll("[data-found]").forEach((el) => el.removeAttribute("data-found"));
			const el = ways[kind](tidy(text));
			el?.setAttribute("data-found", "");
			el?.scrollIntoView({block: "center", behavior: "instant"}); // out from under what sticks to the window
			return Boolean(el);
		},
		write(label, value) {
			const el = field(tidy(label));
			return Boolean(el) && set(el, value);
		},
		choose(label, option) {
			const el = field(tidy(label));
			const wanted = tidy(option);
			const options = [...(el?.options ?? [])];
			const chosen = options.find((o) => tidy(o.text) === wanted) ?? options.find((o) => tidy(o.text).startsWith(wanted)) ?? options.find((o) => tidy(o.text).includes(wanted));
			return Boolean(chosen) && set(el, chosen.value);
		},
		narrow(text) {
			this.widen();
			const parts = all("form, li, tr, section, article, .card").filter((el) => tidy(el.innerText).includes(tidy(text)));
			parts.sort((a, b) => a.innerText.length - b.innerText.length)[0]?.setAttribute("data-within", "");
			return parts.length > 0;
		},
		widen() {
			document.querySelectorAll("[data-within]").forEach((el) => el.removeAttribute("data-within"));
			return true;
		},
		unfolded: (text) => Boolean(best(all("summary"), tidy(text))?.parentElement.open),
	};
})()`
