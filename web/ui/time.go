package ui

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

type viewerKey struct{}

// WithZone keeps the viewer's time zone for every time shown on the page.
func WithZone(ctx context.Context, zone *time.Location) context.Context {
	return context.WithValue(ctx, viewerKey{}, zone)
}

func zoneOf(ctx context.Context) *time.Location {
	if zone, ok := ctx.Value(viewerKey{}).(*time.Location); ok && zone != nil {
		return zone
	}
	return time.UTC
}

// Time shows how long ago, or how soon, with the exact time and zone on hover.
// A zero time shows a dash.
func Time(t time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return writeTime(ctx, w, t, ` data-rel`, Relative(t, time.Now()))
	})
}

// DateTime shows the exact time in the viewer's zone: 22 Nov 2026, 14:03 CET.
func DateTime(t time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return writeTime(ctx, w, t, ``, string(appendExact(nil, t.In(zoneOf(ctx)))))
	})
}

// Date shows a day: 22 Nov 2026.
func Date(t time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return writeTime(ctx, w, t, ``, string(appendDay(nil, t.In(zoneOf(ctx)))))
	})
}

// TimeIn shows the exact time in the viewer's zone and, beside it, in another
// person's: where a call is arranged, both matter.
func TimeIn(t time.Time, zone *time.Location, whose string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if err := DateTime(t).Render(ctx, w); err != nil || zone == nil || t.IsZero() {
			return err
		}
		there := t.In(zone).Format("15:04 MST")
		_, err := io.WriteString(w, ` <span class="muted">(`+there+` for `+esc(whose)+`)</span>`)
		return err
	})
}

func writeTime(ctx context.Context, w io.Writer, t time.Time, attr, words string) error {
	_, err := w.Write(appendTime(make([]byte, 0, 128), t, zoneOf(ctx), attr, words))
	return err
}

// appendTime appends a time: for machines, exactly and with its zone on hover, and in the words given.
func appendTime(b []byte, t time.Time, zone *time.Location, attr, words string) []byte {
	if t.IsZero() {
		return append(b, `<span class="muted">–</span>`...)
	}
	b = append(b, `<time datetime="`...)
	b = t.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `" title="`...)
	b = appendExact(b, t.In(zone))
	b = append(b, '"')
	b = append(b, attr...)
	b = append(b, '>')
	b = append(b, words...)
	return append(b, `</time>`...)
}

// appendExact appends a time as 22 Nov 2026, 14:03 CET. It spells the parts itself, since a page has many.
func appendExact(b []byte, t time.Time) []byte {
	b = appendDay(b, t)
	hour, minute, _ := t.Clock()
	b = append(b, ',', ' ', digit(hour/10), digit(hour%10), ':', digit(minute/10), digit(minute%10), ' ')
	return t.AppendFormat(b, "MST")
}

// appendDay appends a day as 22 Nov 2026.
func appendDay(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	b = strconv.AppendInt(b, int64(day), 10)
	b = append(b, ' ')
	b = append(b, month.String()[:3]...)
	b = append(b, ' ')
	return strconv.AppendInt(b, int64(year), 10)
}

func digit(n int) byte { return '0' + byte(n) }

// Relative spells the distance between two times: "3 h ago", "in 12 min". From
// a week on it gives the day, since "17 days ago" helps nobody.
func Relative(t, now time.Time) string {
	d := now.Sub(t)
	future := d < 0
	if future {
		d = -d
	}
	switch {
	case d < time.Minute && !future:
		return "just now"
	case d < time.Minute:
		return "in a moment"
	case d >= 7*24*time.Hour:
		return string(appendDay(nil, t.UTC()))
	}
	if span := Span(d); future {
		return "in " + span
	} else {
		return span + " ago"
	}
}

// Span spells a duration in its largest unit: "5 min", "3 h", "2 days".
func Span(d time.Duration) string {
	switch {
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 24*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d < 48*time.Hour:
		return "1 day"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " days"
}

// clockSpan is finer than Span: a deadline in "3 h" may be 40 minutes off.
func clockSpan(d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d/time.Minute)%60
	switch {
	case hours >= 48:
		return Span(d)
	case hours == 0:
		return strconv.Itoa(minutes) + " min"
	}
	return strconv.Itoa(hours) + " h " + strconv.Itoa(minutes) + " min"
}

// ClockState says whether a deadline still runs.
type ClockState string

// The states of a DueClock.
const (
	ClockRunning ClockState = "running"
	ClockPaused  ClockState = "paused"
	ClockDone    ClockState = "done"
)

// clockSoon is when a running clock begins to look urgent.
const clockSoon = 2 * time.Hour

// DueClock shows how long until something is due, or by how much it is late.
// It ticks in the browser while it runs.
func DueClock(due time.Time, state ClockState) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := w.Write(appendClock(make([]byte, 0, 512), due, zoneOf(ctx), state, time.Now()))
		return err
	})
}

func appendClock(b []byte, due time.Time, zone *time.Location, state ClockState, now time.Time) []byte {
	if due.IsZero() {
		return append(b, `<span class="muted">No deadline</span>`...)
	}
	class, icon, words := clockFace(due, state, now)
	attr := ""
	if state == ClockRunning {
		attr = ` data-due`
	}
	b = append(b, `<span class="clock`...)
	b = append(b, class...)
	b = append(b, `">`...)
	b = append(b, icons().small[icon]...)
	b = appendTime(b, due, zone, attr, words)
	return append(b, `</span>`...)
}

func clockFace(due time.Time, state ClockState, now time.Time) (class string, icon IconName, words string) {
	left := due.Sub(now)
	switch {
	case state == ClockDone:
		return " clock-done", IconCircleCheck, "Done"
	case state == ClockPaused:
		return "", IconPlayerPause, "Paused"
	case left < 0:
		return " clock-over", IconAlertCircle, "Overdue by " + clockSpan(-left)
	case left < clockSoon:
		return " clock-soon", IconClock, "Due in " + clockSpan(left)
	}
	return "", IconClock, "Due in " + clockSpan(left)
}
