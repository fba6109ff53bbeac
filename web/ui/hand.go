package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/a-h/templ"
)

// Hand writes markup by hand. It is for what stands on a page some fifty times
// and is then most of what the page costs: a template sends each value through
// a component of its own. What comes from outside goes through Text; Raw takes
// markup and what is known to need no escaping, such as an address made by
// package path.
type Hand struct {
	buf  []byte
	ctx  context.Context
	zone *time.Location
	now  time.Time
	err  error
}

var hands = sync.Pool{New: func() any { return new(Hand) }}

// handKept bounds the buffer that is kept between pages.
const handKept = 256 << 10

// ByHand is a component that write writes in one piece.
func ByHand(write func(*Hand)) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error { return writeByHand(ctx, w, write) })
}

// around is a component that write writes before its children; after follows
// them.
func around(write func(*Hand), after string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		children := templ.GetChildren(ctx)
		ctx = templ.ClearChildren(ctx)
		if err := writeByHand(ctx, w, write); err != nil {
			return err
		}
		if err := children.Render(ctx, w); err != nil {
			return err
		}
		_, err := io.WriteString(w, after)
		return err
	})
}

func writeByHand(ctx context.Context, w io.Writer, write func(*Hand)) error {
	h := hands.Get().(*Hand)
	h.buf, h.ctx, h.zone, h.now, h.err = h.buf[:0], ctx, zoneOf(ctx), time.Now(), nil
	write(h)
	err := h.err
	if err == nil {
		_, err = w.Write(h.buf)
	}
	h.ctx = nil
	if cap(h.buf) <= handKept {
		hands.Put(h)
	}
	return err
}

// Write appends markup, so that a Hand is where other components write to.
func (h *Hand) Write(markup []byte) (int, error) {
	h.buf = append(h.buf, markup...)
	return len(markup), nil
}

// Part writes another component; nil writes nothing.
func (h *Hand) Part(c templ.Component) {
	if drawn, ok := c.(raw); ok {
		h.Raw(string(drawn))
	} else if c != nil && h.err == nil {
		h.err = c.Render(h.ctx, h)
	}
}

// link opens a link: to an address, which may hold anything.
func (h *Hand) link(class, href string) {
	h.Raw(`<a`)
	if class != "" {
		h.Raw(` class="`, class, `"`)
	}
	h.Raw(` href="`)
	h.Text(href)
	h.Raw(`"`)
}

// attributes writes further attributes: texts, and those that are there or
// not.
func (h *Hand) attributes(all templ.Attributes) {
	if len(all) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch value := all[name].(type) {
		case string:
			h.Raw(` `, esc(name), `="`)
			h.Text(value)
			h.Raw(`"`)
		case bool:
			if value {
				h.Raw(` `, esc(name))
			}
		default:
			h.err = errors.Join(h.err, fmt.Errorf("attribute %s is neither a text nor a bool", name))
		}
	}
}

// Raw writes markup as it is.
func (h *Hand) Raw(parts ...string) {
	for _, part := range parts {
		h.buf = append(h.buf, part...)
	}
}

// Text writes a text, escaped.
func (h *Hand) Text(s string) { h.buf = append(h.buf, esc(s)...) }

// Now is the time at which the page is written.
func (h *Hand) Now() time.Time { return h.now }

// Number writes a whole number as digits.
func (h *Hand) Number(n int) { h.buf = strconv.AppendInt(h.buf, int64(n), 10) }

// Icon writes what Icon draws.
func (h *Hand) Icon(name IconName) { h.Raw(string(icons().regular[name])) }

// IconSmall writes what IconSmall draws.
func (h *Hand) IconSmall(name IconName) { h.Raw(string(icons().small[name])) }

// Badge writes what Badge draws.
func (h *Hand) Badge(tone Tone, label string) {
	h.Raw(`<span class="`, tone.class("badge"), `">`)
	h.Text(label)
	h.Raw(`</span>`)
}

// BadgeIcon writes what BadgeIcon draws.
func (h *Hand) BadgeIcon(tone Tone, icon IconName, label string) {
	h.Raw(`<span class="`, tone.class("badge"), `">`, string(icons().small[icon]))
	h.Text(label)
	h.Raw(`</span>`)
}

// Band writes what Band draws; coverage is a share between 0 and 1.
func (h *Hand) Band(band string, coverage float64) {
	h.Raw(string(bandFrom(bandSmall, band, coverage)))
}

// Answer writes what Answer draws.
func (h *Hand) Answer(value string) { h.Raw(string(answerFrom(answersFull, value))) }

// Disposition writes what Disposition draws.
func (h *Hand) Disposition(value string) { h.Raw(string(disposition(value))) }

// Time writes what Time shows: how long ago, or how soon.
func (h *Hand) Time(t time.Time) {
	h.buf = appendTime(h.buf, t, h.zone, ` data-rel`, Relative(t, h.now))
}

// Date writes what Date shows: a day.
func (h *Hand) Date(t time.Time) {
	h.buf = appendTime(h.buf, t, h.zone, ``, string(appendDay(nil, t.In(h.zone))))
}

// DueClock writes what DueClock shows: how long until something is due.
func (h *Hand) DueClock(due time.Time, state ClockState) {
	h.buf = appendClock(h.buf, due, h.zone, state, h.now)
}
