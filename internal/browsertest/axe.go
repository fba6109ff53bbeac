package browsertest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// axe-core is licensed under MPL-2.0 (testdata/axe.LICENSE) and is part of
// tests only.
//
//go:embed testdata/axe.min.js
var axeScript string

// Violation is a rule that a page breaks, and where.
type Violation struct {
	Rule   string   `json:"rule"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

// String gives the rule and up to ten places.
func (v Violation) String() string {
	nodes := v.Nodes
	more := ""
	if len(nodes) > 10 {
		nodes, more = nodes[:10], fmt.Sprintf("\n    and %d more", len(v.Nodes)-10)
	}
	return fmt.Sprintf("%s (%s): %s\n    %s%s", v.Rule, v.Impact, v.Help, strings.Join(nodes, "\n    "), more)
}

// runAxe checks against WCAG 2.2 A and AA and what axe calls best practice.
// Transitions are ended first: a colour half way is nobody's colour.
const runAxe = `(async (rules) => {
	document.getAnimations().forEach((a) => { try { a.finish(); } catch { a.cancel(); } });
	const found = await axe.run(document, {resultTypes: ["violations"], ...(rules.length ? {runOnly: rules} : {})});
	return found.violations.map((v) => ({rule: v.id, impact: v.impact, help: v.help,
		nodes: v.nodes.map((n) => n.target.join(" ") + ": " + n.failureSummary.split("\n").slice(1).join(" ").trim())}));
})`

// AXE gives the rules of accessibility that the page breaks, of those named or of all.
func (p *Page) AXE(rules ...string) []Violation {
	p.t.Helper()
	only := []byte("[]")
	if len(rules) > 0 {
		only, _ = json.Marshal(rules) // of strings: cannot fail
	}
	if !Eval[bool](p, "Boolean(window.axe)") {
		Eval[bool](p, axeScript+"\n;true")
	}
	// It looks at each element under each rule, which on a long page and a busy machine takes longer than a person waits.
	return evalWithin[[]Violation](p, runAxe+"("+string(only)+")", 4*Patience)
}

// MustBeAccessible fails the test for each rule that the page breaks.
func (p *Page) MustBeAccessible() {
	p.t.Helper()
	for _, v := range p.AXE() {
		p.t.Errorf("%s: %s", p.URL(), v)
	}
}

// MustHaveContrast fails the test for each rule about colours that the page
// breaks: what a second theme can get wrong on a page that passed in the first.
func (p *Page) MustHaveContrast() {
	p.t.Helper()
	for _, v := range p.AXE("color-contrast", "link-in-text-block") {
		p.t.Errorf("%s: %s", p.URL(), v)
	}
}

// wide lists the outermost elements that reach beyond the window.
const wide = `(() => {
	const edge = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= edge) return [];
	const clipped = (el) => el && el !== document.body && (getComputedStyle(el).overflowX !== "visible" || clipped(el.parentElement));
	const over = [...document.querySelectorAll("body *")].filter((el) => el.getBoundingClientRect().right > edge + 0.5 && !clipped(el.parentElement));
	// What is placed absolutely escapes a scrolling parent that is not placed itself.
	const found = over.filter((el) => !over.includes(el.parentElement)).slice(0, 8);
	if (found.length === 0) return ["the document to " + document.documentElement.scrollWidth];
	return found
		.map((el) => el.tagName.toLowerCase() + (el.className?.baseVal ?? el.className ? "." + String(el.className?.baseVal ?? el.className).split(" ").join(".") : "") + " to " + Math.round(el.getBoundingClientRect().right));
})()`

// MustNotScrollSideways fails the test when the page is wider than the window.
func (p *Page) MustNotScrollSideways() {
	p.t.Helper()
	if over := Eval[[]string](p, wide); len(over) > 0 {
		p.t.Errorf("%s scrolls sideways: %s", p.URL(), strings.Join(over, ", "))
	}
}

// small lists what can be pressed but is less than 44 pixels high, or 24 wide:
// links within a sentence and what a larger target covers excepted.
const small = `(() => [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")].filter((el) => {
	if (!el.checkVisibility() || el.closest("p, .prose, .skip, .crumbs, .foot, .timeline, .summary, .toast-text")) return false;
	const target = el.matches(".cover") ? el.offsetParent : el.closest("label") ?? el;
	const box = target.getBoundingClientRect();
	if (el.matches("a") && getComputedStyle(el).display === "inline") return false;
	return box.width > 1 && (box.height < 43.5 || box.width < 24);
}).slice(0, 10).map((el) => el.outerHTML.slice(0, 90)))()`

// MustBeTouchable fails the test when something to press is too small.
func (p *Page) MustBeTouchable() {
	p.t.Helper()
	for _, el := range Eval[[]string](p, small) {
		p.t.Errorf("%s: too small to touch: %s", p.URL(), el)
	}
}
