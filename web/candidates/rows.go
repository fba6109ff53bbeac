package candidates

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/a-h/templ"

	"gatehouse/internal/catalogue"
	"gatehouse/internal/person"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// rows are the list's rows, written by hand: fifty of them are most of what the page costs, and a template would
// send each value through formatting. Every value from outside goes through escape.
type rows struct {
	people []person.Person
	ed     *catalogue.Edition
	now    time.Time
}

var rowBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render writes the rows in one piece.
func (l rows) Render(ctx context.Context, w io.Writer) error {
	b := rowBuffers.Get().(*bytes.Buffer)
	b.Reset()
	defer rowBuffers.Put(b)
	for i := range l.people {
		if err := l.row(ctx, b, &l.people[i]); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (l rows) row(ctx context.Context, b *bytes.Buffer, p *person.Person) error {
	href := path.Candidate(p.ID)
	b.WriteString(`<tr data-href="`)
	b.WriteString(href)
	b.WriteString(`"><td class="name"><a href="`)
	b.WriteString(href)
	b.WriteString(`">`)
	escape(b, p.Name)
	b.WriteString(`</a><span class="sub">`)
	b.WriteString(p.Number.String())
	b.WriteString(`</span></td><td>`)
	escape(b, or(p.JobTitle, "–"))
	b.WriteString(`</td><td>`)
	l.stage(b, p)
	b.WriteString(`</td><td>`)
	if err := ui.Band(p.Band, float64(p.Coverage)/100).Render(ctx, b); err != nil {
		return err
	}
	number(b, "Open flags", p.OpenFlags)
	number(b, "Missing checks", p.Missing)
	b.WriteString(`</td><td data-label="Changed" class="muted">`)
	if err := ui.Time(p.UpdatedAt).Render(ctx, b); err != nil {
		return err
	}
	b.WriteString("</td></tr>\n")
	return nil
}

// stage is where the person stands: the stage and how long in it, or the status of whoever is in hiring no more.
func (l rows) stage(b *bytes.Buffer, p *person.Person) {
	if p.Status != person.Candidate {
		escape(b, p.Status.Title())
		return
	}
	escape(b, or(stageTitle(l.ed, p.StageID), "No application"))
	if p.StageSince == nil {
		return
	}
	b.WriteString(`<span class="sub">`)
	b.WriteString(ui.Span(l.now.Sub(*p.StageSince)))
	b.WriteString(`</span>`)
}

// choices are the options of a select, written by hand for the same reason.
type choices struct {
	options []ui.Option
	chosen  string
}

// Render writes the options in one piece.
func (c choices) Render(_ context.Context, w io.Writer) error {
	b := rowBuffers.Get().(*bytes.Buffer)
	b.Reset()
	defer rowBuffers.Put(b)
	for _, o := range c.options {
		b.WriteString(`<option value="`)
		escape(b, o.Value)
		if b.WriteByte('"'); o.Value == c.chosen {
			b.WriteString(` selected`)
		}
		b.WriteByte('>')
		escape(b, o.Label)
		b.WriteString(`</option>`)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// number is a cell with a number; on a phone, none needs no words.
func number(b *bytes.Buffer, label string, n int) {
	if n == 0 {
		b.WriteString(`</td><td class="num zero"><span class="muted">0</span>`)
		return
	}
	b.WriteString(`</td><td class="num" data-label="`)
	b.WriteString(label)
	b.WriteString(`">`)
	b.WriteString(strconv.Itoa(n))
}

func escape(b *bytes.Buffer, s string) { b.WriteString(templ.EscapeString(s)) }

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
