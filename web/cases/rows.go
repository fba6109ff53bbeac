package cases

import (
	"strings"

	"github.com/a-h/templ"

	"gatehouse/internal/incident"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// stepRows are the steps of a phase, written by hand: a playbook has some fifty.
func stepRows(c *incident.Case, steps []*incident.Step) templ.Component {
	return ui.ByHand(func(h *ui.Hand) {
		all, clock := path.CaseTab(c.ID, "steps")+"/", clockState(c)
		for _, s := range steps {
			h.Raw(`<li>`)
			h.Icon(stepIcon(s))
			h.Raw(`<div class="grow"><a class="cover" href="`, all)
			h.Text(s.StepID) // the catalogue's ids need nothing else
			h.Raw(`">`)
			h.Text(s.Item.Title)
			h.Raw(`</a> <div class="fine muted">`)
			writeStepWords(h, s)
			h.Raw(`</div></div> <div class="end fine">`)
			if s.OverrideReason != "" {
				h.Badge(ui.Warn, "Overridden")
			}
			if s.Evidence > 0 {
				h.Raw(`<span class="muted">`, ui.Plural(s.Evidence, "item", "items"), `</span> `)
			}
			if s.State == incident.Open {
				h.DueClock(s.DueAt, clock)
			} else if s.DoneAt != nil {
				h.Time(*s.DoneAt)
			}
			h.Raw("</div></li>\n")
		}
	})
}

// writeStepWords is what stands below a step's title: what it waits for, or whose it is.
func writeStepWords(h *ui.Hand, s *incident.Step) {
	if s.State != incident.Open {
		h.Raw(s.State.Title())
		if s.Doer != "" {
			h.Raw(" by ")
			h.Text(s.Doer)
		}
		return
	}
	h.Raw(functionTitle(s.OwnerRole))
	if s.Owner != "" {
		h.Raw(", ")
		h.Text(s.Owner)
	}
	switch {
	case s.Locked():
		h.Raw(" · locked until ")
		h.Text(lower(strings.TrimSuffix(s.Locks[0].Text, ".")))
		if more := len(s.Locks) - 1; more > 0 {
			h.Raw(", and ")
			h.Number(more)
			h.Raw(" more")
		}
	case s.Ticked != 0:
		h.Raw(" · ")
		h.Number(s.Ticked.Count())
		h.Raw(" of ")
		h.Number(len(s.Item.Do))
		h.Raw(" ticked")
	}
}
