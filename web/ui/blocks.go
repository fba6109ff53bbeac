package ui

import (
	"math"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// Crumb is one step of the way from the front page to here. The last one has
// no Href: it is this page.
type Crumb struct {
	Label string
	Href  string
}

// Header is the head of a page: its one h1, and what is known at a glance.
// The actions are the children of PageHeader.
type Header struct {
	Title string
	Sub   templ.Component // a line of badges, owner, clock; may be nil
}

// CardProps describes a card. Title may be empty; Count is shown beside it.
type CardProps struct {
	Title  string
	Count  string
	Action templ.Component // at the end of the head; may be nil
	Body   CardBody
	ID     string // needed only when two cards share a title
}

// CardBody says whether the content keeps a distance from the card's edge.
type CardBody string

// BodyPadded suits prose and forms; BodyFlush suits tables and Rows.
const (
	BodyPadded CardBody = "card-body"
	BodyFlush  CardBody = "card-flush"
)

func (c CardProps) body() string {
	if c.Body == "" {
		return string(BodyPadded)
	}
	return string(c.Body)
}

func (c CardProps) id() string {
	if c.ID != "" {
		return c.ID
	}
	return "c-" + slug(c.Title)
}

// Density is the height of a table's rows.
type Density string

// RowsAsChosen follows the viewer's setting; RowsCompact is always 32 pixels.
const (
	RowsAsChosen Density = ""
	RowsCompact  Density = "table-compact"
)

// OnPhone says what a table becomes where it does not fit.
type OnPhone string

// PhoneCards turns rows into cards (each cell needs a data-label); PhoneLines
// into cards of two or three lines, for lists that are long: a cell needs a
// data-label only where its value does not say what it is, and one of class
// zero is left out. PhoneScroll lets the table scroll inside itself.
const (
	PhoneCards  OnPhone = "table-cards"
	PhoneLines  OnPhone = "table-cards table-lines"
	PhoneScroll OnPhone = ""
)

// TableProps describes a table. The caption is its accessible name and is not
// shown.
type TableProps struct {
	Caption string
	Density Density
	OnPhone OnPhone
	ID      string
}

func (t TableProps) class() string {
	class := "table"
	if t.Density != "" {
		class += " " + string(t.Density)
	}
	if t.OnPhone != "" {
		class += " " + string(t.OnPhone)
	}
	return class
}

// wrapClass lets the head of a card-table stick to the page, since such a
// table never scrolls inside itself on a wide screen.
func (t TableProps) wrapClass() string {
	if t.OnPhone != PhoneScroll {
		return "table-wrap table-tall"
	}
	return "table-wrap"
}

// SortDir is the present order of a column.
type SortDir string

// The orders of a column.
const (
	SortNone SortDir = ""
	SortAsc  SortDir = "ascending"
	SortDesc SortDir = "descending"
)

func (d SortDir) icon() IconName {
	switch d {
	case SortAsc:
		return IconArrowUp
	case SortDesc:
		return IconArrowDown
	}
	return IconArrowsSort
}

// Align is where a column's content stands.
type Align string

// Numbers stand at the end of their column, everything else at its start.
const (
	AlignStart Align = ""
	AlignEnd   Align = "num"
)

// SortProps describes the head of a sortable column: Href asks for the next
// order.
type SortProps struct {
	Label string
	Href  string
	Dir   SortDir
	Align Align
}

// Pages leads to the neighbours of a page of a list. An empty address means
// that there is none.
type Pages struct {
	Prev  string
	Next  string
	Shown string // such as "50 of about 1 200"; may be empty
}

// Here says whether a link leads to the page one is on.
type Here string

// The two states of a tab or a navigation entry.
const (
	Elsewhere Here = ""
	Current   Here = "page"
)

// Tab is one view of a thing; each has an address.
type Tab struct {
	Label string
	Href  string
	Count string // may be empty
	Here  Here
}

// StepState is how far a step is.
type StepState string

// The states of a step.
const (
	StepAhead  StepState = ""
	StepNow    StepState = "now"
	StepDone   StepState = "done"
	StepLocked StepState = "locked"
)

// Step is one phase of a Stepper.
type Step struct {
	Label string
	State StepState
	Note  string // "3 of 8", "since Monday"; may be empty
	Href  string // may be empty
}

func (s Step) class() string {
	if s.State == StepAhead {
		return "step"
	}
	return "step step-" + string(s.State)
}

func (s Step) icon() IconName {
	switch s.State {
	case StepDone:
		return IconCheck
	case StepLocked:
		return IconLock
	}
	return ""
}

func (s Step) says() string {
	switch s.State {
	case StepDone:
		return ", done"
	case StepLocked:
		return ", locked"
	}
	return ""
}

// Event is an item of a Timeline. Title is a sentence; the children of
// TimelineItem are the details.
type Event struct {
	Title string
	At    time.Time
	By    string // may be empty
	Icon  IconName
	Tone  Tone
	Href  string // where the event can be read in full; may be empty
	ID    string // anchor, so that a report can point here; may be empty
}

// KV is one line of KeyValues.
type KV struct {
	Key   string
	Value templ.Component
}

// StatProps is a figure: its list is one click away, its definition one hover.
type StatProps struct {
	Label      string
	Value      string
	Href       string    // the list behind the number
	Definition string    // how it is counted
	Trend      []float64 // oldest first; may be empty
	Change     string    // "+3 since last week"; may be empty
}

func (s StatProps) tipID() string { return "t-" + slug(s.Label) }

// progressShare gives a percentage for an attribute; nothing of nothing is
// nothing.
func progressShare(done, total int) string {
	if total <= 0 {
		return "0%"
	}
	share := math.Min(1, math.Max(0, float64(done)/float64(total)))
	return strconv.Itoa(int(share*100+0.5)) + "%"
}
