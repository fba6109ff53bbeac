package engagements

import (
	"github.com/a-h/templ"

	"gatehouse/internal/account"
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/person"
	"gatehouse/internal/platform/page"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// listView is the list of engagements.
type listView struct {
	Query path.EngagementQuery
	Found page.Slice[hiring.EngagementRow]
}

func (v listView) narrowed() bool { return v.Query.Text+v.Query.State+v.Query.Kind != "" }

func (v listView) chips() []ui.Chip {
	var chips []ui.Chip
	add := func(label, value, current string, with func(q *path.EngagementQuery, value string)) {
		q := v.Query
		q.After, q.Before = "", ""
		chip := ui.Chip{Label: label}
		if value == current {
			chip.State, value = ui.ChipOn, ""
		}
		with(&q, value)
		chip.Href = q.URL()
		chips = append(chips, chip)
	}
	state := func(q *path.EngagementQuery, value string) { q.State = value }
	add("Running", running, v.Query.State, state)
	add("Ended", ended, v.Query.State, state)
	for _, k := range hiring.EngagementKinds() {
		add(k.Title(), string(k), v.Query.Kind, func(q *path.EngagementQuery, value string) { q.Kind = value })
	}
	return chips
}

func (v listView) pages() ui.Pages {
	var p ui.Pages
	q := v.Query
	if q.After, q.Before = "", v.Found.Previous; q.Before != "" {
		p.Prev = q.URL()
	}
	if q.After, q.Before = v.Found.Next, ""; q.After != "" {
		p.Next = q.URL()
	}
	return p
}

// showView is an engagement's page.
type showView struct {
	Engagement hiring.Engagement
	Person     person.Person
	Due        []hiring.Need
	Overrides  []hiring.Overridden
	Sections   []templ.Component
	ed         *catalogue.Edition
}

// open are the required checks that nobody has answered; those let pass stand beside them.
func (v showView) open() []hiring.Need {
	var open []hiring.Need
	for _, n := range v.Due {
		if n.Override == nil {
			open = append(open, n)
		}
	}
	return open
}

func (v showView) title(itemID string) string {
	if item, ok := v.ed.Item(itemID); ok {
		return item.Title
	}
	return itemID
}

// formView is an engagement's form.
type formView struct {
	Engagement hiring.Engagement
	Form       form
	Users      []account.User
	Problems   map[string]string
	Conflict   string
}

func (v formView) kinds() []ui.Option {
	var options []ui.Option
	for _, k := range hiring.EngagementKinds() {
		options = append(options, ui.Option{Value: string(k), Label: k.Title()})
	}
	return options
}

func (v formView) managers() []ui.Option {
	options := []ui.Option{{Label: "Choose whom they report to"}}
	there := false
	for _, u := range v.Users {
		options = append(options, ui.Option{Value: string(u.ID), Label: u.Name})
		there = there || string(u.ID) == v.Form.Manager
	}
	if e := v.Engagement; !there && e.ManagerID != nil && *e.ManagerID == v.Form.Manager {
		options = append(options, ui.Option{Value: *e.ManagerID, Label: e.ManagerName + " (no longer has an account)"})
	}
	return options
}

// endView is the form by which an engagement ends.
type endView struct {
	Engagement hiring.Engagement
	Form       form
	Problems   map[string]string
	Conflict   string
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
