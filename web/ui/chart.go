package ui

import (
	"math"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Bar is one line of a BarList.
type Bar struct {
	Label string
	Href  string // the list behind it; may be empty
	Value float64
	Shown string // the value in words; the number itself when empty
}

func (b Bar) shown() string {
	if b.Shown != "" {
		return b.Shown
	}
	return number(b.Value)
}

func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Thousands(int(v))
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// barTop is the upper end of the scale that the bars of one list share.
func barTop(bars []Bar) float64 {
	highest := 0.0
	for _, b := range bars {
		highest = math.Max(highest, b.Value)
	}
	return roundUp(highest)
}

// roundUp is a round number not below the value, for the end of a scale. A bar seldom reaches it, so that no bar looks
// like the whole of something.
func roundUp(highest float64) float64 {
	if highest <= 0 {
		return 1
	}
	step := math.Pow(10, math.Floor(math.Log10(highest)))
	for _, m := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10} {
		if m*step >= highest {
			return m * step
		}
	}
	return 10 * step
}

// BandRow is one bar of a BandStack: how many are in each band.
type BandRow struct {
	Label  string
	Href   string
	Counts map[string]int // by low, elevated, high, critical, none
	// Hrefs lead from each number of the table to its list, by band; may be nil.
	Hrefs map[string]string
}

func (r BandRow) total() int {
	sum := 0
	for _, band := range bandOrder {
		sum += r.Counts[band]
	}
	return sum
}

type segment struct {
	band     string
	x, width string
}

// rowTop is the upper end of the scale that the rows of one chart share.
func rowTop(rows []BandRow) float64 {
	highest := 0
	for _, r := range rows {
		highest = max(highest, r.total())
	}
	return roundUp(float64(highest))
}

// segments lay the row out on a scale up to top: a bar twice as long is twice as many people.
func (r BandRow) segments(top float64) []segment {
	var out []segment
	at := 0.0
	for _, band := range bandOrder {
		n := r.Counts[band]
		if n == 0 {
			continue
		}
		width := 100 * float64(n) / top
		out = append(out, segment{band, share(at), share(width)})
		at += width
	}
	return out
}

// says is the bar in words, for those who do not see it.
func (r BandRow) says() string {
	var parts []string
	for _, band := range bandOrder {
		if n := r.Counts[band]; n > 0 {
			parts = append(parts, Thousands(n)+" "+strings.ToLower(bandWords[band]))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func share(percent float64) string { return strconv.FormatFloat(percent, 'f', 2, 64) + "%" }

// bandPatterns make the bands tell apart without colour: plain, stripes one
// way, stripes both ways, dots. Ids must be unique on a page.
func bandPatterns(id string) templ.Component {
	pattern := func(band, body string) string {
		return `<pattern id="` + id + `-` + band + `" width="8" height="8" patternUnits="userSpaceOnUse">` + body + `</pattern>`
	}
	return raw(`<svg class="svg-defs" aria-hidden="true"><defs>` +
		pattern("elevated", `<path class="hatch" d="M-2 10L10 -2M-2 2L2 -2M6 10L10 6"/>`) +
		pattern("high", `<path class="hatch" d="M-2 10L10 -2M-2 2L2 -2M6 10L10 6M-2 -2L10 10"/>`) +
		pattern("critical", `<circle class="hatch-dot" cx="4" cy="4" r="1.6"/>`) +
		pattern("none", ``) + pattern("low", ``) + `</defs></svg>`)
}

// segmentRect draws one segment: its colour, then its pattern over it.
func segmentRect(id string, s segment) templ.Component {
	at := ` x="` + s.x + `" width="` + s.width + `" height="100%"`
	out := `<rect class="fill-` + s.band + `"` + at + `/>`
	if s.band != "low" && s.band != "none" {
		out += `<rect fill="url(#` + id + `-` + s.band + `)"` + at + `/>`
	}
	return raw(out)
}

// Series is one line of a LineChart.
type Series struct {
	Name   string
	Values []float64
}

// LineProps describes a chart over time: one label for each value.
type LineProps struct {
	Title  string
	Labels []string
	Series []Series
	Unit   string // "h", "%"; may be empty
}

// top is the upper end of the scale: a round number not below any value.
func (l LineProps) top() float64 {
	highest := 0.0
	for _, s := range l.Series {
		for _, v := range s.Values {
			highest = math.Max(highest, v)
		}
	}
	return roundUp(highest)
}

func (l LineProps) scale() []string {
	top := l.top()
	return []string{number(top), number(top / 2), "0"}
}

func (l LineProps) unit() string {
	if l.Unit == "" {
		return ""
	}
	return "\u00a0" + l.Unit
}

// points maps values into a box of 100 by 100 with the origin at the foot.
func points(values []float64, low, high float64) string {
	if len(values) == 0 || high <= low {
		return ""
	}
	var b strings.Builder
	for i, v := range values {
		x := 100.0
		if len(values) > 1 {
			x = 100 * float64(i) / float64(len(values)-1)
		}
		y := 100 - 100*(v-low)/(high-low)
		b.WriteString(strconv.FormatFloat(x, 'f', 2, 64) + "," + strconv.FormatFloat(y, 'f', 2, 64) + " ")
	}
	return strings.TrimSpace(b.String())
}

// Sparkline is a trend without axes; the number beside it is what is read.
func Sparkline(values []float64) templ.Component {
	if len(values) < 2 {
		return raw("")
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	if low == high {
		low, high = low-1, high+1
	}
	return raw(`<svg class="spark" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><polyline class="series" points="` +
		points(values, low, high) + `"/></svg>`)
}
