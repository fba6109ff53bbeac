package layout_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatehouse/internal/browsertest"
)

// picture keeps what a test sees, when asked to.
func picture(p *browsertest.Page, name string) {
	if dir := os.Getenv("GATEHOUSE_SCREENSHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, name+".png"))
	}
}

func TestTheFrameAnswersKeysAndClicks(t *testing.T) {
	t.Parallel()
	url := serve(t)
	page := browsertest.New(t).Page()
	page.Goto(url + "/gallery")
	page.Click(".toasts [data-dismiss]")
	page.WaitGone(".toasts .toast")

	// Search
	page.Press("k", chromedp.ModifierCtrl)
	page.Fill("#search input", "Robin")
	page.WaitFor("#search-results a")
	page.Press(kb.ArrowDown)
	page.WaitFor("#search-results a[data-chosen]")
	picture(page, "search")
	page.Press(kb.Enter)
	page.WaitUntil(`location.hash === "#found"`)
	page.Goto(url + "/gallery")

	// A question before a destructive action
	page.Click("[data-confirm-verb='Revoke access']")
	page.WaitFor("#confirm[open]")
	if got := page.Text("#confirm"); !contains(got, "Revoke GitHub access of R. Lindqvist?") || !contains(got, "Revoke access") {
		t.Errorf("the question is %q", got)
	}
	page.MustBeAccessible()
	picture(page, "confirm")
	page.Press(kb.Escape)
	page.WaitGone("#confirm")

	// The account menu
	page.Click(".top .menu summary")
	page.Press(kb.ArrowDown)
	if !browsertest.Eval[bool](page, `document.activeElement.matches(".menu-item")`) {
		t.Error("the arrow key does not enter the menu")
	}
	page.MustBeAccessible()
	picture(page, "menu")
	page.Click("[data-theme-choice=dark]")
	page.WaitFor("html[data-bs-theme=dark]")
	page.Click("[data-density-toggle]")
	page.WaitFor("html[data-density=compact]")
	page.Press(kb.Escape)
	page.WaitGone(".top .menu-list")
	page.Goto(url + "/gallery")
	page.WaitFor("html[data-bs-theme=dark]") // the server read the cookie

	// A toast
	browsertest.Eval[bool](page, `document.body.dispatchEvent(new CustomEvent("toast", {bubbles: true, detail: {message: "Flag explained.", tone: "good", undo: "/undo"}}))`)
	page.WaitForText("Flag explained.")
	if !page.Has(`.toasts form[action="/undo"] button`) {
		t.Error("the toast offers no undo")
	}

	// The navigation stays where it is on a page longer than the window.
	if top := browsertest.Eval[float64](page, `window.scrollTo(0, 600), document.querySelector(".side").getBoundingClientRect().top`); top != 0 {
		t.Errorf("the navigation is %v pixels from the top of the window after scrolling", top)
	}

	// Choosing rows
	page.Click("tbody tr:nth-child(2) input[data-row]")
	page.WaitFor(".bulk")
	if got := page.Text("[data-chosen-count]"); got != "1" {
		t.Errorf("%s chosen", got)
	}
	page.Click("[data-check-all]")
	page.WaitUntil(`document.querySelector("[data-chosen-count]").textContent === "6"`)

	// A click on a row
	page.Click("tbody tr:nth-child(2) td[data-label=Stage]")
	page.WaitUntil(`location.hash === "#candidate"`)
}

func TestTheMenuOnAPhone(t *testing.T) {
	t.Parallel()
	url := serve(t)
	page := browsertest.New(t).Page()
	page.SetViewport(390, 844)
	page.Goto(url + "/gallery")
	page.WaitGone("#nav")
	page.Click("[data-nav-open]")
	page.WaitFor("#nav .side-link")
	page.MustBeAccessible()
	picture(page, "phone-menu")
	page.Press(kb.Escape)
	page.WaitGone("#nav")
	if !browsertest.Eval[bool](page, `document.activeElement.matches("[data-nav-open]")`) {
		t.Error("the focus is lost when the menu closes")
	}

	// A menu at the left edge opens to the right.
	page.Click(".page-acts .menu summary")
	page.WaitUntil(`document.querySelector(".page-acts .menu-list").getBoundingClientRect().left >= 0`)
	page.MustNotScrollSideways()
	picture(page, "phone-actions")

	// Without a script the same links work by their address.
	page.Goto(url + "/bare")
	page.Goto(url + "/gallery#nav")
	page.WaitFor("#nav .side-link")
	page.Goto(url + "/gallery#main")
	page.WaitGone("#nav")
}
