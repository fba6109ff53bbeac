package ui

import (
	"context"
	"encoding/xml"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

func html(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBandNeverStandsAlone(t *testing.T) {
	for _, band := range []string{"low", "elevated", "high", "critical", "none", "", "unheard-of"} {
		for _, coverage := range []float64{-1, 0, 0.12, 0.5, 0.9, 1, 7} {
			got := html(t, Band(band, coverage))
			if !strings.Contains(got, "known") || !strings.Contains(got, "%") || !strings.Contains(got, "<svg") {
				t.Errorf("Band(%q, %v) lacks a shape or its coverage: %s", band, coverage, got)
			}
		}
	}
}

// TestCoverageSaysOfWhat: in the head of a page in words, in a dense list on hover.
func TestCoverageSaysOfWhat(t *testing.T) {
	for name, got := range map[string]string{"large": html(t, BandLarge("low", 1)), "small": html(t, Band("low", 1))} {
		if !strings.Contains(strings.ToLower(got), "known of what is asked by now") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestLittleKnownLooksLikeNothingElse(t *testing.T) {
	thin, known := html(t, Band("low", 0.12)), html(t, Band("low", 0.9))
	if !strings.Contains(thin, "Low so far") || !strings.Contains(thin, "band-thin") {
		t.Errorf("12 %%: %s", thin)
	}
	if strings.Contains(known, "so far") || !strings.Contains(known, "band-known") {
		t.Errorf("90 %%: %s", known)
	}
	// Exactly at the limits, the better known side begins.
	if !strings.Contains(html(t, Band("low", CoverageThin)), "band-partial") || !strings.Contains(html(t, Band("low", CoverageSolid)), "band-known") {
		t.Error("the limits of coverage do not begin a level")
	}
}

func TestUnknownIsNotClear(t *testing.T) {
	for _, value := range []string{"", "maybe", "not-done", "not_done"} {
		if got := html(t, Answer(value)); !strings.Contains(got, "Not done") {
			t.Errorf("Answer(%q) = %s", value, got)
		}
	}
	if got := html(t, Answer("red_flag")); !strings.Contains(got, "Red flag") {
		t.Errorf("Answer(red_flag) = %s", got)
	}
}

func TestPercentIsHonest(t *testing.T) {
	for share, want := range map[float64]string{0: "0", 0.0001: "1", 0.124: "12", 0.5: "50", 0.9999: "99", 1: "100", 2: "100", -1: "0"} {
		if got := Percent(share); got != want+"\u00a0%" {
			t.Errorf("Percent(%v) = %q", share, got)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1\u202f000", 48211: "48\u202f211", -1234567: "−1\u202f234\u202f567"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q", n, got)
		}
	}
}

func TestRelative(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-10 * time.Second:    "just now",
		10 * time.Second:     "in a moment",
		-5 * time.Minute:     "5 min ago",
		12 * time.Minute:     "in 12 min",
		-3 * time.Hour:       "3 h ago",
		-30 * time.Hour:      "1 day ago",
		-4 * 24 * time.Hour:  "4 days ago",
		-40 * 24 * time.Hour: "13 Oct 2026",
	} {
		if got := Relative(now.Add(d), now); got != want {
			t.Errorf("Relative(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestTimesAreInTheViewersZone(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	ctx := WithZone(context.Background(), time.FixedZone("EET", 2*3600))
	var b strings.Builder
	if err := Date(at).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, ">23 Nov 2026<") || !strings.Contains(got, `datetime="2026-11-22T23:30:00Z"`) {
		t.Errorf("Date = %s", got)
	}
}

func TestDueClock(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		due   time.Duration
		state ClockState
		want  string
	}{
		{26 * time.Hour, ClockRunning, "Due in 26 h 0 min"},
		{50 * time.Hour, ClockRunning, "Due in 2 days"},
		{45 * time.Minute, ClockRunning, "Due in 45 min"},
		{-130 * time.Minute, ClockRunning, "Overdue by 2 h 10 min"},
		{-time.Hour, ClockDone, "Done"},
		{-time.Hour, ClockPaused, "Paused"},
	} {
		if _, _, got := clockFace(now.Add(c.due), c.state, now); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.due, c.state, got, c.want)
		}
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{"Ada Berg": "AB", "ines": "I", "": "?", "Éva O'Neil-Szabó": "ÉS", "李 文": "李文", "  ": "?"} {
		if got := Initials(name); got != want {
			t.Errorf("Initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEverythingIsEscaped(t *testing.T) {
	const bad = `<script>"x"</script>`
	for name, c := range map[string]templ.Component{
		"Text": Text(bad), "Badge": Badge(Info, bad), "BadgeOutline": BadgeOutline(bad), "BadgeIcon": BadgeIcon(Info, IconLock, bad),
		"Avatar": Avatar(bad), "AvatarName": AvatarName(bad), "Avatars": Avatars([]string{bad, bad}, 1),
		"Severity": Severity(bad), "Strength": Strength(bad), "Disposition": Disposition(bad), "Answer": Answer(bad), "Band": Band(bad, 1),
		"TimeIn": TimeIn(time.Now(), time.UTC, bad), "Input": Input(Field{Name: bad, Label: bad, Help: bad, Error: bad, Value: bad}),
	} {
		if got := html(t, c); strings.Contains(got, "<script") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestFieldTiesItsMessages(t *testing.T) {
	got := html(t, Input(Field{Name: "title", Label: "Title", Help: "h", Error: "e", Need: Required}))
	for _, want := range []string{`for="f-title"`, `id="f-title"`, `aria-describedby="f-title-help f-title-error"`, `aria-invalid="true"`, ` required`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if got := html(t, Input(Field{Name: "p", Type: TypePassword, Value: "secret"})); strings.Contains(got, "secret") {
		t.Error("a password is sent back")
	}
}

func TestConfirmNamesTheThing(t *testing.T) {
	got := html(t, MenuPost(Action{Label: "Revoke", Href: "/x", Confirm: "Revoke GitHub access of R. Lindqvist?"}))
	if !strings.Contains(got, `data-confirm="Revoke GitHub access of R. Lindqvist?"`) || !strings.Contains(got, `data-confirm-verb="Revoke"`) {
		t.Error(got)
	}
}

// The sprite and the Go names come from one list; a hand edit would part them.
func TestIconsAreInTheSprite(t *testing.T) {
	sprite, err := os.ReadFile("../../static/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range IconNames {
		if !strings.Contains(string(sprite), `<symbol id="`+string(name)+`"`) {
			t.Errorf("no symbol %s", name)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(string(sprite)))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingInlineInTheGallery(t *testing.T) {
	got := html(t, Gallery())
	for _, bad := range []string{" style=", "<style", "<script", " onclick", "javascript:"} {
		if strings.Contains(got, bad) {
			t.Errorf("the gallery contains %q, which the content policy forbids", bad)
		}
	}
}

func BenchmarkRow(b *testing.B) {
	row := []templ.Component{Text("Ada Berg"), Badge(Neutral, "Screening"), Band("low", 0.46), Icon(IconDots)}
	ctx := context.Background()
	for b.Loop() {
		for _, c := range row {
			if err := c.Render(ctx, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestBarsOfAChartShareOneScale: a bar twice as long is twice as many, whatever the rows are called, and the scale says
// how many that is.
func TestBarsOfAChartShareOneScale(t *testing.T) {
	rows := []BandRow{{Label: "Few", Counts: map[string]int{"low": 1, "high": 1}}, {Label: "Many", Counts: map[string]int{"low": 16}}, {Label: "None"}}
	got := html(t, BandStack("x", "People", rows))
	for _, want := range []string{`x="0.00%" width="5.00%"`, `x="5.00%" width="5.00%"`, `x="0.00%" width="80.00%"`, `<span>0</span><span>20</span>`} {
		if !strings.Contains(got, want) {
			t.Errorf("the chart lacks %s: %s", want, got)
		}
	}
	_, after, found := strings.Cut(got, "None: none")
	if bar, _, _ := strings.Cut(after, "</svg>"); !found || strings.Contains(bar, "fill-none") {
		t.Errorf("nobody is drawn as somebody not assessed: %s", bar)
	}
	got = html(t, BarList("Findings", []Bar{{Label: "Seldom", Value: 3}, {Label: "Often", Value: 12}}))
	for _, want := range []string{`width="20.00%"`, `width="80.00%"`, `<span>0</span><span>15</span>`} {
		if !strings.Contains(got, want) {
			t.Errorf("the list lacks %s: %s", want, got)
		}
	}
}

// TestAnActionHasOneClassAttribute: browsers drop the second of two.
func TestAnActionHasOneClassAttribute(t *testing.T) {
	a := Action{Label: "Keys", Attrs: templ.Attributes{"class": "js-only", "data-x": "1"}}
	for _, got := range []string{html(t, Button(a)), html(t, ButtonLink(a)), html(t, MenuLink(a))} {
		if strings.Count(got, "class=") != 1 || !strings.Contains(got, ` js-only"`) || !strings.Contains(got, `data-x="1"`) {
			t.Errorf("%s", got)
		}
	}
}
