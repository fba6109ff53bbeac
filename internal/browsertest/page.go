package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Page is a tab with cookies of its own: one person at one machine. Its
// methods fail the test when they cannot do what is asked.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// Page opens an empty tab, 1440 by 900. What its console reports as an error
// fails the test at the end, unless TakeProblems has fetched it before.
func (b *Browser) Page() *Page {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{t: b.t, ctx: ctx}
	b.t.Cleanup(func() {
		for _, problem := range p.TakeProblems() {
			b.t.Errorf("browser console: %s", problem)
		}
		cancel()
	})
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		b.t.Fatalf("open a tab: %v", err)
	}
	p.SetViewport(1440, 900)
	return p
}

// listen runs inside the reading loop and only takes notes.
func (p *Page) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.note(text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			p.note(e.Entry.Text + " (" + e.Entry.URL + ")")
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			var words []string
			for _, arg := range e.Args {
				words = append(words, strings.Trim(string(arg.Value), `"`)+arg.Description)
			}
			p.note(strings.Join(words, " "))
		}
	}
}

func (p *Page) note(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem)
}

// TakeProblems gives what the console reported as errors so far, and forgets
// it: use it where a test provokes them.
func (p *Page) TakeProblems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.problems
	p.problems = nil
	return all
}

// run does the actions within Patience.
func (p *Page) run(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// Eval evaluates a script and gives its value.
func Eval[T any](p *Page, script string) T {
	p.t.Helper()
	return evalWithin[T](p, script, Patience)
}

func evalWithin[T any](p *Page, script string, patience time.Duration) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("evaluate %.80s: %v", script, err)
	}
	return value
}

// Goto opens an address and waits until the page has loaded.
func (p *Page) Goto(url string) {
	p.t.Helper()
	p.run("open "+url, chromedp.Navigate(url))
}

// URL gives the address of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, "location.href")
}

// Click presses the first visible element that matches a CSS selector.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.run("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Fill replaces what stands in a field, as typing does.
func (p *Page) Fill(selector, value string) {
	p.t.Helper()
	css := chromedp.CSS(selector)
	p.run("fill "+selector, chromedp.Clear(css), chromedp.SendKeys(css, value))
}

// Choose selects the option of a list by its value.
func (p *Page) Choose(selector, value string) {
	p.t.Helper()
	p.WaitFor(selector)
	Eval[bool](p, `(() => { const el = document.querySelector(`+strconv.Quote(selector)+`); el.value = `+strconv.Quote(value)+
		`; el.dispatchEvent(new Event("input", {bubbles: true})); el.dispatchEvent(new Event("change", {bubbles: true})); return true })()`)
}

// Press sends keys to what has the focus; see chromedp's package kb for the
// names of special ones.
func (p *Page) Press(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.run("press keys", chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// Upload chooses files in a file field.
func (p *Page) Upload(selector string, files ...string) {
	p.t.Helper()
	p.run("upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Text gives the visible text of the first element that matches.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	p.WaitFor(selector)
	return Eval[string](p, `document.querySelector(`+strconv.Quote(selector)+`).innerText`)
}

// Has tells whether anything matches just now.
func (p *Page) Has(selector string) bool {
	p.t.Helper()
	return Eval[bool](p, `document.querySelector(`+strconv.Quote(selector)+`) !== null`)
}

// WaitFor waits until an element that matches is visible.
func (p *Page) WaitFor(selector string) {
	p.t.Helper()
	p.run("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// WaitGone waits until nothing that matches is visible.
func (p *Page) WaitGone(selector string) {
	p.t.Helper()
	p.WaitUntil(`![...document.querySelectorAll(` + strconv.Quote(selector) + `)].some((el) => el.checkVisibility())`)
}

// WaitForText waits until the page shows the words.
func (p *Page) WaitForText(words string) {
	p.t.Helper()
	p.WaitUntil(`document.body?.innerText.includes(` + strconv.Quote(words) + `)`)
}

// WaitUntil waits until a script's value is true. It asks again and again
// rather than once, so that it outlives a navigation on the way.
func (p *Page) WaitUntil(script string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	ask := chromedp.Evaluate[bool]("Boolean(" + script + ")")
	for {
		held, err := chromedp.Run(ctx, ask)
		if held && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("wait until %.300s: %v\nthe page at %s says:\n%.2000s", script, err, p.URL(), Eval[string](p, "document.body.innerText"))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// SetViewport changes the size of the window: 1440 by 900 is a laptop, 390 by
// 844 a phone.
func (p *Page) SetViewport(width, height int) {
	p.t.Helper()
	p.run("set the viewport", chromedp.EmulateViewport(int64(width), int64(height)))
}

// SetTheme switches to "light" or "dark", now and for pages to come.
func (p *Page) SetTheme(theme string) {
	p.t.Helper()
	Eval[bool](p, `(() => { document.cookie = "theme=`+theme+`; path=/"; const root = document.documentElement; root.dataset.theme = "`+theme+
		`"; root.setAttribute("data-bs-theme", "`+theme+`"); return true })()`)
}

// Screenshot writes a picture of the whole page, making folders as needed.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	Eval[bool](p, `window.scrollTo({top: 0, behavior: "instant"}), true`) // or what sticks to the window stands in the middle
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatalf("screenshot: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
