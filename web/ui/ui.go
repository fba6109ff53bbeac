// Package ui holds the parts that pages are made of: buttons, fields, tables,
// the marks of risk, clocks, charts. It knows how things look and what they
// say to a screen reader; it knows no feature, no permission and no address.
//
// Parts that appear in every row of a list (Text, Icon, Badge, Band, Answer,
// Time, Avatar) and around every page's content (PageHeader, Card, Tabs) are
// written in Go and append ready strings, because a template expression costs
// several times as much; all others are templates. Variants
// are typed constants. Everything is shown in all its states by Gallery.
package ui

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Tone says what kind of news something is. It chooses a colour, so the words
// beside it must say the same.
type Tone string

// The tones, from indifferent to grave.
const (
	Neutral Tone = ""
	Info    Tone = "info"
	Good    Tone = "good"
	Warn    Tone = "warn"
	High    Tone = "high"
	Bad     Tone = "bad"
)

// class gives "base" or "base base-tone".
func (t Tone) class(base string) string {
	if t == Neutral {
		return base
	}
	return base + " " + base + "-" + string(t)
}

// raw is markup that is already safe.
type raw string

// Render writes the markup.
func (m raw) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(m))
	return err
}

// text is a string still to be escaped.
type text string

// Render writes the escaped string.
func (t text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, esc(string(t)))
	return err
}

// Text writes a string, escaped. Use it in rows of long lists, where it costs
// a fraction of a template expression, and wherever a part wants a component.
func Text[S ~string](s S) templ.Component { return text(s) }

// Number writes a whole number with thin spaces between thousands.
func Number(n int) templ.Component { return raw(Thousands(n)) }

// Thousands spells a number with narrow no-break spaces: 12 480.
func Thousands(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString("\u202f")
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Percent spells a share between 0 and 1. It never rounds up to 100 %, nor
// down to 0 %: "all" and "nothing" must be true when they are written.
func Percent(share float64) string { return strconv.Itoa(percent(share)) + "\u00a0%" }

func percent(share float64) int {
	switch {
	case !(share > 0): // also NaN
		return 0
	case share >= 1:
		return 100
	}
	return min(99, max(1, int(share*100+0.5)))
}

// Plural gives "1 flag" or "3 flags".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// esc escapes for text and for attributes in double quotes.
// Most texts need no escaping, and one look tells.
func esc(s string) string {
	for i := range len(s) {
		if special[s[i]] {
			return templ.EscapeString(s)
		}
	}
	return s
}

// special are the characters that stand for something in markup.
var special = [256]bool{'&': true, '<': true, '>': true, '"': true, '\'': true}

// slug makes an element id out of words.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}
