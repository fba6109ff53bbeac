package ui

import "github.com/a-h/templ"

// What stands around the content of nearly every page is written by hand, as
// rows are.

// Crumbs shows the way from the front page to here.
func Crumbs(crumbs []Crumb) templ.Component {
	return ByHand(func(h *Hand) {
		if len(crumbs) == 0 {
			return
		}
		h.Raw(`<nav class="crumbs" aria-label="Breadcrumb"><ol>`)
		for _, c := range crumbs {
			h.Raw(`<li>`)
			if c.Href != "" {
				h.link("", c.Href)
				h.Raw(`>`)
				h.Text(c.Label)
				h.Raw(`</a>`)
			} else {
				h.Raw(`<span aria-current="page">`)
				h.Text(c.Label)
				h.Raw(`</span>`)
			}
			h.Raw(`</li>`)
		}
		h.Raw(`</ol></nav>`)
	})
}

// PageHeader is the head of a page; children are its actions, the primary one
// last.
func PageHeader(p Header) templ.Component {
	return around(func(h *Hand) {
		h.Raw(`<header class="page-head"><div><h1>`)
		h.Text(p.Title)
		h.Raw(`</h1>`)
		if p.Sub != nil {
			h.Raw(`<div class="page-sub">`)
			h.Part(p.Sub)
			h.Raw(`</div>`)
		}
		h.Raw(`</div><div class="page-acts">`)
	}, `</div></header>`)
}

// Card groups what belongs together. Without a title it is a plain surface.
func Card(c CardProps) templ.Component {
	if c.Title == "" {
		return around(func(h *Hand) { h.Raw(`<div class="card"><div class="`, c.body(), `">`) }, `</div></div>`)
	}
	return around(func(h *Hand) {
		id := esc(c.id())
		h.Raw(`<section class="card" aria-labelledby="`, id, `"><div class="card-head"><h2 id="`, id, `">`)
		h.Text(c.Title)
		if c.Count != "" {
			h.Raw(` <span class="count">`)
			h.Text(c.Count)
			h.Raw(`</span>`)
		}
		h.Raw(`</h2>`)
		h.Part(c.Action)
		h.Raw(`</div><div class="`, c.body(), `">`)
	}, `</div></section>`)
}

// Tabs are links to the views of one thing.
func Tabs(label string, tabs []Tab) templ.Component {
	return ByHand(func(h *Hand) {
		h.Raw(`<nav class="tabs" aria-label="`)
		h.Text(label)
		h.Raw(`">`)
		for _, t := range tabs {
			h.link("tab", t.Href)
			if t.Here == Current {
				h.Raw(` aria-current="page"`)
			}
			h.Raw(`>`)
			h.Text(t.Label)
			if t.Count != "" {
				h.Raw(` <span class="num">`)
				h.Text(t.Count)
				h.Raw(`</span>`)
			}
			h.Raw(`</a>`)
		}
		h.Raw(`</nav>`)
	})
}

// Stepper shows the phases of a case or the stages of an application.
func Stepper(label string, steps []Step) templ.Component {
	return ByHand(func(h *Hand) {
		h.Raw(`<ol class="steps" aria-label="`)
		h.Text(label)
		h.Raw(`" tabindex="0">`)
		for _, s := range steps {
			h.Raw(`<li class="`, s.class(), `"`)
			if s.State == StepNow {
				h.Raw(` aria-current="step"`)
			}
			h.Raw(`>`)
			end := `</span>`
			if s.Href != "" {
				end = `</a>`
				h.link("", s.Href)
				h.Raw(`>`)
			} else {
				h.Raw(`<span>`)
			}
			h.IconSmall(s.icon())
			h.Text(s.Label)
			if s.says() != "" {
				h.Raw(`<span class="visually-hidden">`, s.says(), `</span>`)
			}
			h.Raw(end)
			if s.Note != "" {
				h.Raw(` <small>`)
				h.Text(s.Note)
				h.Raw(`</small>`)
			}
			h.Raw(`</li>`)
		}
		h.Raw(`</ol>`)
	})
}

// KeyValues is a list of facts.
func KeyValues(items []KV) templ.Component {
	return ByHand(func(h *Hand) {
		h.Raw(`<dl class="kv">`)
		for _, item := range items {
			h.Raw(`<dt>`)
			h.Text(item.Key)
			h.Raw(`</dt><dd>`)
			h.Part(item.Value)
			h.Raw(`</dd>`)
		}
		h.Raw(`</dl>`)
	})
}

// Button submits the form it stands in; with Attrs{"type": "button"} it only
// does what its other attributes say.
func Button(a Action) templ.Component {
	return ByHand(func(h *Hand) {
		h.Raw(`<button class="`, esc(a.class()), `"`)
		h.attributes(a.submitAttrs())
		h.Raw(`>`)
		h.inside(a)
		h.Raw(`</button>`)
	})
}

// ButtonLink looks like a button and leads to another page.
func ButtonLink(a Action) templ.Component { return actionLink(a, a.class()) }

// MenuLink is an entry of a Menu that leads somewhere.
func MenuLink(a Action) templ.Component { return actionLink(a, a.itemClass()) }

func actionLink(a Action, class string) templ.Component {
	return ByHand(func(h *Hand) {
		h.link(esc(class), a.Href)
		h.attributes(a.attrs())
		h.Raw(`>`)
		h.inside(a)
		h.Raw(`</a>`)
	})
}

// actionInside is what stands on a button.
func actionInside(a Action) templ.Component { return ByHand(func(h *Hand) { h.inside(a) }) }

func (h *Hand) inside(a Action) {
	h.Icon(a.Icon)
	if a.Labelled == LabelShown {
		h.Text(a.Label)
	}
}
