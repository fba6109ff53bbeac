package ui

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Below CoverageThin so little is known that a band is drawn dashed and
// colourless and says "so far"; from CoverageSolid on it is drawn filled.
const (
	CoverageThin  = 0.40
	CoverageSolid = 0.75
)

var bandWords = map[string]string{
	"low": "Low", "elevated": "Elevated", "high": "High", "critical": "Critical", "none": "Not assessed",
}

// bandOrder runs from calm to grave; none is what has not been assessed.
var bandOrder = []string{"low", "elevated", "high", "critical", "none"}

// bandShapes are circle, triangle, diamond, hexagon; a short line for none.
var bandShapes = map[string]string{
	"low":      `<circle cx="8" cy="8" r="5.5"/>`,
	"elevated": `<path d="M8 2.2l6 11.3H2z"/>`,
	"high":     `<path d="M8 1.5L14.5 8 8 14.5 1.5 8z"/>`,
	"critical": `<path d="M8 1.2l6 3.4v6.8l-6 3.4-6-3.4V4.6z"/>`,
	"none":     `<path d="M3 8h10"/>`,
}

func shape(body string) string {
	return `<svg viewBox="0 0 16 16" aria-hidden="true">` + body + `</svg>`
}

// bandSmall and bandLarge hold the markup of each band at each percentage, so
// that a row of a list costs one look-up.
var bandSmall, bandLarge = buildBands("band", ""), buildBands("band band-lg", " known of what is asked by now")

func buildBands(class, after string) map[string][]raw {
	all := map[string][]raw{}
	for _, band := range bandOrder {
		row := make([]raw, 101)
		for pct := range row {
			row[pct] = raw(bandMarkup(class, after, band, pct))
		}
		all[band] = row
	}
	return all
}

func bandMarkup(class, after, band string, pct int) string {
	word, known := bandWords[band], "partial"
	switch {
	case float64(pct) < CoverageThin*100:
		known = "thin"
		if band != "none" {
			word += " so far"
		}
	case float64(pct) >= CoverageSolid*100:
		known = "known"
	}
	n, hint := strconv.Itoa(pct), ""
	if after == "" {
		hint = ` title="Known of what is asked by now"`
		after = `<span class="visually-hidden"> known</span>`
	}
	return `<span class="` + class + ` band-` + band + ` band-` + known + `"><span class="band-mark">` +
		shape(bandShapes[band]) + word + `</span><span class="cover-ring"` + hint + `>` +
		`<svg viewBox="0 0 20 20" aria-hidden="true"><circle class="ring-all" cx="10" cy="10" r="8"/>` +
		`<circle class="ring-part" cx="10" cy="10" r="8" pathLength="100" stroke-dasharray="` + n + ` 100"/></svg>` +
		n + "\u00a0%" + after + `</span></span>`
}

func bandFrom(set map[string][]raw, band string, coverage float64) raw {
	row, ok := set[band]
	if !ok {
		row = set["none"]
	}
	return row[percent(coverage)]
}

// Band shows how risky (low, elevated, high, critical) and, always beside it,
// how much is known: coverage is a share between 0 and 1, of what the stages up
// to now ask for, so that 1 is not the end of asking. Any other band, such as the
// empty one, reads "Not assessed".
func Band[B ~string](band B, coverage float64) templ.Component {
	return bandFrom(bandSmall, string(band), coverage)
}

// BandLarge is Band for the head of a page.
func BandLarge[B ~string](band B, coverage float64) templ.Component {
	return bandFrom(bandLarge, string(band), coverage)
}

type answerMark struct{ word, shape string }

// flagShape is drawn rather than typed: fonts disagree about U+2691.
const flagShape = `<path d="M4 15V2M4 2.5c3-2 5.5 2 8.5 0v6.5c-3 2-5.5-2-8.5 0"/>`

var answerMarks = map[string]answerMark{
	"clear":    {"Clear", `<path d="M3 8.5l3.5 3.5L13 4.5"/>`},
	"concern":  {"Concern", `<path d="M8 2.5v7M8 13v.2"/>`},
	"red-flag": {"Red flag", flagShape},
	"not-done": {"Not done", `<path d="M4 8h8"/>`},
}

var answersFull, answersGlyph = buildAnswers("%"), buildAnswers(`<span class="visually-hidden">%</span>`)

func buildAnswers(label string) map[string]raw {
	all := map[string]raw{}
	for value, m := range answerMarks {
		title := ""
		if label != "%" {
			title = ` title="` + m.word + `"`
		}
		all[value] = raw(`<span class="answer answer-` + value + `"` + title + `><i>` + shape(m.shape) + `</i>` +
			strings.Replace(label, "%", m.word, 1) + `</span>`)
	}
	return all
}

func answerFrom(set map[string]raw, value string) raw {
	if m, ok := set[strings.ReplaceAll(value, "_", "-")]; ok {
		return m
	}
	return set["not-done"]
}

// Answer shows the answer to a check (clear, concern, red-flag, not-done) as
// glyph and word. Anything else reads "Not done".
func Answer[A ~string](value A) templ.Component { return answerFrom(answersFull, string(value)) }

// AnswerGlyph shows the glyph alone, the word for screen readers and on hover.
func AnswerGlyph[A ~string](value A) templ.Component {
	return answerFrom(answersGlyph, string(value))
}

// Disposition shows what became of a flag: open (filled), explained (outlined
// and struck), confirmed (double). Noted and taken back ask for nothing and are
// plain words.
func Disposition[D ~string](value D) templ.Component { return disposition(string(value)) }

func disposition(value string) raw {
	if drawn, ok := dispositions[value]; ok {
		return drawn
	}
	return raw(esc(value))
}

var dispositions = map[string]raw{
	"open":       raw(dispositionMark("open", "Open", flagShape)),
	"explained":  raw(dispositionMark("explained", "Explained", answerMarks["clear"].shape)),
	"confirmed":  raw(dispositionMark("confirmed", "Confirmed", flagShape)),
	"noted":      badge(Neutral, "Noted"),
	"taken back": badge(Neutral, "Taken back"),
}

func dispositionMark(value, word, mark string) string {
	return `<span class="dispo dispo-` + value + `">` + shape(mark) + `<span>` + word + `</span></span>`
}

// Strength shows how much a check proves: weak, moderate, strong, decisive.
func Strength[S ~string](value S) templ.Component { return strengths.at(string(value)) }

// Severity shows how grave a signal or alert is: info, low, medium, high,
// critical.
func Severity[S ~string](value S) templ.Component { return severities.at(string(value)) }

// levels are the steps of a scale, each drawn once.
type levels struct {
	steps []string
	drawn map[string]raw
}

func (l levels) at(value string) raw {
	if drawn, ok := l.drawn[value]; ok {
		return drawn
	}
	return level(value, l.steps, Neutral)
}

func drawLevels(tones map[string]Tone, steps ...string) levels {
	l := levels{steps: steps, drawn: map[string]raw{}}
	for _, step := range steps {
		l.drawn[step] = level(step, steps, tones[step])
	}
	return l
}

var (
	strengths  = drawLevels(nil, "weak", "moderate", "strong", "decisive")
	severities = drawLevels(map[string]Tone{"medium": Warn, "high": High, "critical": Bad}, "low", "medium", "high", "critical")
)

// level draws as many bars as the value has steps, with its word. A value
// below the first step, such as "info", has no bar.
func level(value string, steps []string, tone Tone) raw {
	var b strings.Builder
	b.WriteString(`<span class="` + tone.class("level") + `"><svg viewBox="0 0 22 12" aria-hidden="true">`)
	reached := 0
	for i, step := range steps {
		if step == value {
			reached = i + 1
		}
	}
	for i := range steps {
		on := ""
		if i < reached {
			on = ` class="on"`
		}
		height := 3 + 3*i
		b.WriteString(`<rect` + on + ` x="` + strconv.Itoa(6*i) + `" y="` + strconv.Itoa(12-height) +
			`" width="4" height="` + strconv.Itoa(height) + `" rx="1"/>`)
	}
	b.WriteString(`</svg>` + esc(sentence(value)) + `</span>`)
	return raw(b.String())
}

// sentence gives "not-done" as "Not done".
func sentence(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "-", " "), "_", " ")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Badge is a short word on a tint: a stage, a level, a state.
func Badge(tone Tone, label string) templ.Component { return badge(tone, label) }

func badge(tone Tone, label string) raw {
	return raw(`<span class="` + tone.class("badge") + `">` + esc(label) + `</span>`)
}

// BadgeOutline is a badge without colour, for facts that are no news.
func BadgeOutline(label string) templ.Component {
	return raw(`<span class="badge badge-outline">` + esc(label) + `</span>`)
}

// BadgeIcon is a badge that begins with an icon.
func BadgeIcon(tone Tone, icon IconName, label string) templ.Component {
	return raw(`<span class="` + tone.class("badge") + `">` + string(icons().small[icon]) + esc(label) + `</span>`)
}
