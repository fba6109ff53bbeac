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

const (
	dayLayout   = "2 Jan 2006"
	exactLayout = "2 Jan 2006, 15:04 MST"
)

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
		return writeTime(ctx, w, t, ``, t.In(zoneOf(ctx)).Format(exactLayout))
	})
}

// Date shows a day: 22 Nov 2026.
func Date(t time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return writeTime(ctx, w, t, ``, t.In(zoneOf(ctx)).Format(dayLayout))
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
	if t.IsZero() {
		_, err := io.WriteString(w, `<span class="muted">–</span>`)
		return err
	}
	local := t.In(zoneOf(ctx))
	buf := make([]byte, 0, 128)
	buf = append(buf, `<time datetime="`...)
	buf = t.UTC().AppendFormat(buf, time.RFC3339)
	buf = append(buf, `" title="`...)
	buf = local.AppendFormat(buf, exactLayout)
	buf = append(buf, '"')
	buf = append(buf, attr...)
	buf = append(buf, '>')
	buf = append(buf, words...)
	buf = append(buf, `</time>`...)
	_, err := w.Write(buf)
	return err
}

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
		return t.UTC().Format(dayLayout)
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
		if due.IsZero() {
			_, err := io.WriteString(w, `<span class="muted">No deadline</span>`)
			return err
		}
		class, icon, words := clockFace(due, state, time.Now())
		attr := ""
		if state == ClockRunning {
			attr = ` data-due`
		}
		open := `<span class="clock` + class + `">` + string(icons().small[icon])
		if _, err := io.WriteString(w, open); err != nil {
			return err
		}
		if err := writeTime(ctx, w, due, attr, words); err != nil {
			return err
		}
		_, err := io.WriteString(w, `</span>`)
		return err
	})
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
