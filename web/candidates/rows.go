package candidates

import (
	"github.com/a-h/templ"

	"gatehouse/internal/candidate"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/claim"
	"gatehouse/internal/flag"
	"gatehouse/internal/person"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// rows are the list's rows, written by hand: fifty of them are most of what the page costs.
func rows(people []person.Person, ed *catalogue.Edition) templ.Component {
	return ui.ByHand(func(h *ui.Hand) {
		for i := range people {
			row(h, &people[i], ed)
		}
	})
}

func row(h *ui.Hand, p *person.Person, ed *catalogue.Edition) {
	href := path.Candidate(p.ID)
	h.Raw(`<tr data-href="`, href, `"><td class="name"><a href="`, href, `">`)
	h.Text(p.Name)
	h.Raw(`</a><span class="sub">`, p.Number.String(), `</span></td><td>`)
	h.Text(or(p.JobTitle, "–"))
	h.Raw(`</td><td>`)
	standing(h, p, ed)
	h.Raw(`</td><td>`)
	h.Band(string(p.Band), float64(p.Coverage)/100)
	number(h, "Open flags", p.OpenFlags)
	number(h, "Missing checks", p.Missing)
	h.Raw(`</td><td data-label="Changed" class="muted">`)
	h.Time(p.UpdatedAt)
	h.Raw("</td></tr>\n")
}

// standing is where the person stands: the stage and how long in it, or the status of whoever is in hiring no more.
func standing(h *ui.Hand, p *person.Person, ed *catalogue.Edition) {
	if p.Status != person.Candidate {
		h.Text(p.Status.Title())
		return
	}
	h.Text(or(stageTitle(ed, p.StageID), "No application"))
	if p.StageSince != nil {
		h.Raw(`<span class="sub">`, ui.Span(h.Now().Sub(*p.StageSince)), `</span>`)
	}
}

// choices are the options of a select, written by hand for the same reason.
func choices(options []ui.Option, chosen string) templ.Component {
	return ui.ByHand(func(h *ui.Hand) {
		for _, o := range options {
			h.Raw(`<option value="`)
			h.Text(o.Value)
			h.Raw(`"`)
			if o.Value == chosen {
				h.Raw(` selected`)
			}
			h.Raw(`>`)
			h.Text(o.Label)
			h.Raw(`</option>`)
		}
	})
}

// number is a cell with a number; on a phone, none needs no words.
func number(h *ui.Hand, label string, n int) {
	if n == 0 {
		h.Raw(`</td><td class="num zero"><span class="muted">0</span>`)
		return
	}
	h.Raw(`</td><td class="num" data-label="`, label, `">`)
	h.Number(n)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// saidLines are what the person says of a claim.
func saidLines(said []claim.Claim) templ.Component {
	return ui.ByHand(func(h *ui.Hand) {
		for _, c := range said {
			h.Raw(`<li><span class="overline">`)
			h.Text(c.Kind.Title())
			h.Raw(`</span> <span class="break">`)
			h.Text(c.Value)
			h.Raw(`</span>`)
			if detail := claimDetail(c.Detail); detail != "" {
				h.Raw(` <span class="fine muted">`)
				h.Text(detail)
				h.Raw(`</span>`)
			}
			h.Raw(`</li>`)
		}
	})
}

// seenLines are what was seen of a claim.
func seenLines(v showView, seen []candidate.Seen) templ.Component {
	return ui.ByHand(func(h *ui.Hand) {
		for i := range seen {
			seenLine(h, &v, &seen[i])
		}
	})
}

func seenLine(h *ui.Hand, v *showView, s *candidate.Seen) {
	h.Raw(`<li><div class="cluster">`)
	if s.Answer == catalogue.Raised {
		h.BadgeIcon(ui.Warn, ui.IconActivity, "Signal")
	} else {
		h.Answer(string(s.Answer))
	}
	if s.State == flag.Explained || s.State == flag.Confirmed {
		h.Disposition(string(s.State))
	}
	h.Raw(` <a href="`, path.LibraryItem(s.ItemID), `">`)
	h.Text(v.title(s.ItemID))
	h.Raw(`</a></div>`)
	if explanation := v.explanation(*s); explanation != "" {
		h.Raw(`<p class="mb-0 break">`)
		h.Text(explanation)
		h.Raw(`</p>`)
	}
	if s.Note != "" {
		h.Raw(`<p class="mb-0 break`)
		if s.State == flag.Explained {
			h.Raw(` muted`)
		}
		h.Raw(`">`)
		h.Text(s.Note)
		h.Raw(`</p>`)
	}
	h.Raw(`<span class="fine muted">`)
	seenBy(h, s)
	h.Date(s.NotedAt)
	h.Raw(`</span></li>`)
}

// seenBy says where something was seen, by whom and on what evidence.
func seenBy(h *ui.Hand, s *candidate.Seen) {
	h.Raw(originOf(s.OriginKind), " · ")
	if s.NotedBy != "" {
		h.Text(s.NotedBy)
		h.Raw(" · ")
	}
	if s.Count > 1 {
		h.Raw("seen ")
		h.Number(s.Count)
		h.Raw(" times · ")
	}
	if s.Evidence > 0 {
		h.Raw(ui.Plural(s.Evidence, "piece of evidence", "pieces of evidence"), " · ")
	}
}
